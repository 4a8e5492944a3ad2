//! An object is there, or a file.

use super::{Finding, LIMIT, Tools};
use crate::checkpoint::store::{ObjectUrl, object_exists};

/// Looks for it; its content is not read.
pub(super) async fn check(url: &str, tools: &Tools<'_>) -> Finding {
    let object: ObjectUrl = match url.parse() {
        Ok(object) => object,
        Err(error) => return Finding::untold(&error),
    };
    let clients = match tools.session.stores() {
        Ok(clients) => clients,
        Err(missing) => return Finding::untold(&missing),
    };
    match object_exists(&tools.calls.within(LIMIT), clients, &object).await {
        Ok(true) => Finding::held(format!("{url} is there")),
        Ok(false) => Finding::failed(format!("{url} is not there.")),
        Err(error) => Finding::untold(&error),
    }
}

#[cfg(test)]
mod tests {
    use mlops_phases::document::{Criterion, Evidence};
    use serde_json::json;

    use super::super::testing::{evidence, failed, held, offline};
    use crate::checkpoint::Session;
    use crate::engine::tests::operations::{World, denied};
    use crate::google::api::testing::minute;
    use crate::google::api::{Host, Request};

    async fn observed(url: &str, session: &Session) -> Evidence {
        evidence(Criterion::ObjectExists { url: url.to_owned() }, session, &minute()).await
    }

    /// A bucket with one object.
    async fn world() -> (World, Session) {
        let world = World::new().await;
        world.make(&json!({"buckets": {"models": {}}})).await;
        let session = Session::new(world.connection(), Default::default());
        let upload = Request::post(Host::STORAGE, "upload/storage/v1/b/test-models/o")
            .query("uploadType", "media")
            .query("name", "v3/model.onnx")
            .bytes("application/octet-stream", "weights");
        session.google.client().unwrap().call(&minute(), upload).await.unwrap();
        (world, session)
    }

    #[tokio::test]
    async fn an_object_that_is_there_holds() {
        let (_world, session) = world().await;
        let evidence = observed("gs://test-models/v3/model.onnx", &session).await;
        assert_eq!(held(&evidence), "gs://test-models/v3/model.onnx is there");
    }

    #[tokio::test]
    async fn an_object_that_is_not_there_does_not() {
        let (_world, session) = world().await;
        let evidence = observed("gs://test-models/v4/model.onnx", &session).await;
        assert_eq!(failed(&evidence), "gs://test-models/v4/model.onnx is not there.");
    }

    #[tokio::test]
    async fn an_object_in_a_bucket_that_is_not_there_does_not() {
        let (_world, session) = world().await;
        assert!(failed(&observed("gs://test-none/model.onnx", &session).await).contains("gs://test-none"));
    }

    #[tokio::test]
    async fn an_object_that_may_not_be_read_does_not() {
        let (world, session) = world().await;
        world.fault("GET", "/o/", denied());
        let evidence = observed("gs://test-models/v3/model.onnx", &session).await;
        assert!(failed(&evidence).contains("storage.objects.get"), "{}", evidence.observed);
    }

    #[tokio::test]
    async fn a_file_is_looked_for_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.md");
        let url = format!("file://{}", path.display());
        failed(&observed(&url, &offline()).await);
        std::fs::write(&path, "done").unwrap();
        held(&observed(&url, &offline()).await);
    }

    #[tokio::test]
    async fn what_names_no_object_does_not_hold() {
        let evidence = observed("gs://test-models", &offline()).await;
        assert!(failed(&evidence).contains("gs://test-models"), "{}", evidence.observed);
    }
}
