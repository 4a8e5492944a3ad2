//! Uploads in one call: the media alone, or JSON metadata and media as the two parts of a `multipart/related` body.

use bytes::Bytes;
use serde_json::Value;

use super::{invalid, is_continued};
use crate::call::Request;
use crate::error::ApiError;

/// What an upload carries.
#[derive(Debug)]
pub(super) struct Upload {
    /// The object's metadata, if it came with any.
    pub(super) metadata: Option<Value>,
    /// The content type of the media, if said.
    pub(super) content_type: Option<String>,
    /// The media.
    pub(super) media: Bytes,
}

/// The metadata of an upload: what a check of the request's form judges.
pub(crate) fn metadata(request: &Request) -> Result<Option<Value>, ApiError> {
    match request.query("uploadType") {
        _ if is_continued(request) => Ok(None),
        Some("resumable") if request.body.is_empty() => Ok(None),
        Some("resumable") => Ok(Some(json(&request.body)?)),
        _ => Ok(parse(request)?.metadata),
    }
}

/// Takes an upload apart.
pub(super) fn parse(request: &Request) -> Result<Upload, ApiError> {
    let content_type = request.header("content-type").map(ToOwned::to_owned);
    match request.query("uploadType").unwrap_or_default() {
        "media" => Ok(Upload { metadata: None, content_type, media: request.body.clone() }),
        "multipart" => multipart(request, content_type.as_deref().unwrap_or_default()),
        other => Err(invalid(format!("Invalid uploadType: {other}"))),
    }
}

fn multipart(request: &Request, content_type: &str) -> Result<Upload, ApiError> {
    let malformed = || invalid("Malformed multipart body.");
    let boundary = content_type
        .split(';')
        .map(str::trim)
        .find_map(|part| part.strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"'))
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(malformed)?;
    let delimiter = format!("--{boundary}");
    let mut parts = split(&request.body, delimiter.as_bytes()).into_iter().skip(1).take(2);
    let (_, metadata) = headers_and_body(parts.next().ok_or_else(malformed)?).ok_or_else(malformed)?;
    let (media_type, media) = headers_and_body(parts.next().ok_or_else(malformed)?).ok_or_else(malformed)?;
    Ok(Upload { metadata: Some(json(metadata)?), content_type: media_type, media: Bytes::copy_from_slice(media) })
}

fn json(text: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(text).map_err(|error| ApiError::storage(400, "parseError", format!("Parse Error: {error}")))
}

fn split<'a>(body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at + delimiter.len() <= body.len() {
        let at_line_start = at == 0 || body[at - 1] == b'\n';
        if at_line_start && &body[at..at + delimiter.len()] == delimiter {
            parts.push(&body[start..at]);
            at += delimiter.len();
            start = at;
        } else {
            at += 1;
        }
    }
    parts.push(&body[start..]);
    parts
}

/// The content type of a part, and its body without the line break before the next delimiter.
fn headers_and_body(part: &[u8]) -> Option<(Option<String>, &[u8])> {
    let (end, gap) = find(part, b"\r\n\r\n").map(|at| (at, 4)).or_else(|| find(part, b"\n\n").map(|at| (at, 2)))?;
    let content_type = String::from_utf8_lossy(&part[..end])
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.trim().to_owned());
    let body = &part[end + gap..];
    let body = body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n")).unwrap_or(body);
    Some((content_type, body))
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_found_and_the_media_is_untouched() {
        let body = "--b\r\nContent-Type: application/json\r\n\r\n{\"name\": \"x\"}\r\n--b\r\nContent-Type: text/plain\r\n\r\none\r\n--two\r\n--b--\r\n";
        let request = Request {
            query: vec![("uploadType".to_owned(), "multipart".to_owned())],
            headers: [("content-type".to_owned(), "multipart/related; boundary=b".to_owned())].into(),
            body: Bytes::from(body),
            ..Request::default()
        };
        let upload = parse(&request).expect("an upload");
        assert_eq!(upload.metadata, Some(serde_json::json!({"name": "x"})));
        assert_eq!(upload.content_type.as_deref(), Some("text/plain"));
        assert_eq!(&upload.media[..], b"one\r\n--two");
    }
}
