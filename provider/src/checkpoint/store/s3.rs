//! A store in a bucket of S3, or of any store that speaks S3. `If-Match` and `If-None-Match` keep writers apart.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

mod clients;
mod problem;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::BucketVersioningStatus;
use bytes::Bytes;

pub(super) use self::clients::Clients;
pub use self::clients::Credentials;
use self::problem::{Kind, Loss, Problem};
use super::error::{Action, StoreError};
use super::url::{Location, S3Settings};
use super::{Content, Listed, Precondition, Version, Written};
use crate::engine::context::Interrupted;
use crate::google::api::CallContext;

/// A prefix in a bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    clients: Clients,
    bucket: String,
    prefix: String,
    settings: S3Settings,
}

/// A call that failed for good.
struct Failure {
    problem: Problem,
    attempts: u32,
    /// Whether an attempt before the last may have taken effect.
    after_lost_answer: bool,
}

impl Bucket {
    pub(super) fn new(clients: Clients, bucket: String, prefix: String, settings: S3Settings) -> Self {
        Self { clients, bucket, prefix, settings }
    }

    pub(super) async fn read(&self, ctx: &CallContext, key: &str) -> Result<Option<Content>, StoreError> {
        let client = self.client().await?;
        let get = || async {
            let sent = client.get_object().bucket(&self.bucket).key(self.full_key(key)).send().await;
            let answer = sent.map_err(Problem::of)?;
            let version = version(answer.e_tag)?;
            let bytes = answer.body.collect().await.map_err(Problem::cut_off)?.into_bytes();
            Ok(Content { bytes, version })
        };
        match self.repeat(ctx, Action::Read, key, get).await? {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.problem.kind == Kind::NoObject => Ok(None),
            Err(failure) => Err(self.error(Action::Read, key, failure)),
        }
    }

