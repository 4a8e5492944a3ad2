//! The XML API: what Google's client libraries read objects with, such as Terraform's `gcs` backend does.

use reqwest::Response;
use serde_json::{Value, json};

use crate::world::Cloud;

const UP: &str = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=media&name=a%2Fb.json";
const OBJECT: &str = "a-bucket/a/b.json";

/// A bucket with versions, an object in it, and the object as the JSON API shows it.
async fn cloud() -> (Cloud, Value) {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"versioning": {"enabled": true}})).await;
    let object = cloud.raw("POST", UP, "application/json", "{\"x\": 1}").await.ok();
    (cloud, object)
}

async fn call(cloud: &Cloud, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let url = format!("{}/{path}", cloud.handle.url());
    let mut request = cloud.client().request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn status(cloud: &Cloud, headers: &[(&str, &str)]) -> u16 {
    call(cloud, "GET", OBJECT, headers).await.status().as_u16()
}

#[tokio::test]
async fn an_object_is_read_with_what_identifies_its_version() {
    let (cloud, object) = cloud().await;
    let answer = call(&cloud, "GET", OBJECT, &[]).await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-goog-generation"), object["generation"].as_str().unwrap());
    assert_eq!(header("x-goog-metageneration"), "1");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-length"), "8");
    assert_eq!(header("x-goog-stored-content-length"), "8");
    assert_eq!(header("x-goog-stored-content-encoding"), "identity");
    assert_eq!(header("x-goog-storage-class"), "STANDARD");
    let hashes: Vec<_> = answer.headers().get_all("x-goog-hash").iter().map(|hash| hash.to_str().unwrap()).collect();
    let text = |field: &str| object[field].as_str().unwrap();
    assert_eq!(hashes, [format!("crc32c={}", text("crc32c")), format!("md5={}", text("md5Hash"))]);
    assert_eq!(header("etag"), "\"27958648a9e57fcd66ae5e31ff3359e9\"");
    assert!(header("last-modified").ends_with(" GMT"), "{}", header("last-modified"));
    assert_eq!(answer.text().await.unwrap(), "{\"x\": 1}");
}

#[tokio::test]
async fn the_host_may_stand_in_front_as_for_any_api() {
    let (cloud, _) = cloud().await;
    let answer = call(&cloud, "GET", &format!("storage.googleapis.com/{OBJECT}"), &[]).await;
    assert_eq!(answer.text().await.unwrap(), "{\"x\": 1}");
}

#[tokio::test]
async fn a_slash_in_a_name_may_be_encoded() {
    let (cloud, _) = cloud().await;
    assert_eq!(call(&cloud, "GET", "a-bucket/a%2Fb.json", &[]).await.status(), 200);
}

#[tokio::test]
async fn the_json_api_needs_no_host_in_front_either() {
    let (cloud, object) = cloud().await;
    let read = call(&cloud, "GET", "storage/v1/b/a-bucket/o/a%2Fb.json", &[]).await.text().await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), object);
    let up = UP.trim_start_matches("storage.googleapis.com/");
    cloud.raw("POST", up, "text/plain", "2").await.ok();
    assert_eq!(cloud.get("download/storage/v1/b/a-bucket/o/a%2Fb.json?alt=media").await.text, "2");
}

#[tokio::test]
async fn a_name_that_looks_like_a_version_of_an_api_is_a_name() {
    let (cloud, _) = cloud().await;
    cloud.raw("POST", &UP.replace("a%2Fb.json", "v1%2Fx"), "text/plain", "v").await.ok();
    assert_eq!(call(&cloud, "GET", "a-bucket/v1/x", &[]).await.text().await.unwrap(), "v");
}

#[tokio::test]
async fn a_head_is_a_get_without_the_bytes() {
    let (cloud, object) = cloud().await;
    let answer = call(&cloud, "HEAD", OBJECT, &[]).await;
    assert_eq!(answer.headers()["content-length"], "8");
    assert_eq!(answer.headers()["x-goog-generation"], object["generation"].as_str().unwrap());
    assert_eq!(answer.text().await.unwrap(), "");
}

#[tokio::test]
async fn an_older_version_is_read_by_its_generation() {
    let (cloud, first) = cloud().await;
    cloud.raw("POST", UP, "application/json", "{}").await.ok();
    assert_eq!(call(&cloud, "GET", OBJECT, &[]).await.text().await.unwrap(), "{}");
    let path = format!("{OBJECT}?generation={}", first["generation"].as_str().unwrap());
    assert_eq!(call(&cloud, "GET", &path, &[]).await.text().await.unwrap(), "{\"x\": 1}");
    assert_eq!(call(&cloud, "GET", &format!("{OBJECT}?generation=7"), &[]).await.status(), 404);
}

