//! Backend buckets: files of Cloud Storage behind a load balancer. Recorded in `compute-urlmap`.

use serde_json::{Value, json};

use super::link;
use super::resource::{Changes, Resource, defaults, show_users};
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;

/// The kind.
pub(super) struct BackendBucket;

impl Resource for BackendBucket {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/backendBuckets/{backendBucket}"
    }

    fn kind(&self) -> &'static str {
        "compute#backendBucket"
    }

    fn noun(&self) -> &'static str {
        "backend_bucket"
    }

    fn changes(&self) -> Changes {
        Changes::PatchAndPut
    }

    fn prepare(&self, _: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        if wanted.get("bucketName").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(link::invalid("Invalid value for field 'resource.bucketName': ''. It must be set."));
        }
        defaults(wanted, &[("enableCdn", json!(false))]);
        Ok(())
    }

    fn present(&self, call: &Call<'_>, name: &str, shown: &mut Value) {
        show_users(call, name, shown);
    }
}