    pub(super) async fn exists(&self, ctx: &CallContext, key: &str) -> Result<bool, StoreError> {
        let client = self.client().await?;
        let head = || async {
            let sent = client.head_object().bucket(&self.bucket).key(self.full_key(key)).send().await;
            sent.map(drop).map_err(Problem::of)
        };
        match self.repeat(ctx, Action::Read, key, head).await? {
            Ok(()) => Ok(true),
            // The answer has no content: whether the bucket is there must be asked.
            Err(failure) if matches!(failure.problem.kind, Kind::NotFound | Kind::NoObject) => {
                let bucket =
                    || async { client.head_bucket().bucket(&self.bucket).send().await.map(drop).map_err(Problem::of) };
                let found = self.repeat(ctx, Action::List, "", bucket).await?;
                found.map(|()| false).map_err(|failure| self.error(Action::List, "", failure))
            }
            Err(failure) => Err(self.error(Action::Read, key, failure)),
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
        let client = self.client().await?;
        let put = || async {
            let put = client.put_object().bucket(&self.bucket).key(self.full_key(key));
            let put = put.content_type(content_type).body(bytes.clone().into());
            let put = match condition {
                Precondition::Absent => put.if_none_match("*"),
                Precondition::Matches(Version(etag)) => put.if_match(etag),
            };
            version(put.send().await.map_err(Problem::of)?.e_tag)
        };
        match self.repeat(ctx, Action::Write, key, put).await? {
            Ok(version) => Ok(Written::Done(version)),
            // What should be there and is gone is another version, too.
            Err(failure) if matches!(failure.problem.kind, Kind::Precondition | Kind::NoObject) => {
                Ok(Written::Conflict { after_lost_answer: failure.after_lost_answer })
            }
            Err(failure) => Err(self.error(Action::Write, key, failure)),
        }
    }

    pub(super) async fn delete(&self, ctx: &CallContext, key: &str, wanted: &Version) -> Result<(), StoreError> {
        let failure = match self.delete_if(ctx, key, Some(wanted)).await? {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        match failure.problem.kind {
            Kind::NoObject => Ok(()),
            Kind::Precondition => Err(self.conflict(key)),
            // Stores that know no conditional delete: the best that is left is to look first.
            Kind::Unknown => match self.read(ctx, key).await? {
                None => Ok(()),
                Some(found) if found.version != *wanted => Err(self.conflict(key)),
                Some(_) => {
                    let deleted = self.delete_if(ctx, key, None).await?;
                    deleted.map_err(|failure| self.error(Action::Delete, key, failure))
                }
            },
            _ => Err(self.error(Action::Delete, key, failure)),
        }
    }

    async fn delete_if(
        &self,
        ctx: &CallContext,
        key: &str,
        wanted: Option<&Version>,
    ) -> Result<Result<(), Failure>, StoreError> {
        let client = self.client().await?;
        let delete = || async {
            let delete = client.delete_object().bucket(&self.bucket).key(self.full_key(key));
            let delete = delete.set_if_match(wanted.map(|Version(etag)| etag.clone()));
            delete.send().await.map(drop).map_err(Problem::of)
        };
        self.repeat(ctx, Action::Delete, key, delete).await
    }

    pub(super) async fn list(&self, ctx: &CallContext, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let client = self.client().await?;
        let prefix = format!("{}/", self.full_key(folder));
        let mut listed = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = || async {
                let page = client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).delimiter("/");
                page.set_continuation_token(token.clone()).send().await.map_err(Problem::of)
            };
            let page = self.repeat(ctx, Action::List, folder, page).await?;
            let page = page.map_err(|failure| self.error(Action::List, folder, failure))?;
            for object in page.contents.unwrap_or_default() {
                let (Some(key), Some(etag)) = (object.key, object.e_tag) else { continue };
                // A folder that somebody made by hand is an empty object of the folder's name.
                if let Some(name) = key.strip_prefix(&prefix).filter(|name| !name.is_empty()) {
                    listed.push(Listed { key: format!("{folder}/{name}"), version: Version(etag) });
                }
            }
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(listed);
            }
        }
    }

    pub(super) async fn is_versioned(&self, ctx: &CallContext) -> Result<bool, StoreError> {
        let client = self.client().await?;
        let get = || async {
            match client.get_bucket_versioning().bucket(&self.bucket).send().await {
                Ok(answer) => Ok(answer.status == Some(BucketVersioningStatus::Enabled)),
                // Some stores put the status into a root element of their own, which the SDK refuses.
                Err(error) => match error.raw_response().and_then(problem::content) {
                    Some(content) => Ok(content.contains("<Status>Enabled</Status>")),
                    None => Err(Problem::of(error)),
                },
            }
        };
        let answer = self.repeat(ctx, Action::ReadSettings, "", get).await?;
        answer.map_err(|failure| self.error(Action::ReadSettings, "", failure))
    }

    async fn client(&self) -> Result<Client, StoreError> {
        self.clients.get(&self.settings, &self.bucket).await
    }

    /// Makes a call until it succeeds or another attempt would not help. An interruption is an error of its own.
    async fn repeat<T, F: Future<Output = Result<T, Problem>>>(
        &self,
        ctx: &CallContext,
        action: Action,
        key: &str,
        call: impl Fn() -> F,
    ) -> Result<Result<T, Failure>, StoreError> {
        let policy = self.clients.retry(&self.settings);
        let interrupted = |why, source| StoreError::Interrupted { action, uri: self.uri(key), why, source };
        ctx.check().map_err(|why| interrupted(why, None))?;
        let mut attempts = 0;
        let mut after_lost_answer = false;
        loop {
            attempts += 1;
            let outcome = tokio::time::timeout(ctx.remaining(), call()).await;
            let problem = match outcome.map_err(|_| interrupted(Interrupted::Deadline, None))? {
                Ok(done) => return Ok(Ok(done)),
                Err(problem) => problem,
            };
            if !problem.kind.may_pass() || attempts > policy.max_retries {
                return Ok(Err(Failure { problem, attempts, after_lost_answer }));
            }
            after_lost_answer |= matches!(problem.kind, Kind::Lost(_));
            let pause = policy.wait(attempts - 1, None, ctx.clock.jitter());
            ctx.sleep(pause).await.map_err(|why| interrupted(why, Some(problem.source)))?;
        }
    }

    fn full_key(&self, key: &str) -> String {
        Location::full_key(&self.prefix, key)
    }

    fn root(&self) -> String {
        format!("s3://{}", self.bucket)
    }

    fn uri(&self, key: &str) -> String {
        if key.is_empty() { self.root() } else { format!("s3://{}/{}", self.bucket, self.full_key(key)) }
    }

    fn conflict(&self, key: &str) -> StoreError {
        StoreError::Conflict { uri: self.uri(key) }
    }

    fn error(&self, action: Action, key: &str, failure: Failure) -> StoreError {
        let uri = self.uri(key);
        let Problem { kind, source } = failure.problem;
        match kind {
            Kind::NoBucket => StoreError::MissingBucket { bucket: self.root() },
            Kind::NotFound if key.is_empty() => StoreError::MissingBucket { bucket: self.root() },
            Kind::Denied => StoreError::Denied { action, uri, remedy: self.grant(action), source },
            Kind::Credentials => StoreError::NoCredentials { action, uri, remedy: self.credentials_remedy(), source },
            Kind::Region(expected) => {
                StoreError::WrongRegion { bucket: self.root(), used: self.clients.region(&self.settings), expected }
            }
            Kind::Unknown => StoreError::Unconditional { action, uri, source },
            Kind::Lost(Loss::Network) => StoreError::Unreachable { action, uri, attempts: failure.attempts, source },
            Kind::Precondition
            | Kind::NoObject
            | Kind::NotFound
            | Kind::Passing
            | Kind::Lost(Loss::Server)
            | Kind::Other => StoreError::Failed { action, uri, remedy: self.endpoint_remedy(), source },
        }
    }

    fn grant(&self, action: Action) -> String {
        let (bucket, objects) = (&self.bucket, self.full_key("*"));
        let on_objects = |right: &str| format!("{right} on arn:aws:s3:::{bucket}/{objects}");
        let on_bucket = |right: &str| format!("{right} on arn:aws:s3:::{bucket}");
        let rights = match action {
            Action::Read => format!("{} and {}", on_objects("s3:GetObject"), on_bucket("s3:ListBucket")),
            Action::Write => on_objects("s3:PutObject and s3:GetObject"),
            Action::Delete => on_objects("s3:DeleteObject and s3:GetObject"),
            Action::List => on_bucket("s3:ListBucket"),
            Action::ReadSettings => on_bucket("s3:GetBucketVersioning"),
        };
        format!("it takes {rights}; allow it to the caller, in its policy and in that of the bucket")
    }

    fn credentials_remedy(&self) -> String {
        match &self.settings.profile {
            Some(profile) => format!("check the profile {profile:?} of the AWS configuration files; `aws sso login --profile {profile}` renews single sign-on"),
            None => "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ?profile=NAME in the address; `aws sso login` renews single sign-on".to_owned(),
        }
    }

    fn endpoint_remedy(&self) -> Option<String> {
        let endpoint = self.settings.endpoint.as_ref()?;
        Some(format!("check that the endpoint {endpoint} speaks S3, and whether it wants use_path_style=true"))
    }
}

fn version(etag: Option<String>) -> Result<Version, Problem> {
    etag.map(Version).ok_or_else(|| Problem::nonsense("it has no ETag"))
}
