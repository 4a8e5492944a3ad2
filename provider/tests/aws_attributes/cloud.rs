//! The cloud of the table: moto, of which a few run, one for each account that is in use.

use std::sync::Mutex;

use acceptance_tests::{Mark, Moto};
use expect_test::{ExpectFile, expect_file};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::TestProvider;

/// The resource whose attributes are in the table.
pub(crate) const STACK: &str = "mlops_aws_stack";
/// What every stack of the table says. It is not protected, so that what it made can be made anew.
pub(crate) const STACK_ITSELF: &str = r#"{"name": "it", "deletion_protection": false}"#;
/// What is known of attributes beyond the schema.
pub(crate) const SAMPLES: &str = include_str!("samples.json");
/// The cells that do not hold yet.
pub(crate) const KNOWN: &str = include_str!("known.txt");
/// The table as it stands.
pub(crate) const TABLE: &str = include_str!("table.txt");
/// How many attributes are worked on at once: each has a moto or two.
pub(crate) const AT_ONCE: usize = 2;

/// One attribute in so many is tried where none is named: all of them take a quarter of an hour.
pub(crate) const SHARE: u64 = 4;

/// How many tasks of every service run at once: more than any sample wants.
const TASKS: &str = "9";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";

/// Where the table is kept.
pub(crate) fn table() -> ExpectFile {
    expect_file!["table.txt"]
}

/// A moto and the folder with the log of its calls.
struct Running {
    moto: Moto,
    _folder: TempDir,
}

/// Those that nobody uses at the moment. A start takes longer than a reset.
static IDLE: Mutex<Vec<Running>> = Mutex::new(Vec::new());

/// One account.
pub(crate) struct Cloud {
    running: Option<Running>,
    seen: Mutex<Mark>,
}

impl Cloud {
    /// An account with nothing in it but its default network.
    pub(crate) async fn empty() -> Self {
        let idle = IDLE.lock().unwrap().pop();
        let running = idle.unwrap_or_else(|| {
            let folder = tempfile::tempdir().unwrap();
            let environment = [("MOTO_ACCOUNT_ID", ACCOUNT), ("MOTO_ECS_SERVICE_RUNNING", TASKS)];
            let moto = Moto::start(&folder.path().join("calls.txt"), &environment);
            // The ids of the default network are the same from the second time on.
            moto.reset();
            Running { moto, _folder: folder }
        });
        running.moto.reset();
        let seen = Mutex::new(running.moto.mark());
        Self { running: Some(running), seen }
    }

    pub(crate) fn moto(&self) -> &Moto {
        &self.running.as_ref().unwrap().moto
    }

    /// All that there is in the account.
    pub(crate) fn everything(&self) -> Json {
        self.moto().everything()
    }

    pub(crate) async fn provider(&self) -> TestProvider<Mlops> {
        let provider = TestProvider::new(Mlops).await;
        let aws = json!({
            "endpoint": self.moto().url(),
            "region": REGION,
            "access_key": "AKIAIOSFODNN7EXAMPLE",
            "secret_key": "wJalrXUtnFEMI",
        });
        let problems = provider.configure(&json!({ "aws": aws })).await;
        assert!(!problems.has_error(), "{problems:?}");
        provider
    }

    /// The id of an import of what there is of a kind, with what it uses; of everything where no kind is named.
    pub(crate) fn import_id(kind: Option<&str>, selectors: &str) -> String {
        let of_kind = kind.map(|kind| format!("?{kind}=*")).filter(|_| selectors.is_empty());
        format!("{ACCOUNT}/{REGION}/it{selectors}{}", of_kind.unwrap_or_default())
    }

    pub(crate) fn forget_calls(&self) {
        *self.seen.lock().unwrap() = self.moto().mark();
    }

    /// The calls since then that can change something.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.moto().writes_since(*self.seen.lock().unwrap())
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        IDLE.lock().unwrap().extend(self.running.take());
    }
}
