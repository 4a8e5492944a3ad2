//! A store in a bucket of Cloud Storage, by its JSON API. Generations keep writers apart.
//!
//! <https://cloud.google.com/storage/docs/request-preconditions>

use bytes::Bytes;
use serde_json::Value;

use super::error::{Action, StoreError};
use super::url::Location;
use super::{Content, Listed, Precondition, Version, Written};
use crate::engine::context::Interrupted;
use crate::google::api::{ApiError, CallContext, Cause, Client, Host, List, Request, segment};

/// A prefix in a bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    client: Client,
    bucket: String,
    prefix: String,
}

impl Bucket {
    pub(super) fn new(client: Client, bucket: String, prefix: String) -> Self {
        Self { client, bucket, prefix }
    }

    pub(super) async fn read(&self, ctx: &CallContext, key: &str) -> Result<Option<Content>, StoreError> {
        let request = Request::get(Host::STORAGE, self.object(key)).query("alt", "media");
        let answer = match self.client.call_raw(ctx, request).await {
            Ok(answer) => answer,
            Err(error) => return self.absence(ctx, key, error).await.map(|()| None),
        };
        let generation = answer.headers.get("x-goog-generation").and_then(|value| value.to_str().ok());
        let generation =
            generation.ok_or_else(|| self.nonsense(Action::Read, key, "it does not say the generation"))?;
        Ok(Some(Content { version: Version(generation.to_owned()), bytes: answer.body }))
    }

    pub(super) async fn exists(&self, ctx: &CallContext, key: &str) -> Result<bool, StoreError> {
        match self.client.call(ctx, Request::get(Host::STORAGE, self.object(key))).await {
            Ok(_) => Ok(true),
            Err(error) => self.absence(ctx, key, error).await.map(|()| false),
        }
    }

    pub(super) async fn write(
        &self,
        ctx: &CallContext,
        key: &str,
        bytes: Bytes,
        content_type: &str,
        condition: &Precondition,
    ) -> Result<Written, StoreError> {
        let generation = match condition {
            // No object has this generation.
            Precondition::Absent => "0",
            Precondition::Matches(Version(generation)) => generation,
        };
        let path = format!("upload/storage/v1/b/{}/o", segment(&self.bucket));
        let request = Request::post(Host::STORAGE, path)
            .query("uploadType", "media")
            .query("name", Location::full_key(&self.prefix, key))
            .query("ifGenerationMatch", generation)
            .bytes(content_type, bytes)
            // With the condition it takes effect once, however often it is sent.
            .idempotent(true);
        match self.client.call(ctx, request).await {
            Ok(answer) => {
                let generation = answer.get("generation").and_then(Value::as_str);
                let generation =
                    generation.ok_or_else(|| self.nonsense(Action::Write, key, "it does not say the generation"))?;
                Ok(Written::Done(Version(generation.to_owned())))
            }
            Err(error) if error.is_precondition_failed() => {
                Ok(Written::Conflict { after_lost_answer: error.may_have_happened() })
            }
            Err(error) if error.is_not_found() => Err(self.missing()),
            Err(error) => Err(self.error(Action::Write, key, error)),
        }
    }

    pub(super) async fn delete(&self, ctx: &CallContext, key: &str, version: &Version) -> Result<(), StoreError> {
        let request = Request::delete(Host::STORAGE, self.object(key)).query("ifGenerationMatch", &version.0);
        match self.client.call(ctx, request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => self.absence(ctx, key, error).await,
            Err(error) if error.is_precondition_failed() => Err(StoreError::Conflict { uri: self.uri(key) }),
            Err(error) => Err(self.error(Action::Delete, key, error)),
        }
    }

    pub(super) async fn list(&self, ctx: &CallContext, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let prefix = format!("{}/", Location::full_key(&self.prefix, folder));
        let request = Request::get(Host::STORAGE, self.objects()).query("prefix", &prefix).query("delimiter", "/");
        let items = self.client.list(ctx, List::new(request, "items")).await.map_err(|error| {
            if error.is_not_found() { self.missing() } else { self.error(Action::List, folder, error) }
        })?;
        let listed = items.iter().filter_map(|item| {
            let name = item.get("name")?.as_str()?.strip_prefix(&prefix)?;
            let generation = item.get("generation")?.as_str()?;
            // A folder that somebody made by hand is an empty object of the folder's name.
            (!name.is_empty())
                .then(|| Listed { key: format!("{folder}/{name}"), version: Version(generation.to_owned()) })
        });
        Ok(listed.collect())
    }

