use serde_json::json;

use crate::world::Cloud;

const B: &str = "storage.googleapis.com/storage/v1/b/a-bucket";
const UP: &str = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=media&name=a%2Fb.json";

#[tokio::test]
async fn what_was_written_is_read_back() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let object = cloud.raw("POST", UP, "application/json", "{\"x\": 1}").await.ok();
    assert_eq!(object["name"], "a/b.json");
    assert_eq!(object["size"], "8");
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.json?alt=media")).await.text, "{\"x\": 1}");
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.json")).await.ok(), object);
}

#[tokio::test]
async fn generation_zero_means_that_there_is_none_yet() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let object = cloud.raw("POST", &format!("{UP}&ifGenerationMatch=0"), "text/plain", "1").await.ok();
    cloud.raw("POST", &format!("{UP}&ifGenerationMatch=0"), "text/plain", "2").await.refused(412);
    let generation = object["generation"].as_str().unwrap();
    cloud.raw("POST", &format!("{UP}&ifGenerationMatch={generation}"), "text/plain", "3").await.ok();
    cloud.raw("POST", &format!("{UP}&ifGenerationMatch={generation}"), "text/plain", "4").await.refused(412);
}

#[tokio::test]
async fn older_versions_stay_in_a_bucket_with_versions() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"versioning": {"enabled": true}})).await;
    let first = cloud.raw("POST", UP, "text/plain", "1").await.ok();
    cloud.raw("POST", UP, "text/plain", "2").await.ok();
    assert_eq!(cloud.get(&format!("{B}/o")).await.ok()["items"].as_array().map(Vec::len), Some(1));
    let all = cloud.get(&format!("{B}/o?versions=true")).await.ok();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
    let generation = first["generation"].as_str().unwrap();
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.json?alt=media&generation={generation}")).await.text, "1");
    for item in all["items"].as_array().unwrap() {
        let generation = item["generation"].as_str().unwrap();
        assert_eq!(cloud.delete(&format!("{B}/o/a%2Fb.json?generation={generation}")).await.status, 204);
    }
    assert_eq!(cloud.delete(B).await.status, 204);
}

#[tokio::test]
async fn a_delimiter_folds_names() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    for name in ["p/1/x", "p/1/y", "p/2", "q"] {
        let path = format!("storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=media&name={name}");
        cloud.raw("POST", &path, "text/plain", "").await.ok();
    }
    let list = cloud.get(&format!("{B}/o?prefix=p/&delimiter=/&fields=prefixes,items/name")).await.ok();
    assert_eq!(list, json!({"prefixes": ["p/1/"], "items": [{"name": "p/2"}]}));
}

#[tokio::test]
async fn the_hashes_are_those_of_the_bytes() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let object = cloud.raw("POST", UP, "text/plain", "hello").await.ok();
    assert_eq!(object["md5Hash"], "XUFAKrxLKna5cZ2REBfFkg==");
    assert_eq!(object["crc32c"], "mnG7TA==");
}

#[tokio::test]
async fn a_part_of_an_object_is_read_by_its_range() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    cloud.raw("POST", UP, "text/plain", "hello").await.ok();
    let url = format!("{}/{B}/o/a%2Fb.json?alt=media", cloud.handle.url());
    let part = cloud.client().get(&url).header("range", "bytes=1-2").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 1-2/5");
    assert_eq!(part.text().await.unwrap(), "el");
    let behind = cloud.client().get(&url).header("range", "bytes=5-").send().await.unwrap();
    assert_eq!(behind.status(), 416);
    assert_eq!(behind.headers()["content-range"], "bytes */5");
    let error: serde_json::Value = serde_json::from_str(&behind.text().await.unwrap()).unwrap();
    assert_eq!(error["error"]["errors"][0]["reason"], "requestedRangeNotSatisfiable");
}

#[tokio::test]
async fn an_older_version_is_copied_over_the_live_one() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"versioning": {"enabled": true}})).await;
    let first = cloud.raw("POST", UP, "text/plain", "1").await.ok();
    let second = cloud.raw("POST", UP, "text/plain", "2").await.ok();
    let old = first["generation"].as_str().unwrap();
    let path = format!("{B}/o/a%2Fb.json/rewriteTo/b/a-bucket/o/a%2Fb.json?sourceGeneration={old}");
    let answer = cloud.post(&path, json!({})).await.ok();
    assert_eq!((&answer["done"], &answer["objectSize"]), (&json!(true), &json!("1")));
    let live = cloud.get(&format!("{B}/o/a%2Fb.json")).await.ok();
    assert_eq!(live, answer["resource"]);
    assert_eq!(live["contentType"], "text/plain");
    assert!(live["generation"].as_str() > second["generation"].as_str());
    assert_eq!(cloud.get(&format!("{B}/o/a%2Fb.json?alt=media")).await.text, "1");
    let all = cloud.get(&format!("{B}/o?versions=true")).await.ok();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_copy_keeps_the_conditions_on_both_its_ends() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let object = cloud.raw("POST", UP, "text/plain", "1").await.ok();
    let generation = object["generation"].as_str().unwrap();
    let copy = |query: String| format!("{B}/o/a%2Fb.json/copyTo/b/a-bucket/o/c?{query}");
    cloud.post(&copy("ifSourceGenerationMatch=1".to_owned()), json!({})).await.refused(412);
    cloud.post(&copy("ifGenerationMatch=1".to_owned()), json!({})).await.refused(412);
    let good = format!("ifSourceGenerationMatch={generation}&ifGenerationMatch=0");
    let made = cloud.post(&copy(good), json!({"contentType": "text/html"})).await.ok();
    assert_eq!((&made["name"], &made["contentType"]), (&json!("c"), &json!("text/html")));
    cloud.post(&copy("sourceGeneration=1".to_owned()), json!({})).await.refused(404);
}
