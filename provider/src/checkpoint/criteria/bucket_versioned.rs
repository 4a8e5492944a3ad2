//! A bucket keeps old versions of its objects.

use super::{Finding, LIMIT, Tools};
use crate::checkpoint::store::{StoreUrl, bucket_is_versioned, versioning_command};

/// Asks whether versioning is on.
pub(super) async fn check(url: &str, tools: &Tools<'_>) -> Finding {
    let bucket: StoreUrl = match url.parse() {
        Ok(bucket) => bucket,
        Err(error) => return Finding::untold(&error),
    };
    let clients = match tools.session.stores() {
        Ok(clients) => clients,
        Err(missing) => return Finding::untold(&missing),
    };
    match bucket_is_versioned(&tools.calls.within(LIMIT), clients, &bucket).await {
        Ok(true) => Finding::held(format!("{url} keeps old versions")),
        Ok(false) => Finding::failed(format!(
            "{url} keeps no old versions. Set versioning = true on the bucket, or run: {}",
            versioning_command(&bucket).unwrap_or_default()
        )),
        Err(error) => Finding::untold(&error),
    }
}

#[cfg(test)]
mod tests {
    use mlops_phases::document::{Criterion, Evidence};
    use serde_json::json;

    use super::super::testing::{evidence, failed, held};
    use crate::checkpoint::Session;
    use crate::engine::tests::operations::{World, denied};
    use crate::google::api::testing::minute;

    /// What is found of two buckets, of which the first keeps old versions.
    async fn observed(url: &str, prepare: impl FnOnce(&World)) -> Evidence {
        let world = World::new().await;
        world.make(&json!({"buckets": {"state": {"versioning": true}, "data": {}}})).await;
        prepare(&world);
        evidence(
            Criterion::BucketVersioned { url: url.to_owned() },
            &Session::new(world.connection(), Default::default()),
            &minute(),
        )
        .await
    }

    #[tokio::test]
    async fn a_bucket_with_versioning_holds() {
        assert_eq!(held(&observed("gs://test-state", |_| {}).await), "gs://test-state keeps old versions");
    }

    #[tokio::test]
    async fn a_bucket_without_it_does_not() {
        let evidence = observed("gs://test-data", |_| {}).await;
        assert!(
            failed(&evidence).starts_with("gs://test-data keeps no old versions. Set versioning"),
            "{}",
            evidence.observed
        );
    }

    #[tokio::test]
    async fn a_bucket_that_is_not_there_does_not_hold() {
        assert!(failed(&observed("gs://test-none", |_| {}).await).contains("gs://test-none"));
    }

    #[tokio::test]
    async fn a_bucket_that_may_not_be_read_does_not_hold() {
        let evidence = observed("gs://test-state", |world| world.fault("GET", "/b/test-state", denied())).await;
        assert!(failed(&evidence).contains("storage.buckets.get"), "{}", evidence.observed);
    }

    #[tokio::test]
    async fn a_folder_is_no_bucket() {
        assert!(failed(&observed("file:///tmp", |_| {}).await).contains("file:///tmp"));
    }
}