    pub(super) async fn is_versioned(&self, ctx: &CallContext) -> Result<bool, StoreError> {
        let path = format!("storage/v1/b/{}", segment(&self.bucket));
        let answer = self.client.call(ctx, Request::get(Host::STORAGE, path)).await.map_err(|error| {
            if error.is_not_found() { self.missing() } else { self.error(Action::ReadSettings, "", error) }
        })?;
        Ok(answer.pointer("/versioning/enabled").and_then(Value::as_bool).unwrap_or(false))
    }

    /// After an object could not be read: success if that is because it is not there.
    async fn absence(&self, ctx: &CallContext, key: &str, error: ApiError) -> Result<(), StoreError> {
        if !error.is_not_found() {
            return Err(self.error(Action::Read, key, error));
        }
        if error.status().is_some_and(|status| status.says("no such object")) {
            return Ok(());
        }
        // The answer may mean the bucket: a list tells.
        let probe = Request::get(Host::STORAGE, self.objects()).query("maxResults", 1);
        match self.client.call(ctx, probe).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Err(self.missing()),
            Err(error) => Err(self.error(Action::List, "", error)),
        }
    }

    fn objects(&self) -> String {
        format!("storage/v1/b/{}/o", segment(&self.bucket))
    }

    fn object(&self, key: &str) -> String {
        format!("{}/{}", self.objects(), segment(&Location::full_key(&self.prefix, key)))
    }

    fn root(&self) -> String {
        format!("gs://{}", self.bucket)
    }

    fn uri(&self, key: &str) -> String {
        if key.is_empty() {
            self.root()
        } else {
            format!("gs://{}/{}", self.bucket, Location::full_key(&self.prefix, key))
        }
    }

    fn missing(&self) -> StoreError {
        StoreError::MissingBucket { bucket: self.root() }
    }

    fn nonsense(&self, action: Action, key: &str, what: &str) -> StoreError {
        let remedy = Some("check the provider's endpoint and endpoints settings".to_owned());
        let source = format!("the answer is not as Cloud Storage documents it: {what}").into();
        StoreError::Failed { action, uri: self.uri(key), remedy, source }
    }

    fn error(&self, action: Action, key: &str, error: ApiError) -> StoreError {
        let uri = self.uri(key);
        let kept = error
            .status()
            .is_some_and(|s| s.has_reason("retentionPolicyNotMet") || s.has_reason("objectUnderActiveHold"));
        if kept {
            let remedy = "checkpoints are replaced with every change: use a bucket without retention policy and holds";
            return StoreError::Failed { action, uri, remedy: Some(remedy.to_owned()), source: error.into() };
        }
        if error.is_permission_denied() {
            return StoreError::Denied { action, uri, remedy: self.grant(action, &error), source: error.into() };
        }
        if matches!(error.cause(), Cause::Auth(_)) || error.is_unauthenticated() {
            let remedy = error.advice().unwrap_or_default();
            return StoreError::NoCredentials { action, uri, remedy, source: error.into() };
        }
        if error.is_cancelled() {
            return StoreError::Interrupted { action, uri, why: Interrupted::Stopped, source: Some(error.into()) };
        }
        if error.is_deadline() {
            return StoreError::Interrupted { action, uri, why: Interrupted::Deadline, source: Some(error.into()) };
        }
        if matches!(error.cause(), Cause::Connect { .. } | Cause::Transport(_) | Cause::Timeout(_)) {
            return StoreError::Unreachable { action, uri, attempts: error.attempts(), source: error.into() };
        }
        StoreError::Failed { action, uri, remedy: error.advice(), source: error.into() }
    }

    fn grant(&self, action: Action, error: &ApiError) -> String {
        let (permission, role) = match action {
            Action::Read => ("storage.objects.get and storage.objects.list", "roles/storage.objectUser"),
            Action::Write => ("storage.objects.create and storage.objects.delete", "roles/storage.objectUser"),
            Action::Delete => ("storage.objects.delete", "roles/storage.objectUser"),
            Action::List => ("storage.objects.list", "roles/storage.objectUser"),
            Action::ReadSettings => ("storage.buckets.get", "roles/storage.legacyBucketReader"),
        };
        let who =
            error.credentials().map(|source| format!(" The credentials are those of {source}.")).unwrap_or_default();
        format!("it takes {permission} on {}, which the role {role} holds; grant it to the caller.{who}", self.root())
    }
}
