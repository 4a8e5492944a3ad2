//! Where documents are kept: objects in Cloud Storage or S3, or files. All three write only where nobody else wrote
//! since: every write says what it expects to find.
//!
//! [`StoreUrl`] says where a store is, [`Clients`] how it is reached, and [`Store`] reads and writes. What goes wrong is a
//! [`StoreError`] that says what to do.

mod error;
mod file;
mod gs;
mod s3;
mod url;

use bytes::Bytes;

pub use self::error::{Action, BoxError, StoreError, chain};
pub use self::s3::Credentials as S3Credentials;
use self::url::Location;
pub use self::url::{ObjectUrl, S3Settings, StoreUrl, StoreUrlError};
use crate::google::api::{CallContext, Client};

/// How stores are reached. Cloning shares everything; nothing is contacted before a store is used.
#[derive(Clone, Debug)]
pub struct Clients {
    gcp: Client,
    s3: s3::Clients,
}

/// One store. Keys are relative to it, their parts separated by slashes: `phases/2.json`.
#[derive(Clone, Debug)]
pub struct Store {
    place: Location,
    backend: Backend,
}

#[derive(Clone, Debug)]
enum Backend {
    Gs(gs::Bucket),
    S3(s3::Bucket),
    File(file::Folder),
}

/// Which content an object has: as the store names it. Only good for comparing, and for [`Precondition::Matches`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

/// What a write expects to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    Absent,
    /// This version, and no other.
    Matches(Version),
}

/// What lies under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The content.
    pub bytes: Bytes,
    /// Which content it is.
    pub version: Version,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// Which content it has.
    pub version: Version,
}

/// How a conditional write ended.
enum Written {
    Done(Version),
    /// Something else is there than was expected. After a lost answer, that may be this very write.
    Conflict {
        after_lost_answer: bool,
    },
}

impl Clients {
    /// Clients that reach Cloud Storage with `gcp`, and S3 with the credentials that every AWS tool would take.
    pub fn new(gcp: Client) -> Self {
        let s3 = s3::Clients::new(S3Credentials::Standard, gcp.config().retry, gcp.config().request_timeout);
        Self { gcp, s3 }
    }

    /// The same, with other credentials for S3.
    pub fn with_s3_credentials(self, credentials: S3Credentials) -> Self {
        let config = self.gcp.config();
        Self { s3: s3::Clients::new(credentials, config.retry, config.request_timeout), gcp: self.gcp }
    }
}

impl Store {
    /// The store at `url`. Nothing is contacted yet.
    pub fn open(url: &StoreUrl, clients: &Clients) -> Self {
        Self::at(url.place().clone(), clients)
    }

    fn at(place: Location, clients: &Clients) -> Self {
        let backend = match &place {
            Location::Gs { bucket, prefix } => {
                Backend::Gs(gs::Bucket::new(clients.gcp.clone(), bucket.clone(), prefix.clone()))
            }
            Location::S3 { bucket, prefix, settings } => {
                Backend::S3(s3::Bucket::new(clients.s3.clone(), bucket.clone(), prefix.clone(), settings.clone()))
            }
            Location::File { folder } => Backend::File(file::Folder::new(folder.clone())),
        };
        Self { place, backend }
    }

    /// The address of what lies under a key.
    pub fn uri(&self, key: &str) -> String {
        self.place.uri(key)
    }

    /// What lies under a key; `None` when nothing does.
    ///
    /// # Errors
    /// [`StoreError`]; a bucket that does not exist is one.
    pub async fn read(&self, ctx: &CallContext, key: &str) -> Result<Option<Content>, StoreError> {
        match &self.backend {
            Backend::Gs(bucket) => bucket.read(ctx, key).await,
            Backend::S3(bucket) => bucket.read(ctx, key).await,
            Backend::File(folder) => folder.read(key).await,
        }
    }

