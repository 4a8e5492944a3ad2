//! An object is there, or a file.

use super::{Finding, LIMIT, Tools};
use crate::gcp::{Host, Request, segment};

/// Looks for it; its content is not read.
pub(super) async fn check(url: &str, tools: &Tools<'_>) -> Finding {
    if let Some(path) = url.strip_prefix("file://") {
        return if std::path::Path::new(path).is_file() { there(url) } else { absent(url) };
    }
    let Some((bucket, name)) = url.strip_prefix("gs://").and_then(|rest| rest.split_once('/')) else {
        return Finding::failed(format!(
            "{url:?} is no object. Write gs://BUCKET/OBJECT, s3://BUCKET/OBJECT or file:///PATH."
        ));
    };
    let client = match tools.session.connection.client() {
        Ok(client) => client,
        Err(missing) => return Finding::failed(format!("The object cannot be looked for: {missing}.")),
    };
    let path = format!("storage/v1/b/{}/o/{}", segment(bucket), segment(name));
    match client.call(&tools.calls.within(LIMIT), Request::get(Host::STORAGE, path).query("fields", "name")).await {
        Ok(_) => there(url),
        Err(error) if error.is_not_found() => absent(url),
        Err(error) => Finding::refused(&error),
    }
}

fn there(url: &str) -> Finding {
    Finding::held(format!("{url} is there"))
}

fn absent(url: &str) -> Finding {
    Finding::failed(format!("{url} is not there."))
}

#[cfg(test)]
mod tests {
    use mlops_phases::document::{Criterion, Evidence};
    use serde_json::json;

    use super::super::testing::{evidence, failed, held, offline};
    use crate::gcp::testing::minute;
    use crate::gcp::{Host, Request};
    use crate::provider::Session;
    use crate::stack::tests::operations::{World, denied};

    async fn observed(url: &str, session: &Session) -> Evidence {
        evidence(Criterion::ObjectExists { url: url.to_owned() }, session, &minute()).await
    }

    /// A bucket with one object.
    async fn world() -> (World, Session) {
        let world = World::new().await;
        world.make(&json!({"buckets": {"models": {}}})).await;
        let session = world.session();
        let upload = Request::post(Host::STORAGE, "upload/storage/v1/b/test-models/o")
            .query("uploadType", "media")
            .query("name", "v3/model.onnx")
            .bytes("application/octet-stream", "weights");
        session.connection.client().unwrap().call(&minute(), upload).await.unwrap();
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
        assert!(failed(&evidence).contains("Grant the caller the permission"), "{}", evidence.observed);
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
