//! What Terraform leaves to providers to check.

use crate::world::World;

async fn check(body: &str) -> (Vec<String>, Vec<String>) {
    let world =
        World::new(&format!("variable \"v\" {{\n  type = string\n}}\nresource \"probe_thing\" \"a\" {{\n{body}\n}}\n"))
            .await;
    let run = world.terraform(&["validate", "-json"]).await;
    let document = &run.document;
    let of = |severity: &str| {
        let diagnostics = document["diagnostics"].as_array().cloned().unwrap_or_default();
        let matching = diagnostics.into_iter().filter(|diagnostic| diagnostic["severity"] == severity);
        matching
            .map(|diagnostic| {
                let line = diagnostic["snippet"]["code"].as_str().unwrap_or_default().trim().to_owned();
                format!(
                    "{} | {} | {line}",
                    diagnostic["summary"].as_str().unwrap(),
                    diagnostic["detail"].as_str().unwrap()
                )
            })
            .collect()
    };
    (of("error"), of("warning"))
}

/// Holds that there is exactly this error.
async fn refused(body: &str, expected: &str) {
    let (errors, _) = check(body).await;
    assert_eq!(errors, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_attribute_must_not_be_null() {
    refused(
        "  name = null",
        "Missing required argument | The attribute \"name\" is required: it must be set, and not to null. | name = null",
    )
    .await;
    refused(
        "  name  = \"x\"\n  rules = [{ after = null }]",
        "Missing required argument | The attribute \"after\" is required: it must be set, and not to null.\n\nThis is \
         about rules[0].after. | rules = [{ after = null }]",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computed_attribute_cannot_be_set() {
    refused(
        "  name  = \"x\"\n  named = { k = { after = \"1h\", uid = \"mine\" } }",
        "Value for unconfigurable attribute | The attribute \"uid\" is computed: only the provider sets it. Remove it from the \
         configuration.\n\nThis is about named[\"k\"].uid. | named = { k = { after = \"1h\", uid = \"mine\" } }",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scalars_are_checked_where_they_stand() {
    refused(
        "  name = \"x\"\n  ttl = \"soon\"",
        "Invalid value | \"ttl\" cannot be \"soon\": write minutes or hours, like 90m or 2h. | ttl = \"soon\"",
    )
    .await;
    refused(
        "  name = \"x\"\n  times = {\n    a = \"1h\"\n    b = \"soon\"\n  }",
        "Invalid value | \"times\" cannot be \"soon\": write minutes or hours, like 90m or 2h. | b = \"soon\"",
    )
    .await;
    refused(
        "  name = \"x\"\n  kind = \"SMAL\"",
        "Invalid value | \"kind\" cannot be \"SMAL\": It must be one of SMALL, LARGE. Did you mean SMALL? | kind = \"SMAL\"",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_of_a_set_differ_in_meaning() {
    refused(
        "  name = \"x\"\n  waits = [\"60m\", \"1h\"]",
        "Duplicate set element | In \"waits\", \"1h\" and \"60m\" mean the same. Remove one of them. | waits = [\"60m\", \"1h\"]",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handler_checks_last() {
    refused("  name = \"forbidden\"", "Forbidden name | Choose another. | name = \"forbidden\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deprecated_attributes_are_warned_of() {
    let (errors, warnings) = check("  name = \"x\"\n  old = \"y\"").await;
    assert_eq!(errors, [""; 0]);
    assert_eq!(warnings, ["Deprecated attribute | Use note. | old = \"y\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_values_could_be_valid() {
    let (errors, _) = check(
        "  name = var.v\n  ttl = var.v\n  kind = var.v\n  zones = [var.v]\n  times = { a = var.v }\n  rules = [{ after = var.v }]",
    )
    .await;
    assert_eq!(errors, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_names_its_call() {
    let (errors, _) = check("  name = \"x\"\n  ctl = \"panic-validate\"").await;
    assert!(errors.len() == 1 && errors[0].contains("ValidateResourceConfig"), "{errors:?}");
}