    /// Puts `bytes` under a key if the condition holds: all of them, or none. Gives the new version.
    ///
    /// A write whose answer was lost is repeated; that it finds its own work then is no conflict.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something else is there than the condition says; and all others.
    pub async fn write(
        &self,
        ctx: &CallContext,
        key: &str,
        bytes: impl Into<Bytes>,
        content_type: &str,
        condition: &Precondition,
    ) -> Result<Version, StoreError> {
        let bytes = bytes.into();
        let written = match &self.backend {
            Backend::Gs(bucket) => bucket.write(ctx, key, bytes.clone(), content_type, condition).await?,
            Backend::S3(bucket) => bucket.write(ctx, key, bytes.clone(), content_type, condition).await?,
            Backend::File(folder) => folder.write(ctx, key, bytes.clone(), condition).await?,
        };
        let conflict = || StoreError::Conflict { uri: self.uri(key) };
        match written {
            Written::Done(version) => Ok(version),
            Written::Conflict { after_lost_answer: false } => Err(conflict()),
            Written::Conflict { after_lost_answer: true } => {
                let found = self.read(ctx, key).await?.filter(|found| found.bytes == bytes);
                found.map(|found| found.version).ok_or_else(conflict)
            }
        }
    }

    /// Removes what lies under a key, if it is this version. That nothing is there is success.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another version is there; and all others.
    pub async fn delete(&self, ctx: &CallContext, key: &str, version: &Version) -> Result<(), StoreError> {
        let deleted = match &self.backend {
            Backend::Gs(bucket) => bucket.delete(ctx, key, version).await,
            Backend::S3(bucket) => bucket.delete(ctx, key, version).await,
            Backend::File(folder) => folder.delete(ctx, key, version).await,
        };
        match deleted {
            // Some stores say so of what is not there, too.
            Err(conflict @ StoreError::Conflict { .. }) => match self.read(ctx, key).await? {
                None => Ok(()),
                Some(_) => Err(conflict),
            },
            other => other,
        }
    }

    /// What lies directly in `folder` (`phases`, without a slash at its end), in the order of the keys; not what lies
    /// in folders of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, ctx: &CallContext, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let mut listed = match &self.backend {
            Backend::Gs(bucket) => bucket.list(ctx, folder).await?,
            Backend::S3(bucket) => bucket.list(ctx, folder).await?,
            Backend::File(own) => own.list(folder).await?,
        };
        listed.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(listed)
    }
}

/// Whether the bucket of a store keeps old versions of its objects.
///
/// # Errors
/// [`StoreError`]; [`StoreError::NoBucket`] for a folder.
pub async fn bucket_is_versioned(ctx: &CallContext, clients: &Clients, url: &StoreUrl) -> Result<bool, StoreError> {
    match Store::open(url, clients).backend {
        Backend::Gs(bucket) => bucket.is_versioned(ctx).await,
        Backend::S3(bucket) => bucket.is_versioned(ctx).await,
        Backend::File(_) => Err(StoreError::NoBucket { uri: url.to_string() }),
    }
}

/// The command that lets the bucket of a store keep old versions of its objects; `None` for a folder.
pub fn versioning_command(url: &StoreUrl) -> Option<String> {
    match url.place() {
        Location::Gs { bucket, .. } => Some(format!("gcloud storage buckets update gs://{bucket} --versioning")),
        Location::S3 { bucket, .. } => {
            Some(format!("aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"))
        }
        Location::File { .. } => None,
    }
}

/// Whether an object, or a file, is there.
///
/// # Errors
/// [`StoreError`]; a bucket that does not exist is one.
pub async fn object_exists(ctx: &CallContext, clients: &Clients, url: &ObjectUrl) -> Result<bool, StoreError> {
    match Store::at(url.root().clone(), clients).backend {
        Backend::Gs(bucket) => bucket.exists(ctx, url.name()).await,
        Backend::S3(bucket) => bucket.exists(ctx, url.name()).await,
        Backend::File(folder) => folder.exists(url.name()).await,
    }
}
