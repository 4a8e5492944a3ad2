//! The cloud of the table: localcloud, with all that the samples of `mlops_stack` need.

use expect_test::{ExpectFile, expect_file};
use localcloud::{Handle, Seed, Server, Settings};
use serde_json::json;
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::TestProvider;

use crate::driver::{self, DESCRIPTIONS};

/// The resource whose attributes are in the table.
pub(crate) use crate::driver::STACK;

/// What every stack of the table says.
pub(crate) const STACK_ITSELF: &str = r#"{"name": "it"}"#;
/// What is known of attributes beyond the schema.
pub(crate) const SAMPLES: &str = include_str!("samples.json");
/// The cells that do not hold yet.
pub(crate) const KNOWN: &str = include_str!("known.txt");
/// The table as it stands.
pub(crate) const TABLE: &str = include_str!("table.txt");
/// How many attributes are worked on at once.
pub(crate) const AT_ONCE: usize = 6;

/// One attribute in so many is tried where none is named.
pub(crate) const SHARE: u64 = 1;

const PROJECT: &str = "test-project";
const REGION: &str = "europe-west1";
const SERVICES: &[&str] = &[
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
];

/// Where the table is kept.
pub(crate) fn table() -> ExpectFile {
    expect_file!["table.txt"]
}

/// One project.
pub(crate) struct Cloud(pub(crate) Handle);

impl Cloud {
    /// A project with nothing in it but who pays, metrics, an old revision, other projects.
    pub(crate) async fn empty() -> Self {
        let bare: Seed = serde_json::from_str(include_str!("project.json")).unwrap();
        let seed = Seed { enabled_services: SERVICES.iter().map(ToString::to_string).collect(), ..bare };
        let builder = Server::builder().seed(seed).settings(Settings::PROMPT).check(DESCRIPTIONS.clone());
        Self(builder.spawn().await.unwrap())
    }

    pub(crate) async fn provider(&self) -> TestProvider<Mlops> {
        driver::provider(self.0.url(), PROJECT, REGION, json!({})).await
    }

    /// The id of an import of the stack with these selectors.
    pub(crate) fn import_id(_: Option<&str>, selectors: &str) -> String {
        format!("{PROJECT}/{REGION}/it{selectors}")
    }

    pub(crate) fn forget_calls(&self) {
        self.0.clear_requests();
    }

    /// The calls since then that can change something.
    pub(crate) fn writes(&self) -> Vec<String> {
        let reads = [":getIamPolicy", ":testIamPermissions", ":search", ":query"];
        let calls = self.0.requests().into_iter();
        calls
            .filter(|call| call.method != "GET" && !reads.iter().any(|verb| call.path.ends_with(verb)))
            .map(|call| format!("{} {}{}", call.method, call.host, call.path))
            .collect()
    }
}
