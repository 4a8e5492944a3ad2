//! Uploads in more than one call, as the client libraries do them with large objects; and what an upload promises of its bytes.

use reqwest::Response;
use serde_json::{Value, json};

use crate::world::Cloud;

const B: &str = "storage.googleapis.com/storage/v1/b/a-bucket";
const BEGIN: &str = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=resumable&name=a%2Fb.bin";
const UNIT: usize = 256 * 1024;

/// Begins an upload and returns where its bytes go.
async fn begin(cloud: &Cloud, query: &str, metadata: Value) -> String {
    let url = format!("{}/{BEGIN}{query}", cloud.handle.url());
    let request = cloud.client().post(url).header("x-upload-content-type", "application/x-state").json(&metadata);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn put(cloud: &Cloud, address: &str, range: &str, bytes: Vec<u8>, headers: &[(&str, &str)]) -> Response {
    let mut request = cloud.client().put(address).header("content-range", range).body(bytes);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn object(answer: Response) -> Value {
    assert_eq!(answer.status(), 200);
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let address = begin(&cloud, "", json!({"metadata": {"colour": "red"}})).await;
    let first = put(&cloud, &address, &format!("bytes 0-{}/*", UNIT - 1), vec![1; UNIT], &[]).await;
    assert_eq!(first.status(), 308);
    assert_eq!(first.headers()["range"], format!("bytes=0-{}", UNIT - 1));
    let last = put(&cloud, &address, &format!("bytes {UNIT}-{UNIT}/{}", UNIT + 1), vec![2], &[]).await;
    let object = object(last).await;
    assert_eq!(object["size"], (UNIT + 1).to_string());
    assert_eq!(object["name"], "a/b.bin");
    assert_eq!(object["contentType"], "application/x-state");
    assert_eq!(object["metadata"], json!({"colour": "red"}));
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.bin")).await.ok(), object);
}

#[tokio::test]
async fn a_client_that_does_not_want_308_gets_it_in_a_header() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let address = begin(&cloud, "", json!({})).await;
    let no_308 = [("x-guploader-no-308", "yes")];
    let answer = put(&cloud, &address, &format!("bytes 0-{}/*", UNIT - 1), vec![1; UNIT], &no_308).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-http-status-code-override"], "308");
}

#[tokio::test]
async fn an_upload_says_what_has_arrived() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let address = begin(&cloud, "", json!({})).await;
    let nothing = put(&cloud, &address, "bytes */*", Vec::new(), &[]).await;
    assert_eq!(nothing.status(), 308);
    assert!(nothing.headers().get("range").is_none());
    put(&cloud, &address, &format!("bytes 0-{}/*", UNIT + 4), vec![1; UNIT + 5], &[]).await;
    let some = put(&cloud, &address, "bytes */*", Vec::new(), &[]).await;
    assert_eq!(some.headers()["range"], format!("bytes=0-{}", UNIT - 1), "whole units are kept");
    object(put(&cloud, &address, &format!("bytes */{UNIT}"), Vec::new(), &[]).await).await;
    object(put(&cloud, &address, "bytes */*", Vec::new(), &[]).await).await;
}

#[tokio::test]
async fn a_condition_holds_until_the_last_byte() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let address = begin(&cloud, "&ifGenerationMatch=0", json!({})).await;
    let up = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=media&name=a%2Fb.bin";
    cloud.raw("POST", up, "text/plain", "another was faster").await.ok();
    assert_eq!(put(&cloud, &address, "bytes 0-0/1", vec![1], &[]).await.status(), 412);
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.bin?alt=media")).await.text, "another was faster");
    cloud.raw("POST", &format!("{BEGIN}&ifGenerationMatch=0"), "application/json", "{}").await.refused(412);
}

#[tokio::test]
async fn a_cancelled_upload_takes_nothing_more() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let address = begin(&cloud, "", json!({})).await;
    assert_eq!(cloud.client().delete(&address).send().await.unwrap().status(), 499);
    assert_eq!(put(&cloud, &address, "bytes 0-0/1", vec![1], &[]).await.status(), 499);
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.bin")).await.status, 404);
}

#[tokio::test]
async fn an_address_that_was_never_given_out_is_unknown() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    cloud.raw("PUT", &format!("{BEGIN}&upload_id=x"), "text/plain", "1").await.refused(404);
}

#[tokio::test]
async fn bytes_that_are_not_the_promised_ones_are_refused() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let up = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=multipart&name=x";
    let body = |hash: &str| {
        format!(
            "--b\r\nContent-Type: application/json\r\n\r\n{{\"crc32c\": \"{hash}\"}}\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--"
        )
    };
    let error = cloud.raw("POST", up, "multipart/related; boundary=b", &body("AAAAAA==")).await.refused(400);
    assert_eq!(error["message"], "Provided CRC32C \"AAAAAA==\" doesn't match calculated CRC32C \"mnG7TA==\".");
    cloud.raw("POST", up, "multipart/related; boundary=b", &body("mnG7TA==")).await.ok();

    let address = begin(&cloud, "", json!({})).await;
    let wrong = [("x-goog-hash", "crc32c=AAAAAA==")];
    assert_eq!(put(&cloud, &address, "bytes 0-4/5", b"hello".to_vec(), &wrong).await.status(), 400);
}
