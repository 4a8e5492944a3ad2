//! What a store says when it cannot be used, and what it says of buckets and objects. Each refusal names the place and
//! what to do.

use std::net::SocketAddr;

use acceptance_tests::S3;
use localcloud::{FaultSpec, MatchSpec};
use serde_json::json;
use terraform_provider_mlops::checkpoint::archive::Archive;
use terraform_provider_mlops::checkpoint::store::{
    Clients, Precondition, Store, StoreError, Version, bucket_is_versioned, chain, object_exists,
};
use terraform_provider_mlops::google::api::RetryPolicy;

use crate::child::Process;
use crate::phases::document;
use crate::world::{World, client, cloud_with, minute, moto, new_name, s3_clients, s3_url};

/// What reading, writing, listing and removing say.
async fn refusals(url: &str, clients: &Clients) -> Vec<StoreError> {
    let (store, ctx) = (Store::open(&url.parse().unwrap(), clients), minute());
    let version = version(clients).await;
    vec![
        store.read(&ctx, "a.json").await.unwrap_err(),
        store.write(&ctx, "a.json", "{}", "application/json", &Precondition::Absent).await.unwrap_err(),
        store.list(&ctx, "phases").await.unwrap_err(),
        store.delete(&ctx, "a.json", &version).await.unwrap_err(),
    ]
}

/// Some version: that of a file.
async fn version(clients: &Clients) -> Version {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("file://{}", folder.path().display()).parse().unwrap(), clients);
    store.write(&minute(), "a", "a", "text/plain", &Precondition::Absent).await.unwrap()
}

