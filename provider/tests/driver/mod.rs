//! What the tests share that drive the provider in this process, against a localcloud of their own.
//!
//! The descriptions of the APIs, a configured provider, what was said as text, and values as JSON. `things` is what is in a cloud.

pub(crate) mod things;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use localcloud::discovery::Discovery;
use serde_json::{Value as Json, json};
use terraform_provider_mlops::provider::Mlops;
use tfplugin::Diagnostic;
use tfplugin::testing::TestProvider;
use tfplugin::value::json as terraform_json;

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

/// A diagnostic in one line.
pub(crate) fn line(one: &Diagnostic) -> String {
    let path = one.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
    let text = format!("{path}{}: {}", one.summary, one.detail);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as JSON; what is unknown is a text that says so.
pub(crate) fn readable(value: &tfplugin::Dynamic) -> Json {
    use tfplugin::Dynamic;
    match value {
        Dynamic::Unknown => json!("(known after apply)"),
        Dynamic::Object(entries) | Dynamic::Map(entries) => {
            entries.iter().map(|(name, value)| (name.to_string(), readable(value))).collect()
        }
        Dynamic::List(items) | Dynamic::Set(items) => items.iter().map(readable).collect(),
        other => terraform_json::to_json(other).unwrap(),
    }
}

/// Where two values differ, in one line.
pub(crate) fn difference(before: &Json, after: &Json) -> String {
    let found = acceptance_tests::differences(before, after);
    let lines = found.iter().map(|one| format!("{}: {} -> {}", one.path, one.before, one.after));
    lines.collect::<Vec<_>>().join(", ")
}
