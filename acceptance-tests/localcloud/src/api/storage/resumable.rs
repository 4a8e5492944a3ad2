//! Resumable uploads: a call that begins one gets an address, and the bytes go there in as many calls as it takes.
//!
//! What the first call wanted, name and conditions and metadata, holds until the last byte is there.
//! Facts: <https://cloud.google.com/storage/docs/performing-resumable-uploads>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::object::{self, Target};
use super::upload::Upload;
use super::{HOST, invalid, is_continued};
use crate::call::{Body, Call, Outcome, Reply, Request};
use crate::error::ApiError;
use crate::route::Api;

const UPLOAD: &str = "/upload/storage/v1/b/{bucket}/o";
/// Parts of an upload, except the last, are kept in multiples of this.
const UNIT: usize = 256 * 1024;

/// The uploads that were begun, by the id in their address. They are forgotten when the program ends, as real ones are after a week.
type Sessions = BTreeMap<String, Session>;

/// One upload.
#[derive(Debug)]
struct Session {
    /// The call that began it.
    begun: Request,
    target: Target,
    metadata: Option<Value>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// These bytes are there, from the first on.
    Open(Vec<u8>),
    /// It has become this object.
    Done(Value),
    Cancelled,
}

/// What a `Content-Range` says of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentRange {
    /// There is none: what has arrived?
    Nothing { total: Option<usize> },
    /// It begins with this byte; how many the whole has may not be known yet.
    From { first: usize, total: Option<usize> },
}

/// Adds uploads to the API, whole and in parts.
pub(super) fn serve(api: Api) -> Api {
    let sessions: Arc<Mutex<Sessions>> = Arc::default();
    let with = |answer: fn(&mut Sessions, &mut Call<'_>) -> Outcome| {
        let sessions = Arc::clone(&sessions);
        move |call: &mut Call<'_>| answer(&mut sessions.lock().unwrap_or_else(PoisonError::into_inner), call)
    };
    api.on("POST", UPLOAD, with(insert)).on("PUT", UPLOAD, with(go_on)).on("DELETE", UPLOAD, with(cancel))
}

fn insert(sessions: &mut Sessions, call: &mut Call<'_>) -> Outcome {
    if is_continued(call.request) {
        return go_on(sessions, call);
    }
    match call.query("uploadType") {
        Some("resumable") => begin(sessions, call),
        _ => object::insert(call),
    }
}

/// Begins an upload.
fn begin(sessions: &mut Sessions, call: &mut Call<'_>) -> Outcome {
    object::check_own_key(call)?;
    let metadata = call.request.json.clone();
    let target = object::target(call, metadata.as_ref())?;
    object::check_target(call, &target)?;
    let id = call.world.uuid();
    let address = format!(
        "http://{}/{HOST}{}?uploadType=resumable&name={}&upload_id={id}",
        call.request.header("host").unwrap_or_default(),
        call.request.raw_path,
        object::encode(&target.name),
    );
    let begun = Request { body: Bytes::new(), ..call.request.clone() };
    sessions.insert(id.clone(), Session { begun, target, metadata, state: State::Open(Vec::new()) });
    let headers = vec![("location".into(), address), ("x-guploader-uploadid".into(), id)];
    Ok(Reply { status: 200, body: Body::Empty, headers })
}

/// Takes more bytes, or says which are there.
fn go_on(sessions: &mut Sessions, call: &mut Call<'_>) -> Outcome {
    let id = call.query("uploadId").unwrap_or_default();
    let request = call.request;
    let session = sessions.get_mut(id).ok_or_else(unknown)?;
    let bytes = match &mut session.state {
        State::Done(object) => return Ok(Reply::json(object.clone())),
        State::Cancelled => return Ok(cancelled()),
        State::Open(bytes) => bytes,
    };
    if !take(bytes, request.header("content-range"), &request.body)? {
        return Ok(incomplete(request, bytes.len()));
    }
    let media = Bytes::from(std::mem::take(bytes));
    let content_type = session.begun.header("x-upload-content-type").map(ToOwned::to_owned);
    let upload = Upload { metadata: session.metadata.clone(), content_type, media };
    let (begun, target) = (session.begun.clone(), session.target.clone());
    let params = BTreeMap::from([("bucket".to_owned(), target.bucket.clone())]);
    let digests = request.header("x-goog-hash");
    let made = object::create(&mut call.another(&begun, params), &target, upload, digests);
    match (made, sessions.get_mut(id)) {
        (Ok(object), Some(session)) => {
            session.state = State::Done(object.clone());
            Ok(Reply::json(object))
        }
        (Ok(object), None) => Ok(Reply::json(object)),
        (Err(refusal), _) => {
            sessions.remove(id);
            Err(refusal)
        }
    }
}

