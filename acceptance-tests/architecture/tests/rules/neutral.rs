//! What the engine may not import and not say.

use architecture::neutral::violations;

use crate::made::{lines, tree};

/// The lines of violations in an engine with this text, beside a cloud with one kind and two APIs.
fn engine(text: &str) -> Vec<String> {
    let files = [
        ("lib.rs", "pub mod engine; pub mod nimbus; pub mod facade;"),
        ("engine.rs", text),
        ("facade.rs", "pub use crate::nimbus::api::Host;"),
        ("nimbus/mod.rs", "pub mod api; pub mod kinds;"),
        (
            "nimbus/api.rs",
            "pub struct Host(&'static str);
             impl Host {
                 /// Pub/Sub.
                 pub const PUBSUB: Host = Host(\"pubsub.googleapis.com\");
                 /// What runs.
                 pub const RUN: Host = Host(\"run.googleapis.com\");
             }",
        ),
        ("nimbus/kinds/mod.rs", "mod barrel;"),
        (
            "nimbus/kinds/barrel.rs",
            "struct Barrel; impl Kind for Barrel { const NAME: &'static str = \"rain_barrels\"; const NOUN: &'static str = \"rain barrel\"; }",
        ),
    ];
    lines(&violations(&tree(&files))).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_neutral_engine_passes() {
    assert_eq!(engine("pub fn plan(kind: &str) -> String { format!(\"{kind} will be run\") }"), [""; 0]);
}

#[test]
fn an_import_of_a_cloud_is_found_through_a_re_export() {
    assert_eq!(engine("use crate::facade::Host;"), ["cloud crate::engine -> crate::nimbus::api"]);
}

#[test]
fn an_import_of_a_cloud_is_found_in_an_expression() {
    let found = engine("fn f() { crate::nimbus::api::Host; }");
    assert!(found.contains(&"cloud crate::engine -> crate::nimbus::api".to_owned()), "{found:?}");
}

#[test]
fn a_kind_is_found_by_name_and_noun_in_any_case() {
    let name = ["word crate::engine: rain barrels"];
    let noun = ["word crate::engine: rain barrel"];
    assert_eq!(engine("const KIND: &str = \"rain_barrels\";"), name);
    assert_eq!(engine("fn is_rain_barrel() {}"), noun);
    assert_eq!(engine("struct RainBarrel;"), noun);
    assert_eq!(engine("fn f() { error!(\"the rain barrel {x} leaks\") }"), noun);
}

#[test]
fn an_api_is_found_by_name_title_and_host() {
    assert_eq!(engine("const API: &str = \"PubSub\";"), ["word crate::engine: pub sub"]);
    assert_eq!(engine("const API: &str = \"Pub/Sub waits\";"), ["word crate::engine: pub sub"]);
    assert_eq!(engine("fn pubsub() {}"), ["word crate::engine: pubsub"]);
    assert_eq!(engine("const HOST: &str = \"dns.googleapis.com\";"), ["word crate::engine: googleapis"]);
}

#[test]
fn a_clouds_own_name_is_found() {
    assert_eq!(engine("fn is_nimbus_made() {}"), ["word crate::engine: nimbus"]);
}

#[test]
fn doc_comments_count_and_plain_comments_do_not() {
    assert_eq!(engine("/// A rain barrel.\nfn f() {}"), ["word crate::engine: rain barrel"]);
    assert_eq!(engine("//! Rain barrels.\n"), ["word crate::engine: rain barrels"]);
    assert_eq!(engine("// A rain barrel.\nfn f() {}"), [""; 0]);
}

#[test]
fn the_words_of_tests_are_free() {
    assert_eq!(
        engine("#[cfg(test)] mod tests { const KIND: &str = \"rain_barrels\"; use crate::nimbus::api; }"),
        [""; 0]
    );
}

#[test]
fn a_module_is_named_as_everything_else() {
    assert_eq!(engine("mod rain_barrels { }"), ["word crate::engine::rain_barrels: rain barrels"]);
}
