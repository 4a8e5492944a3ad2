//! Where a test's phases are: an empty store of one kind, of its own.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acceptance_tests::{AccessKey, S3};
use localcloud::{Handle, Seed, Server};
use serde_json::json;
use tempfile::TempDir;
use terraform_provider_mlops::checkpoint::archive::{Archive, Stored};
use terraform_provider_mlops::checkpoint::store::{Clients, Precondition, S3Credentials, Store, StoreUrl};
use terraform_provider_mlops::google::api::host::Addressing;
use terraform_provider_mlops::google::api::{CallContext, Client, ClientConfig, Host, Request, RetryPolicy};
use tokio_util::sync::CancellationToken;

use crate::phases::phase;

/// A place for phases.
pub(crate) struct World {
    pub(crate) url: StoreUrl,
    clients: Clients,
    place: Place,
}

enum Place {
    CloudStorage(Handle),
    S3(&'static S3),
    Folder(TempDir),
}

/// A minute: no test takes as long.
pub(crate) fn minute() -> CallContext {
    CallContext::new(Duration::from_secs(60), CancellationToken::new())
}

/// Moto's server, one for all tests.
pub(crate) fn moto() -> &'static S3 {
    static MOTO: OnceLock<S3> = OnceLock::new();
    MOTO.get_or_init(S3::start)
}

