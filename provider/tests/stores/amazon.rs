//! What Amazon's own S3 answers and moto does not: as its documentation says.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use terraform_provider_mlops::checkpoint::store::{
    Precondition, Store, StoreError, bucket_is_versioned, chain, object_exists,
};
use terraform_provider_mlops::google::api::RetryPolicy;

use crate::world::{minute, s3_clients, s3_url};

/// A server that answers the requests, counted from 1, as told.
struct Amazon {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Amazon {
    async fn start(answer: impl Fn(usize, &Request) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        let app = Router::new().fallback(move |request: Request| {
            let response = answer(counter.fetch_add(1, Ordering::SeqCst) + 1, &request);
            async move { response }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, requests, task }
    }

    fn store(&self) -> Store {
        Store::open(&self.url("").parse().unwrap(), &s3_clients(None, RetryPolicy::TRANSIENT))
    }

    fn url(&self, prefix: &str) -> String {
        s3_url(&format!("http://{}", self.address), "test-data", prefix)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Amazon {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn error(status: u16, code: &str, message: &str, more: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    );
    Response::builder().status(status).header("content-type", "application/xml").body(body.into()).unwrap()
}

fn empty(status: u16, headers: &[(&'static str, &'static str)]) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(axum::body::Body::empty()).unwrap()
}

async fn write(store: &Store) -> Result<(), StoreError> {
    store.write(&minute(), "a.json", "{}", "application/json", &Precondition::Absent).await.map(drop)
}

#[track_caller]
fn is_elsewhere(error: &StoreError, region: Option<&str>) {
    let StoreError::WrongRegion { expected, used, .. } = error else { panic!("{error:?}") };
    assert_eq!((expected.as_deref(), used.as_str()), (region, "eu-west-1"));
    assert!(chain(error).contains("the bucket s3://test-data is not in the region eu-west-1"), "{error}");
    if let Some(region) = region {
        assert!(chain(error).contains(&format!("write ?region={region} in the address")), "{error}");
    }
}

#[tokio::test]
async fn a_bucket_in_another_region_is_told_with_its_region() {
    let header = Amazon::start(|_, _| {
        let mut moved = error(301, "PermanentRedirect", "The bucket is in this region: us-west-2.", "");
        moved.headers_mut().insert("x-amz-bucket-region", "us-west-2".parse().unwrap());
        moved
    });
    is_elsewhere(&write(&header.await.store()).await.unwrap_err(), Some("us-west-2"));

    let malformed = Amazon::start(|_, _| {
        let message = "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-west-2'";
        error(400, "AuthorizationHeaderMalformed", message, "<Region>us-west-2</Region>")
    });
    is_elsewhere(&malformed.await.store().read(&minute(), "a.json").await.unwrap_err(), Some("us-west-2"));

    let silent = Amazon::start(|_, _| error(301, "PermanentRedirect", "Use the specified endpoint.", ""));
    is_elsewhere(&silent.await.store().list(&minute(), "phases").await.unwrap_err(), None);
}

#[tokio::test]
async fn a_look_for_an_object_in_another_region_is_told_with_its_region() {
    // The answer to a HEAD has no body: all it says is in the header.
    for status in [301, 400] {
        let amazon = Amazon::start(move |_, _| empty(status, &[("x-amz-bucket-region", "us-west-2")])).await;
        let url = amazon.url("/a.json").parse().unwrap();
        let refused = object_exists(&minute(), &s3_clients(None, RetryPolicy::NEVER), &url).await.unwrap_err();
        is_elsewhere(&refused, Some("us-west-2"));
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let failures = |number: usize| match number {
        1 => error(503, "SlowDown", "Please reduce your request rate.", ""),
        2 => error(409, "ConditionalRequestConflict", "A conflicting operation occurred.", ""),
        3 => error(500, "InternalError", "We encountered an internal error. Please try again.", ""),
        _ => empty(200, &[("etag", "\"1\"")]),
    };
    let amazon = Amazon::start(move |number, _| failures(number)).await;
    write(&amazon.store()).await.unwrap();
    assert_eq!(amazon.requests(), 4);
}

#[tokio::test]
async fn a_failure_that_took_effect_is_no_conflict() {
    // The write is done, and the answer says that it failed.
    let amazon = Amazon::start(|number, request| match (number, request.method().as_str()) {
        (1, _) => error(500, "InternalError", "We encountered an internal error.", ""),
        (_, "PUT") => error(412, "PreconditionFailed", "At least one of the conditions did not hold", ""),
        _ => Response::builder().header("etag", "\"1\"").body("{}".into()).unwrap(),
    });
    write(&amazon.await.store()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let amazon = Amazon::start(|_, _| error(403, "AccessDenied", "Access Denied", "")).await;
    write(&amazon.store()).await.unwrap_err();
    assert_eq!(amazon.requests(), 1);
}

#[tokio::test]
async fn a_store_without_conditions_is_refused() {
    let amazon = Amazon::start(|_, _| {
        error(501, "NotImplemented", "A header you provided implies functionality that is not implemented.", "")
    });
    let refused = write(&amazon.await.store()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unconditional { .. }), "{refused:?}");
    assert!(chain(&refused).contains("If-Match and If-None-Match"), "{}", chain(&refused));
}

#[tokio::test]
async fn only_a_bucket_with_versioning_switched_on_keeps_versions() {
    for (status, kept) in [("<Status>Enabled</Status>", true), ("<Status>Suspended</Status>", false), ("", false)] {
        let body = format!(
            "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{status}</VersioningConfiguration>"
        );
        let amazon = Amazon::start(move |_, _| body.clone().into_response()).await;
        let clients = s3_clients(None, RetryPolicy::NEVER);
        let versioned = bucket_is_versioned(&minute(), &clients, &amazon.url("").parse().unwrap()).await.unwrap();
        assert_eq!(versioned, kept, "{status}");
    }
}

#[tokio::test]
async fn all_pages_of_a_list_are_read() {
    let amazon = Amazon::start(|_, request| {
        let query = request.uri().query().unwrap_or_default();
        let (key, more) = if query.contains("continuation-token=next") {
            ("2.json", "<IsTruncated>false</IsTruncated>")
        } else {
            ("1.json", "<IsTruncated>true</IsTruncated><NextContinuationToken>next</NextContinuationToken>")
        };
        let body = format!(
            "<ListBucketResult><Name>test-data</Name>{more}<Contents><Key>phases/</Key><ETag>\"0\"</ETag></Contents><Contents><Key>phases/{key}</Key><ETag>\"1\"</ETag></Contents></ListBucketResult>"
        );
        ([("content-type", "application/xml")], body).into_response()
    })
    .await;
    let listed = amazon.store().list(&minute(), "phases").await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["phases/1.json", "phases/2.json"]);
}

#[tokio::test]
async fn a_store_without_conditional_removal_is_looked_at_first() {
    let amazon = Amazon::start(|_, request| match request.method().as_str() {
        "DELETE" if request.headers().contains_key("if-match") => {
            error(501, "NotImplemented", "A header you provided implies functionality that is not implemented.", "")
        }
        "DELETE" => empty(204, &[]),
        _ => Response::builder().header("etag", "\"1\"").body("{}".into()).unwrap(),
    })
    .await;
    let found = amazon.store().read(&minute(), "a.json").await.unwrap().unwrap();
    amazon.store().delete(&minute(), "a.json", &found.version).await.unwrap();
    assert_eq!(amazon.requests(), 4);
}