#[tokio::test]
async fn a_missing_object_and_a_missing_bucket_are_told_apart_in_xml() {
    let (cloud, _) = cloud().await;
    let answer = call(&cloud, "GET", "a-bucket/none", &[]).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-type"], "application/xml; charset=UTF-8");
    assert_eq!(
        answer.text().await.unwrap(),
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>\
         <Details>No such object: a-bucket/none</Details></Error>"
    );
    let answer = call(&cloud, "GET", "no-bucket/none", &[]).await;
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("<Code>NoSuchBucket</Code>"));
}

#[tokio::test]
async fn a_condition_on_the_generation_holds_or_is_refused() {
    let (cloud, object) = cloud().await;
    let generation = object["generation"].as_str().unwrap();
    assert_eq!(status(&cloud, &[("x-goog-if-generation-match", generation)]).await, 200);
    assert_eq!(status(&cloud, &[("x-goog-if-generation-match", "0")]).await, 412);
    assert_eq!(status(&cloud, &[("x-goog-if-metageneration-match", "1")]).await, 200);
    assert_eq!(status(&cloud, &[("x-goog-if-metageneration-match", "2")]).await, 412);
    assert_eq!(status(&cloud, &[("x-goog-if-generation-match", "x")]).await, 400);
}

#[tokio::test]
async fn a_condition_on_the_etag_holds_or_is_refused() {
    let (cloud, _) = cloud().await;
    let etag = call(&cloud, "GET", OBJECT, &[]).await.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(status(&cloud, &[("if-match", &etag)]).await, 200);
    assert_eq!(status(&cloud, &[("if-match", "\"x\"")]).await, 412);
    assert_eq!(status(&cloud, &[("if-none-match", &etag)]).await, 304);
    assert_eq!(status(&cloud, &[("if-none-match", "\"x\"")]).await, 200);
}

#[tokio::test]
async fn a_condition_on_the_time_holds_or_is_refused() {
    let (cloud, _) = cloud().await;
    let (past, future) = ("Mon, 01 Jan 2001 00:00:00 GMT", "Tue, 01 Jan 2199 00:00:00 GMT");
    assert_eq!(status(&cloud, &[("if-modified-since", past)]).await, 200);
    assert_eq!(status(&cloud, &[("if-modified-since", future)]).await, 304);
    assert_eq!(status(&cloud, &[("if-unmodified-since", past)]).await, 412);
    assert_eq!(status(&cloud, &[("if-unmodified-since", future)]).await, 200);
}

#[tokio::test]
async fn a_range_behind_the_end_is_refused_in_xml() {
    let (cloud, _) = cloud().await;
    let part = call(&cloud, "GET", OBJECT, &[("range", "bytes=0-0")]).await;
    assert_eq!((part.status().as_u16(), part.text().await.unwrap()), (206, "{".to_owned()));
    let behind = call(&cloud, "GET", OBJECT, &[("range", "bytes=8-")]).await;
    assert_eq!(behind.headers()["content-range"], "bytes */8");
    assert!(behind.text().await.unwrap().contains("<Code>InvalidRange</Code>"));
}

#[tokio::test]
async fn metadata_of_the_callers_own_comes_as_headers() {
    let (cloud, _) = cloud().await;
    let path = "storage.googleapis.com/storage/v1/b/a-bucket/o/a%2Fb.json";
    cloud.patch(path, json!({"metadata": {"Colour": "red"}, "cacheControl": "no-store"})).await.ok();
    let answer = call(&cloud, "GET", OBJECT, &[]).await;
    assert_eq!(answer.headers()["x-goog-meta-colour"], "red");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn what_concerns_all_calls_concerns_these() {
    let (cloud, _) = cloud().await;
    let quota = call(&cloud, "GET", OBJECT, &[("x-goog-user-project", "nobodys-project")]).await;
    assert_eq!(quota.status(), 403);
    assert!(quota.text().await.unwrap().contains("<Code>AccessDenied</Code>"));
    let fault = json!({"match": {"host": "storage.googleapis.com", "path": "^/a-bucket/"}, "status": 503});
    cloud.post("_localcloud/faults", fault).await.ok();
    assert!(call(&cloud, "GET", OBJECT, &[]).await.text().await.unwrap().contains("<Code>ServiceUnavailable</Code>"));
    let last = cloud.handle.requests().pop().unwrap();
    assert_eq!((last.host.as_str(), last.path.as_str()), ("storage.googleapis.com", "/a-bucket/a/b.json"));
}

#[tokio::test]
async fn what_is_not_there_yet_says_so() {
    let (cloud, _) = cloud().await;
    for (method, path) in [("PUT", OBJECT), ("DELETE", OBJECT), ("GET", "a-bucket/"), ("GET", "a-bucket")] {
        let answer = call(&cloud, method, path, &[]).await;
        assert_eq!(answer.status(), 501, "{method} {path}");
        assert!(answer.text().await.unwrap().contains("<Code>NotImplemented</Code>"), "{method} {path}");
    }
    let key = [("x-goog-encryption-key", "a2V5")];
    assert_eq!(status(&cloud, &key).await, 501);
}
