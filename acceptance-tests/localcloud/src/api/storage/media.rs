//! The bytes of an object as an answer: all of them, or the range that is asked for. Both APIs of Cloud Storage answer so; they differ in the
//! etag, and in how they write that a range cannot be had.
//!
//! Facts: <https://cloud.google.com/storage/docs/xml-api/reference-headers> and <https://cloud.google.com/storage/docs/transcoding#range>.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::HOST;
use crate::call::{Body, Call, Reply};

/// No byte of the object is in the range that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsatisfiable {
    /// How many bytes the object has.
    size: usize,
}

impl Unsatisfiable {
    /// 416, with a body in the words of the API.
    pub(super) fn reply(self, body: Body) -> Reply {
        let size = format!("bytes */{}", self.size);
        Reply { status: 416, body, headers: vec![("content-range".into(), size)] }
    }
}

/// The bytes of the object that is stored at `path`.
pub(super) fn bytes(call: &Call<'_>, path: &str) -> Bytes {
    let object = call.world.state.objects.get(HOST).and_then(|objects| objects.get(path));
    let media = object.and_then(|object| object.media.as_deref()).unwrap_or_default();
    Bytes::from(STANDARD.decode(media).unwrap_or_default())
}

/// The object at `path`, whose metadata is `object`, as an answer.
pub(super) fn reply(call: &Call<'_>, path: &str, object: &Value, etag: String) -> Result<Reply, Unsatisfiable> {
    let bytes = bytes(call, path);
    let size = bytes.len();
    let mut headers = headers(object, size);
    headers.push(("etag".into(), etag));
    let content_type = object["contentType"].as_str().unwrap_or("application/octet-stream").to_owned();
    let wanted = match call.request.header("range") {
        Some(header) => range(header, size)?,
        None => None,
    };
    let Some(part) = wanted else {
        return Ok(Reply { status: 200, body: Body::Bytes(bytes, content_type), headers });
    };
    headers.push(("content-range".into(), format!("bytes {}-{}/{size}", part.start, part.end - 1)));
    Ok(Reply { status: 206, body: Body::Bytes(bytes.slice(part), content_type), headers })
}

fn headers(object: &Value, size: usize) -> Vec<(Cow<'static, str>, String)> {
    let text = |field: &str| object[field].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let mut headers: Vec<(Cow<'static, str>, String)> = vec![
        ("accept-ranges".into(), "bytes".to_owned()),
        ("cache-control".into(), text("cacheControl").unwrap_or_else(|| "private, max-age=0".to_owned())),
        ("x-goog-stored-content-encoding".into(), text("contentEncoding").unwrap_or_else(|| "identity".to_owned())),
        ("x-goog-stored-content-length".into(), size.to_string()),
    ];
    let fields = [
        ("x-goog-generation", "generation"),
        ("x-goog-metageneration", "metageneration"),
        ("x-goog-storage-class", "storageClass"),
        ("content-disposition", "contentDisposition"),
        ("content-encoding", "contentEncoding"),
        ("content-language", "contentLanguage"),
        ("x-goog-custom-time", "customTime"),
    ];
    headers.extend(fields.iter().filter_map(|(header, field)| Some(((*header).into(), text(field)?))));
    // A header for each hash, as Google sends them.
    for (name, field) in [("crc32c", "crc32c"), ("md5", "md5Hash")] {
        headers.extend(text(field).map(|hash| ("x-goog-hash".into(), format!("{name}={hash}"))));
    }
    let custom = object["metadata"].as_object().into_iter().flatten();
    headers.extend(custom.filter_map(|(key, value)| {
        Some((format!("x-goog-meta-{key}").to_lowercase().into(), value.as_str()?.to_owned()))
    }));
    headers
}

/// The bytes that a `Range` asks for. `None` is all of them: so is answered what is no single range of bytes.
fn range(header: &str, size: usize) -> Result<Option<Range<usize>>, Unsatisfiable> {
    let Some((first, last)) = header.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let numbers = (first.trim().parse::<usize>().ok(), last.trim().parse::<usize>().ok());
    let range = match numbers {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(count)) if first.trim().is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(Unsatisfiable { size }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_at_the_end_and_counts_from_there_without_a_first_byte() {
        assert_eq!(range("bytes=2-3", 10), Ok(Some(2..4)));
        assert_eq!(range("bytes=2-99", 10), Ok(Some(2..10)));
        assert_eq!(range("bytes=2-", 10), Ok(Some(2..10)));
        assert_eq!(range("bytes=-3", 10), Ok(Some(7..10)));
    }

    #[test]
    fn what_is_no_range_asks_for_everything() {
        for header in ["bytes=3-2", "bytes=0-1,4-5", "lines=1-2", "bytes=x-"] {
            assert_eq!(range(header, 10), Ok(None), "{header}");
        }
    }

    #[test]
    fn a_range_behind_the_end_cannot_be_had() {
        assert_eq!(range("bytes=10-", 10), Err(Unsatisfiable { size: 10 }));
        assert_eq!(range("bytes=0-", 0), Err(Unsatisfiable { size: 0 }));
    }
}