/// A name for a bucket that no other test has.
pub(crate) fn new_name() -> String {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("checkpoints-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// A cloud with an empty bucket.
pub(crate) async fn cloud_with(bucket: &serde_json::Value) -> Handle {
    let seed = Seed::empty_project("test-project", "123456789012", &["storage.googleapis.com"]);
    let cloud = Server::builder().seed(seed).spawn().await.unwrap();
    let request = Request::post(Host::STORAGE, "storage/v1/b").query("project", "test-project").json(bucket.clone());
    client(cloud.address(), RetryPolicy::TRANSIENT).call(&minute(), request).await.unwrap();
    cloud
}

/// A client of the cloud at an address.
pub(crate) fn client(cloud: SocketAddr, retry: RetryPolicy) -> Client {
    let endpoint = format!("http://{cloud}").parse().unwrap();
    let addressing = Addressing { endpoint: Some(endpoint), ..Addressing::default() };
    Client::new(ClientConfig { addressing, retry, ..ClientConfig::default() }.tuned_to_endpoint())
}

/// Clients that sign with a key for S3, or with one that nobody checks.
pub(crate) fn s3_clients(key: Option<&AccessKey>, retry: RetryPolicy) -> Clients {
    let (id, secret) = key.map_or(("AKIATEST", "secret"), |key| (key.id.as_str(), key.secret.as_str()));
    let credentials = aws_sdk_s3::config::Credentials::new(id, secret, None, None, "test");
    let client = Client::new(ClientConfig { retry, ..ClientConfig::default() });
    Clients::new(client).with_s3_credentials(S3Credentials::Fixed(credentials))
}

/// The address of a prefix in a bucket of an S3 server.
pub(crate) fn s3_url(server: &str, bucket: &str, prefix: &str) -> String {
    format!("s3://{bucket}{prefix}?region=eu-west-1&endpoint={server}&use_path_style=true")
}

impl World {
    /// An empty bucket of Cloud Storage.
    pub(crate) async fn cloud_storage() -> Self {
        let cloud = cloud_with(&json!({"name": "test-checkpoints"})).await;
        let clients = Clients::new(client(cloud.address(), RetryPolicy::TRANSIENT));
        let url = "gs://test-checkpoints/rollout".parse().unwrap();
        Self { url, clients, place: Place::CloudStorage(cloud) }
    }

    /// An empty bucket of S3.
    pub(crate) fn s3() -> Self {
        let server = moto();
        let bucket = new_name();
        server.make_bucket(&bucket);
        let url = s3_url(&server.url, &bucket, "/rollout").parse().unwrap();
        Self { url, clients: s3_clients(None, RetryPolicy::TRANSIENT), place: Place::S3(server) }
    }

    /// A folder that is not there yet.
    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", folder.path().join("state/rollout").display()).parse().unwrap();
        Self { url, clients: s3_clients(None, RetryPolicy::TRANSIENT), place: Place::Folder(folder) }
    }

    /// Where the server of the store listens; a folder has none.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.place {
            Place::CloudStorage(cloud) => Some(cloud.address()),
            Place::S3(server) => Some(server.url.strip_prefix("http://").unwrap().parse().unwrap()),
            Place::Folder(_) => None,
        }
    }

    /// The address of a store that has one.
    pub(crate) fn server(&self) -> SocketAddr {
        self.address().expect("the test is one of `servers`")
    }

    /// The folder, where the store is one.
    pub(crate) fn path(&self) -> Option<std::path::PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path().join("state/rollout")),
            Place::CloudStorage(_) | Place::S3(_) => None,
        }
    }

    /// How many of those who try again and again are at it at once. Each success makes all others try once more, and moto
    /// takes milliseconds for a call.
    pub(crate) fn rivals_at_once(&self) -> usize {
        match self.place {
            Place::CloudStorage(_) | Place::Folder(_) => 8,
            Place::S3(_) => 3,
        }
    }

    pub(crate) fn archive(&self) -> Archive {
        Archive::open(self.url.clone(), &self.clients)
    }

    /// The archive, as another process would reach it.
    pub(crate) fn other_archive(&self) -> Archive {
        match &self.place {
            Place::CloudStorage(cloud) => self.archive_through(cloud.address(), RetryPolicy::TRANSIENT),
            Place::S3(_) | Place::Folder(_) => {
                Archive::open(self.url.clone(), &s3_clients(None, RetryPolicy::TRANSIENT))
            }
        }
    }

    /// The archive, reached at another address than the server's own.
    pub(crate) fn archive_through(&self, address: SocketAddr, retry: RetryPolicy) -> Archive {
        match &self.place {
            Place::CloudStorage(_) => Archive::open(self.url.clone(), &Clients::new(client(address, retry))),
            Place::S3(server) => {
                let text = self.url.to_string().replace(&server.url, &format!("http://{address}"));
                Archive::open(text.parse().unwrap(), &s3_clients(None, retry))
            }
            Place::Folder(_) => self.archive(),
        }
    }

    /// The archive of another folder of the same place.
    pub(crate) fn beside(&self, name: &str) -> Archive {
        let url = self.url.to_string().replace("/rollout", &format!("/{name}"));
        Archive::open(url.parse().unwrap(), &self.clients)
    }

    /// The store itself, for changes behind the archive's back.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.url, &self.clients)
    }

    /// What lies under a key, as text.
    pub(crate) async fn text(&self, key: &str) -> Option<String> {
        let found = self.store().read(&minute(), key).await.unwrap()?;
        Some(String::from_utf8(found.bytes.to_vec()).unwrap())
    }

    /// Puts a text under a key, whatever is there.
    pub(crate) async fn force(&self, key: &str, text: &str) {
        let store = self.store();
        let found = store.read(&minute(), key).await.unwrap();
        let condition = found.map_or(Precondition::Absent, |found| Precondition::Matches(found.version));
        store.write(&minute(), key, text.to_owned(), "application/json", &condition).await.unwrap();
    }

    /// A phase as it is now.
    pub(crate) async fn now(&self, id: &str) -> Stored {
        self.archive().load(&minute(), &phase(id)).await.unwrap().unwrap()
    }

    /// Checks that the revisions of a phase are whole, and those from 1 on without a gap; says how many there are.
    pub(crate) async fn check_revisions(&self, id: &str) -> u64 {
        let (archive, ctx) = (self.archive(), minute());
        let current = self.now(id).await.revision();
        let revisions = archive.revisions(&ctx, &phase(id)).await.unwrap();
        assert_eq!(revisions, (1..=current).collect::<Vec<_>>());
        for revision in revisions {
            let document = archive.at_revision(&ctx, &phase(id), revision).await.unwrap().unwrap();
            assert_eq!(document.revision, revision);
        }
        current
    }
}
