//! Copies of objects, also of older versions over the live one: `rewriteTo`, which tools use, and `copyTo`.

use serde_json::{Value, json};

use super::object::{self, Target};
use super::upload::Upload;
use super::{find, invalid, media, number_matches, precondition_failed};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::route::Api;

const REWRITE: &str = "/storage/v1/b/{bucket}/o/{object}/rewriteTo/b/{toBucket}/o/{toObject}";
const COPY: &str = "/storage/v1/b/{bucket}/o/{object}/copyTo/b/{toBucket}/o/{toObject}";

pub(super) fn serve(api: Api) -> Api {
    // Everything fits into one call, so no token asks for a second.
    let rewrite = |call: &mut Call<'_>| {
        let object = copy(call)?;
        let size = object["size"].clone();
        Ok(Reply::json(json!({
            "kind": "storage#rewriteResponse",
            "totalBytesRewritten": size,
            "objectSize": size,
            "done": true,
            "resource": object,
        })))
    };
    api.on("POST", REWRITE, rewrite).on("POST", COPY, |call| -> Outcome { Ok(Reply::json(copy(call)?)) })
}

/// Copies a version, the live one unless `sourceGeneration` says another, and gives back the new object.
fn copy(call: &mut Call<'_>) -> Result<Value, ApiError> {
    find(call)?;
    let (path, source) = object::version(call, call.query("sourceGeneration"))?;
    for (parameter, field) in
        [("ifSourceGenerationMatch", "generation"), ("ifSourceMetagenerationMatch", "metageneration")]
    {
        if number_matches(call, parameter, &source, field)? == Some(false) {
            return Err(precondition_failed());
        }
    }
    let target = Target { bucket: call.param("toBucket").to_owned(), name: call.param("toObject").to_owned() };
    // Metadata that is sent takes the place of all that the source has.
    let sent = call.body()?;
    if sent.get("name").is_some_and(|name| name != target.name.as_str()) {
        return Err(invalid("The name in the body is not that of the destination object."));
    }
    let metadata = if sent.is_empty() { object::writable(&source) } else { sent };
    let upload =
        Upload { metadata: Some(Value::Object(metadata)), content_type: None, media: media::bytes(call, &path) };
    object::create(call, &target, upload, None)
}