#[track_caller]
fn says(error: &StoreError, parts: &[&str]) {
    let text = chain(error);
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

fn cloud_clients(cloud: SocketAddr) -> Clients {
    Clients::new(client(cloud, RetryPolicy::NEVER))
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_bucket_of_cloud_storage_that_is_not_there_is_named() {
    let cloud = cloud_with(&json!({"name": "test-data"})).await;
    let clients = cloud_clients(cloud.address());
    for error in refusals("gs://test-none/a", &clients).await {
        assert!(matches!(error, StoreError::MissingBucket { .. }), "{error:?}");
        says(&error, &["the bucket gs://test-none does not exist", "create it"]);
    }
    let versioned = bucket_is_versioned(&minute(), &clients, &"gs://test-none".parse().unwrap()).await;
    assert!(matches!(versioned, Err(StoreError::MissingBucket { .. })), "{versioned:?}");
    let exists = object_exists(&minute(), &clients, &"gs://test-none/a".parse().unwrap()).await;
    assert!(matches!(exists, Err(StoreError::MissingBucket { .. })), "{exists:?}");
}

#[tokio::test]
async fn a_bucket_of_s3_that_is_not_there_is_named() {
    let server = moto();
    let clients = s3_clients(None, RetryPolicy::NEVER);
    for error in refusals(&s3_url(&server.url, "test-none", "/a"), &clients).await {
        assert!(matches!(error, StoreError::MissingBucket { .. }), "{error:?}");
        says(&error, &["the bucket s3://test-none does not exist", "create it"]);
    }
    let url = s3_url(&server.url, "test-none", "");
    let versioned = bucket_is_versioned(&minute(), &clients, &url.parse().unwrap()).await;
    assert!(matches!(versioned, Err(StoreError::MissingBucket { .. })), "{versioned:?}");
    let exists = object_exists(&minute(), &clients, &s3_url(&server.url, "test-none", "/a").parse().unwrap()).await;
    assert!(matches!(exists, Err(StoreError::MissingBucket { .. })), "{exists:?}");
}

#[tokio::test]
async fn a_missing_permission_in_cloud_storage_is_named() {
    let cloud = cloud_with(&json!({"name": "test-data"})).await;
    let matches = MatchSpec { path: Some("/b/test-data".to_owned()), ..MatchSpec::default() };
    let denied = FaultSpec {
        matches,
        times: 4,
        status: Some(403),
        reason: Some("forbidden".to_owned()),
        ..FaultSpec::default()
    };
    cloud.fault(denied).unwrap();
    let wanted = ["storage.objects.get", "storage.objects.create", "storage.objects.list", "storage.objects.delete"];
    for (error, permission) in refusals("gs://test-data/a", &cloud_clients(cloud.address())).await.iter().zip(wanted) {
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
        says(error, &["not allowed to", "gs://test-data/a", permission, "roles/storage.objectUser"]);
    }
}

#[tokio::test]
async fn a_missing_permission_in_s3_is_named() {
    let server = S3::start();
    server.make_bucket("test-data");
    server.put("test-data", "a/a.json", "{}");
    let nobody = server.user("nobody", &["s3:GetBucketTagging"]);
    let reader = server.user("reader", &["s3:GetObject", "s3:ListBucket"]);
    server.enforce();
    let url = s3_url(&server.url, "test-data", "/a");

    let wanted = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"];
    for (error, action) in refusals(&url, &s3_clients(Some(&nobody), RetryPolicy::NEVER)).await.iter().zip(wanted) {
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
        says(error, &["not allowed to", "s3://test-data/a", action, "arn:aws:s3:::test-data", "AccessDenied"]);
    }

    let store = Store::open(&url.parse().unwrap(), &s3_clients(Some(&reader), RetryPolicy::NEVER));
    let found = store.read(&minute(), "a.json").await.unwrap().unwrap();
    let condition = Precondition::Matches(found.version);
    let refused = store.write(&minute(), "a.json", "[]", "application/json", &condition).await.unwrap_err();
    says(&refused, &["not allowed to write s3://test-data/a/a.json", "s3:PutObject"]);

    let stranger = acceptance_tests::AccessKey { id: "AKIAUNKNOWN".to_owned(), secret: "no".to_owned() };
    for error in refusals(&url, &s3_clients(Some(&stranger), RetryPolicy::NEVER)).await {
        assert!(matches!(error, StoreError::NoCredentials { .. }), "{error:?}");
        says(&error, &["no valid credentials", "InvalidAccessKeyId", "AWS_PROFILE"]);
        assert!(!chain(&error).contains("\"no\""));
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_folder_that_may_not_be_written_is_named() {
    let clients = s3_clients(None, RetryPolicy::NEVER);
    // Not even the superuser makes folders there.
    let archive = Archive::open("file:///sys/checkpoints".parse().unwrap(), &clients);
    let refused = archive.save(&minute(), &document("1"), None).await.unwrap_err();
    let text = chain(&refused);
    assert!(text.contains("not allowed to write file:///sys/checkpoints/phases/1.json"), "{text}");
    assert!(text.contains("write to the folder /sys/checkpoints"), "{text}");
}

#[tokio::test]
async fn a_folder_that_is_a_file_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let archive = Archive::open(
        format!("file://{}", file.path().display()).parse().unwrap(),
        &s3_clients(None, RetryPolicy::NEVER),
    );
    let refused = archive.save(&minute(), &document("1"), None).await.unwrap_err();
    assert!(chain(&refused).contains("is a file: name a folder"), "{}", chain(&refused));
}

#[test]
fn a_crowd_of_writers_leaves_threads_for_the_one_whose_turn_it_is() {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).max_blocking_threads(40).enable_all().build().unwrap();
    let world = World::folder();
    let archive = world.archive();
    let written = runtime.block_on(async move {
        let mut writers = tokio::task::JoinSet::new();
        for phase in 1..=100 {
            let archive = archive.clone();
            writers.spawn(async move { archive.save(&minute(), &document(&phase.to_string()), None).await });
        }
        writers.join_all().await
    });
    assert!(written.iter().all(Result::is_ok), "{written:#?}");
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_named() {
    let address = nobody().await;
    let s3 = s3_url(&format!("http://{address}"), "test-data", "/a");
    let known = [("gs://test-data/a".to_owned(), cloud_clients(address)), (s3, s3_clients(None, RetryPolicy::NEVER))];
    for (url, clients) in known {
        for (error, action) in refusals(&url, &clients).await.iter().zip(["read", "write", "list", "delete"]) {
            assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
            says(error, &["no answer from the store", action, "://test-data/a", "the network"]);
        }
    }
}

#[tokio::test]
async fn buckets_say_whether_they_keep_old_versions() {
    let cloud = cloud_with(&json!({"name": "test-kept", "versioning": {"enabled": true}})).await;
    let clients = cloud_clients(cloud.address());
    let ctx = minute();
    assert!(bucket_is_versioned(&ctx, &clients, &"gs://test-kept/any".parse().unwrap()).await.unwrap());
    let folder = bucket_is_versioned(&ctx, &clients, &"file:///tmp".parse().unwrap()).await;
    assert!(matches!(folder, Err(StoreError::NoBucket { .. })), "{folder:?}");

    let server = moto();
    let bucket = new_name();
    server.make_bucket(&bucket);
    let url = s3_url(&server.url, &bucket, "").parse().unwrap();
    let clients = s3_clients(None, RetryPolicy::NEVER);
    assert!(!bucket_is_versioned(&ctx, &clients, &url).await.unwrap());
    server.keep_versions(&bucket);
    assert!(bucket_is_versioned(&ctx, &clients, &url).await.unwrap());
}

#[tokio::test]
async fn in_a_bucket_with_versions_a_removed_phase_is_gone_and_may_come_back() {
    let server = moto();
    let bucket = new_name();
    server.make_bucket(&bucket);
    server.keep_versions(&bucket);
    let url = s3_url(&server.url, &bucket, "/a").parse().unwrap();
    let archive = Archive::open(url, &s3_clients(None, RetryPolicy::NEVER));
    let stored = archive.save(&minute(), &document("1"), None).await.unwrap();
    archive.remove(&minute(), &stored).await.unwrap();
    assert!(archive.rollout(&minute()).await.unwrap().phases().is_empty());
    assert_eq!(archive.save(&minute(), &document("1"), None).await.unwrap().revision(), 1);
}

#[tokio::test]
async fn the_environment_of_every_aws_tool_counts() {
    let world = World::s3();
    world.archive().save(&minute(), &document("1"), None).await.unwrap();
    let server = format!("http://{}", world.server());
    let short = world.url.to_string().split('?').next().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let profiles = "[profile ops]\nregion = eu-west-1\naws_access_key_id = AK\naws_secret_access_key = SK\n";
    let config = write("config", profiles);
    let token = write("token", "a.b.c");

    let keys: &[(&str, &str)] = &[
        ("AWS_ACCESS_KEY_ID", "AK"),
        ("AWS_SECRET_ACCESS_KEY", "SK"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_S3", &server),
    ];
    assert_eq!(Process::read(&short, keys), "revision 1");
    let mut writer = Process::writer(&short, keys);
    assert_eq!(writer.line().as_deref(), Some("2"));
    writer.kill();
    world.archive().remove(&minute(), &world.now("1").await).await.unwrap();
    world.archive().save(&minute(), &document("1"), None).await.unwrap();

    let profile: &[(&str, &str)] = &[("AWS_CONFIG_FILE", &config), ("AWS_ENDPOINT_URL", &server)];
    assert_eq!(Process::read(&format!("{short}?profile=ops"), profile), "revision 1");
    assert_eq!(Process::read(&short, &[profile, &[("AWS_PROFILE", "ops")]].concat()), "revision 1");

    let identity: &[(&str, &str)] = &[
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/checkpoints"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &token),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", &server),
    ];
    assert_eq!(Process::read(&short, identity), "revision 1");
}

#[test]
fn without_credentials_one_is_told_where_they_come_from() {
    let told = Process::read("s3://test-data/a?region=eu-west-1", &[]);
    assert!(told.starts_with("no valid credentials to read s3://test-data/a/phases/1.json"), "{told}");
    assert!(told.contains("AWS_ACCESS_KEY_ID") && told.contains("?profile=NAME"), "{told}");
    let told = Process::read("s3://test-data/a?region=eu-west-1&profile=nobody", &[]);
    assert!(told.contains("check the profile \"nobody\""), "{told}");
}

#[test]
fn without_a_region_one_is_told_how_to_set_it() {
    let told = Process::read("s3://test-data/a", &[("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "SK")]);
    assert!(told.contains("the region of the bucket s3://test-data is not known"), "{told}");
    assert!(told.contains("s3://test-data?region=eu-west-1, or set AWS_REGION"), "{told}");
}

#[test]
fn criteria_ask_s3_with_the_credentials_of_the_environment() {
    let server = moto();
    let (kept, bare) = (new_name(), new_name());
    server.make_bucket(&kept);
    server.keep_versions(&kept);
    server.make_bucket(&bare);
    server.put(&kept, "v3/model.onnx", "weights");
    let keys: &[(&str, &str)] = &[("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "SK")];
    let url = |bucket: &str, object: &str| s3_url(&server.url, bucket, object);

    let versioned = |bucket: &str| Process::check("bucket_versioned", &url(bucket, ""), keys);
    assert_eq!(versioned(&kept), format!("held: {} keeps old versions", url(&kept, "")));
    let told = versioned(&bare);
    assert!(told.starts_with(&format!("failed: {} keeps no old versions.", url(&bare, ""))), "{told}");
    assert!(told.contains(&format!("aws s3api put-bucket-versioning --bucket {bare} ")), "{told}");
    let told = versioned("test-none");
    assert!(told.starts_with("failed: ") && told.contains("s3://test-none does not exist"), "{told}");

    let exists = |bucket: &str, object: &str| Process::check("object_exists", &url(bucket, object), keys);
    assert_eq!(exists(&kept, "/v3/model.onnx"), format!("held: {} is there", url(&kept, "/v3/model.onnx")));
    assert_eq!(exists(&kept, "/v4/model.onnx"), format!("failed: {} is not there.", url(&kept, "/v4/model.onnx")));
    let told = exists("test-none", "/v3/model.onnx");
    assert!(told.starts_with("failed: ") && told.contains("s3://test-none does not exist"), "{told}");

    let told = Process::check("bucket_versioned", &url(&kept, ""), &[]);
    assert!(told.starts_with("failed: ") && told.contains("AWS_ACCESS_KEY_ID"), "{told}");
}