/// Ends an upload before its last byte.
fn cancel(sessions: &mut Sessions, call: &mut Call<'_>) -> Outcome {
    let id = call.query("uploadId").unwrap_or_default();
    let session = sessions.get_mut(id).ok_or_else(unknown)?;
    session.state = State::Cancelled;
    Ok(cancelled())
}

/// Adds what of a body is new; true when the last byte is there.
fn take(bytes: &mut Vec<u8>, range: Option<&str>, body: &[u8]) -> Result<bool, ApiError> {
    let range = match range {
        Some(text) => parse(text, body.len()).ok_or_else(|| invalid(format!("Invalid Content-Range: {text}")))?,
        None => ContentRange::From { first: 0, total: Some(body.len()) },
    };
    let (first, total) = match range {
        ContentRange::Nothing { total } => return Ok(total == Some(bytes.len())),
        ContentRange::From { first, total } => (first, total),
    };
    let is_last = total == Some(first + body.len());
    // What came already is not taken twice; behind a gap nothing is taken.
    let Some(fresh) = bytes.len().checked_sub(first).and_then(|known| body.get(known..)) else { return Ok(false) };
    let kept =
        if is_last { fresh.len() } else { ((bytes.len() + fresh.len()) / UNIT * UNIT).saturating_sub(bytes.len()) };
    bytes.extend_from_slice(&fresh[..kept.min(fresh.len())]);
    Ok(is_last)
}

/// `bytes FIRST-LAST/TOTAL`, `bytes */TOTAL`; a total that is not known is `*`. `None`: it is not written so, or not of this body.
fn parse(text: &str, length: usize) -> Option<ContentRange> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    if range == "*" {
        return (length == 0).then_some(ContentRange::Nothing { total });
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    let fits = last.checked_sub(first)?.checked_add(1)? == length && total.is_none_or(|total| last < total);
    fits.then_some(ContentRange::From { first, total })
}

/// 308, or what a client wants in its place: the number means something else by now.
fn incomplete(request: &Request, there: usize) -> Reply {
    let mut headers = Vec::new();
    if there > 0 {
        headers.push(("range".into(), format!("bytes=0-{}", there - 1)));
    }
    let status = if request.header("x-guploader-no-308") == Some("yes") {
        headers.push(("x-http-status-code-override".into(), "308".to_owned()));
        200
    } else {
        308
    };
    Reply { status, body: Body::Empty, headers }
}

fn cancelled() -> Reply {
    Reply { status: 499, body: Body::Empty, headers: Vec::new() }
}

fn unknown() -> ApiError {
    ApiError::storage(404, "notFound", "The upload session does not exist: it ended, or the program was restarted.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_protocol() {
        assert_eq!(parse("bytes 0-3/8", 4), Some(ContentRange::From { first: 0, total: Some(8) }));
        assert_eq!(parse("bytes 4-7/*", 4), Some(ContentRange::From { first: 4, total: None }));
        assert_eq!(parse("bytes */8", 0), Some(ContentRange::Nothing { total: Some(8) }));
        assert_eq!(parse("bytes */*", 0), Some(ContentRange::Nothing { total: None }));
        for (wrong, length) in
            [("bytes 0-3/8", 3), ("bytes 0-3/2", 4), ("bytes */8", 1), ("0-3/8", 4), ("bytes 3-0/8", 4)]
        {
            assert_eq!(parse(wrong, length), None, "{wrong}");
        }
    }

    #[test]
    fn only_whole_units_are_kept_of_a_part_that_is_not_the_last() {
        let mut there = Vec::new();
        let body = vec![1; UNIT + 10];
        assert_eq!(take(&mut there, Some(&format!("bytes 0-{}/*", UNIT + 9)), &body), Ok(false));
        assert_eq!(there.len(), UNIT);
        let rest = format!("bytes {UNIT}-{}/{}", UNIT + 9, UNIT + 10);
        assert_eq!(take(&mut there, Some(&rest), &body[UNIT..]), Ok(true));
        assert_eq!(there.len(), UNIT + 10);
    }

    #[test]
    fn what_came_already_is_not_taken_twice() {
        let mut there = vec![7; UNIT];
        let last = format!("bytes 0-{}/{}", UNIT, UNIT + 1);
        assert_eq!(take(&mut there, Some(&last), &vec![8; UNIT + 1]), Ok(true));
        assert_eq!((there[0], there[UNIT], there.len()), (7, 8, UNIT + 1));
    }

    #[test]
    fn behind_a_gap_nothing_is_taken() {
        let mut there = Vec::new();
        assert_eq!(take(&mut there, Some("bytes 4-7/8"), &[0; 4]), Ok(false));
        assert!(there.is_empty());
    }
}
