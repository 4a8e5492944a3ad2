//! What the tests share that drive the provider in this process, against a localcloud of their own.
//!
//! The descriptions of the APIs, a configured provider, `said` is what was said as text, and values as JSON; `things` is what is in a cloud.

mod said;
pub(crate) mod things;

pub(crate) use said::{difference, line, readable};

use std::path::Path;
use std::sync::{Arc, LazyLock};

use localcloud::discovery::Discovery;
use serde_json::{Value as Json, json};
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::TestProvider;

/// The resource type of a stack.
pub(crate) const STACK: &str = "mlops_stack";

/// The descriptions of the APIs, by which the cloud refuses what Google refuses.
pub(crate) static DESCRIPTIONS: LazyLock<Arc<Discovery>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/discovery");
    let found = Discovery::open(&folder);
    Arc::new(found.unwrap_or_else(|problem| panic!("{problem}: `make tools` fetches them")))
});

/// A provider for the cloud at `url`; `more` are further arguments of its block.
pub(crate) async fn provider(url: &str, project: &str, region: &str, more: Json) -> TestProvider<Mlops> {
    let provider = TestProvider::new(Mlops).await;
    let mut config = json!({"endpoint": url, "project": project, "region": region});
    if let (Json::Object(config), Json::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    let problems = provider.configure(&config).await;
    assert!(!problems.has_error(), "{problems:?}");
    provider
}
