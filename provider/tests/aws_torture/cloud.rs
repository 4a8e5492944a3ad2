//! The cloud of the torture: moto behind a front that spoils calls.

use std::sync::{Arc, LazyLock};

use acceptance_tests::Moto;
use localcloud::aws::{Front, Settings};
use localcloud::{FaultSpec, RequestRecord, Unspent};
use regex::Regex;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::TestProvider;
use tokio::task::block_in_place;

use crate::lines::lines;

pub(crate) use localcloud::aws::is_write;

/// The resource of a stack.
pub(crate) const STACK: &str = "mlops_aws_stack";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";
/// The import id of the stack.
pub(crate) const ID: &str = "123456789012/eu-west-1/churn";
/// The stack as it is made.
pub(crate) const FIRST: &str = include_str!("stack.json");
/// What is changed in it: a JSON merge patch.
pub(crate) const CHANGE: &str = include_str!("change.json");
/// The cells that do not hold yet.
pub(crate) const KNOWN: &str = include_str!("known.txt");
/// Cells that run at once: each has a process of its own.
pub(crate) const AT_ONCE: usize = 4;
/// The size of a sample, which takes about a minute. `TORTURE_SAMPLE` sets another.
pub(crate) const SAMPLE: usize = 40;
/// The sample of `make test`.
pub(crate) const SEED: u64 = 8;
/// By one of these an error names what it is about.
pub(crate) const COMPONENTS: [&str; 4] = ["[\"", "mlops_aws_stack", "the stack", "The stack"];
/// By one of these an error names the call that failed, or why there is none.
pub(crate) const CALLS: [&str; 4] = [":", "exists", "somebody else", "GET "];

/// The moto of which all others are branches: an account with nothing in it but its default network.
static ROOT: LazyLock<(Moto, TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("MOTO_ACCOUNT_ID", ACCOUNT), ("MOTO_ECS_SERVICE_RUNNING", "9")];
    let moto = Moto::start(&folder.path().join("calls.txt"), &environment);
    // The ids of the default network are the same from the second time on.
    moto.reset();
    moto.reset();
    (moto, folder)
});

/// What one moto says otherwise than another: its port, what it adds to the names of secrets, the ids of scalable targets.
static MADE_UP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(127\\.0\\.0\\.1:)[0-9]+|(secret:[A-Za-z0-9/]+-)[A-Za-z0-9]{6}|(scalable-target/)[0-9a-z]+").unwrap()
});

/// What a cloud can begin with: a moto that nobody changes.
pub(crate) type Saved = Arc<Moto>;

/// One account.
pub(crate) struct Cloud {
    front: Front,
    moto: Moto,
}

impl Cloud {
    pub(crate) async fn empty() -> Self {
        Self::before(block_in_place(|| ROOT.0.branch())).await
    }

    pub(crate) async fn at(saved: &Saved) -> Self {
        Self::before(block_in_place(|| saved.branch())).await
    }

    async fn before(moto: Moto) -> Self {
        Self { front: Settings::before(moto.url()).spawn().await.unwrap(), moto }
    }

    pub(crate) fn save(&self) -> Saved {
        block_in_place(|| Arc::new(self.moto.branch()))
    }

    pub(crate) fn url(&self) -> &str {
        self.front.url()
    }

    pub(crate) fn moto(&self) -> &Moto {
        &self.moto
    }

    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.front.requests()
    }

    pub(crate) fn fault(&self, spec: FaultSpec) {
        self.front.fault(spec).unwrap();
    }

    pub(crate) fn unspent(&self) -> Vec<Unspent> {
        self.front.unspent()
    }

    pub(crate) fn clear_faults(&self) {
        self.front.clear_faults();
    }

    /// Everything that lasts, line by line.
    pub(crate) fn contents(&self) -> Json {
        let everything = block_in_place(|| self.moto.everything());
        let without_ids = |line: String| MADE_UP.replace_all(&line, "$1$2$3#").into_owned();
        lines(&everything).into_iter().map(|line| (without_ids(line), json!(true))).collect()
    }

    /// Nothing: what an apply records is compared with what a refresh reads, and what is there with what should be.
    #[expect(clippy::unused_self, reason = "another cloud knows more")]
    pub(crate) fn disagreements(&self, _: &Json) -> Vec<String> {
        Vec::new()
    }
}

/// A provider that does not wait long: of a fault there is one, and an outage lasts for all of a call's attempts.
pub(crate) async fn provider(url: &str) -> TestProvider<Mlops> {
    let provider = TestProvider::new(Mlops).await;
    let aws = json!({
        "endpoint": url,
        "region": REGION,
        "access_key": "AKIAIOSFODNN7EXAMPLE",
        "secret_key": "wJalrXUtnFEMI",
    });
    let problems = provider.configure(&json!({"aws": aws, "max_retries": 2, "request_timeout": "10s"})).await;
    assert!(!problems.has_error(), "{problems:?}");
    provider
}

/// The actions that delete an object.
const DELETIONS: [&str; 19] = [
    "DeleteAlarms",
    "DeleteCluster",
    "DeleteDBInstance",
    "DeleteDBParameterGroup",
    "DeleteDBSubnetGroup",
    "DeleteLoadBalancer",
    "DeleteLogGroup",
    "DeleteOpenIDConnectProvider",
    "DeletePolicy",
    "DeleteQueue",
    "DeleteRepository",
    "DeleteRole",
    "DeleteSecret",
    "DeleteSecurityGroup",
    "DeleteService",
    "DeleteTable",
    "DeleteTargetGroup",
    "DeleteTopic",
    "DeleteVpcEndpoints",
];

/// Whether a write deletes an object.
pub(crate) fn is_deletion(call: &RequestRecord) -> bool {
    let action = &call.path[1..];
    DELETIONS.contains(&action) || (call.method == "DELETE" && !action.contains('?'))
}

/// By which a plan may have announced what a call does.
pub(crate) fn names_of(call: &RequestRecord) -> Vec<String> {
    let values = call.query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    values.map(|value| value.rsplit(['/', ':']).next().unwrap_or_default().to_owned()).collect()
}

/// Whether the path of a difference lies in the value of a secret.
pub(crate) fn is_version_of_secret(path: &str) -> bool {
    path.starts_with("/secretsmanager.") && path.contains(".versions.")
}

/// Takes out of a state what changes by itself, and what only a read tells after an update.
pub(crate) fn forget_what_changes(state: &mut Json) {
    for service in state["services"].as_object_mut().into_iter().flat_map(|services| services.values_mut()) {
        service["task_definition"] = Json::Null;
    }
}
