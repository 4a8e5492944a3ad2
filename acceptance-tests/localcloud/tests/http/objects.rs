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
