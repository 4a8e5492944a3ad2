//! What the kinds of Elastic Load Balancing share: calls, lists by pages, tags, and settings in pairs.
//!
//! Names are AWS's own within a region; an ARN has an id behind the name, which only AWS tells.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin::Choice;

use super::api::{ApiError, Found, Request, Service, items};
use super::session::Run;
use super::tags;
use crate::engine::wire;

/// The field of an object's JSON with its settings, which the API has as a list of pairs.
pub const SETTINGS: &str = "settings";

/// How a balancer is spoken to, and how it speaks to targets.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// In plain text.
    #[tf(name = "HTTP")]
    Http,
    /// With TLS.
    #[tf(name = "HTTPS")]
    Https,
}

/// Makes a call; what it answers with.
///
/// # Errors
/// Of the call.
pub async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut answer = run.call(Request::new(Service::ELB, action, body)).await?;
    Ok(answer.get_mut(format!("{action}Result")).map(Json::take).unwrap_or_default())
}

/// What a list has in all its pages. None where what is asked for is not there.
///
/// # Errors
/// Of the calls.
pub async fn pages(action: &'static str, list: &str, mut asked: Json, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let mut found = Vec::new();
    loop {
        let Some(page) = call(action, asked.clone(), run).await.found()? else { return Ok(found) };
        found.extend_from_slice(items(&page[list]));
        match page["NextMarker"].as_str().filter(|marker| !marker.is_empty()) {
            Some(marker) => asked["Marker"] = json!(marker),
            None => return Ok(found),
        }
    }
}

/// What is asked of the settings of an object, by its ARN.
pub async fn settings(action: &'static str, of: (&str, &str), run: Run<'_>) -> Result<Json, ApiError> {
    let (parameter, arn) = of;
    call(action, json!({ parameter: arn }), run).await.map(|answer| answer["Attributes"].clone())
}

/// Where a setting stands in an object's JSON: `idle_timeout.timeout_seconds` at `settings.idleTimeout.timeoutSeconds`, as all
/// fields are written.
pub fn path(setting: &str) -> String {
    let mut path = format!("{SETTINGS}.");
    let mut is_start = false;
    for c in setting.chars() {
        match c {
            '_' => is_start = true,
            _ if std::mem::take(&mut is_start) => path.push(c.to_ascii_uppercase()),
            _ => path.push(c),
        }
    }
    path
}

/// The name of the setting whose fields these are.
fn setting(fields: &str) -> String {
    let mut name = String::new();
    for c in fields.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// Puts the settings that are answered into the JSON of their object. Those at AWS's `defaults` that nobody `declares` are left
/// out, as AWS adds more of them over time.
pub fn put_settings(body: &mut Json, pairs: &Json, defaults: &[(&str, &str)], declares: impl Fn(&str) -> bool) {
    for pair in items(pairs) {
        let (key, value) = (wire::text(pair, "Key"), wire::text(pair, "Value"));
        let is_default = defaults.contains(&(key, value)) || value.is_empty();
        if key.is_empty() || (is_default && !declares(key)) {
            continue;
        }
        wire::put(body, &path(key), json!(value));
    }
}

/// The settings in an object's JSON as the pairs of the API, of which `is_wanted` has the names.
pub fn pairs(body: &Json, is_wanted: impl Fn(&str) -> bool) -> Vec<Json> {
    let mut found = BTreeMap::new();
    collect("", &body[SETTINGS], &mut found);
    let found = found.into_iter().map(|(fields, value)| (setting(&fields), value));
    found.filter(|(key, _)| is_wanted(key)).map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

fn collect(name: &str, tree: &Json, found: &mut BTreeMap<String, String>) {
    match tree {
        Json::Object(fields) => {
            for (field, value) in fields {
                let below = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                collect(&below, value, found);
            }
        }
        Json::String(text) => drop(found.insert(name.to_owned(), text.clone())),
        _ => {}
    }
}

/// Of how many objects one call tells the tags at most.
const AT_ONCE: usize = 20;

/// The tags of the object with this ARN.
///
/// # Errors
/// Of the call.
pub async fn tags_of(arn: &str, run: Run<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let is_it = |found: &Json, arn: &str| found["ResourceArn"] == arn;
    let of_arns = |arns: Vec<String>| async move {
        let answer = call("DescribeTags", json!({ "ResourceArns": arns }), run).await?;
        Ok(items(&answer["TagDescriptions"]).to_vec())
    };
    let found = run.together().ask(("tags of load balancing", AT_ONCE), arn, is_it, of_arns).await?;
    Ok(found.iter().flat_map(|one| tags::of_pairs(&one["Tags"])).collect())
}

/// Changes the tags of the object with this ARN.
///
/// # Errors
/// Of the calls.
pub async fn set_tags(arn: &str, change: &tags::Change, run: Run<'_>) -> Result<(), ApiError> {
    if !change.set.is_empty() {
        call("AddTags", json!({ "ResourceArns": [arn], "Tags": tags::pairs(&change.set) }), run).await?;
    }
    if !change.remove.is_empty() {
        call("RemoveTags", json!({ "ResourceArns": [arn], "TagKeys": change.remove }), run).await?;
    }
    Ok(())
}

/// The tags that a new object gets; the API takes no empty list.
pub fn new_tags(body: &Json) -> Json {
    let tags = tags::of(body);
    if tags.is_empty() { Json::Null } else { tags::pairs(&tags) }
}

/// The name of a balancer or target group in its ARN, and what CloudWatch calls it.
pub fn parts(arn: &str) -> Option<(&str, &str)> {
    let (_, path) = arn.split_once(":loadbalancer/").or_else(|| {
        let at = arn.find(":targetgroup/")?;
        Some((&arn[..at], &arn[at + 1..]))
    })?;
    Some((path.split('/').nth(1)?, path))
}

/// The end of a sentence that says why a name cannot be; `None` for one that can.
pub fn refuse_name(name: &str) -> Option<String> {
    let is_legal = (1..=32).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.starts_with("internal-");
    (!is_legal).then(|| {
        "1 to 32 letters, digits and hyphens are allowed, not beginning or ending with a hyphen, and not beginning with \
         internal-. It defaults to the KEY; set name where the KEY does not do."
            .to_owned()
    })
}

/// Whether the tags are those of a controller of Kubernetes, which makes balancers for its services.
pub fn is_of_kubernetes(body: &Json) -> bool {
    let is_theirs = |key: &String| key.starts_with("elbv2.k8s.aws/") || key.starts_with("kubernetes.io/");
    body.get(tags::FIELD).and_then(Json::as_object).is_some_and(|tags: &Map<String, Json>| tags.keys().any(is_theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_a_tree_without_what_aws_adds() {
        let found = json!([
            {"Key": "idle_timeout.timeout_seconds", "Value": "60"}, {"Key": "waf.fail_open.enabled", "Value": "false"},
            {"Key": "routing.http.xff_header_processing.mode", "Value": "preserve"}, {"Key": "access_logs.s3.bucket", "Value": ""},
        ]);
        let mut body = json!({});
        put_settings(&mut body, &found, &[("waf.fail_open.enabled", "false")], |key| key.starts_with("idle"));
        let expected = json!({
            "idleTimeout": {"timeoutSeconds": "60"}, "routing": {"http": {"xffHeaderProcessing": {"mode": "preserve"}}},
        });
        assert_eq!(body[SETTINGS], expected);
        let told = pairs(&body, |key| key.starts_with("idle"));
        assert_eq!(told, [json!({"Key": "idle_timeout.timeout_seconds", "Value": "60"})]);
    }

    #[test]
    fn cloudwatch_has_the_end_of_the_arn() {
        let balancer = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/50dc6c495c0c9188";
        let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web-tg/73e2d6bc24d8a067";
        assert_eq!(parts(balancer), Some(("web", "app/web/50dc6c495c0c9188")));
        assert_eq!(parts(group), Some(("web-tg", "targetgroup/web-tg/73e2d6bc24d8a067")));
        assert_eq!(parts("arn:aws:s3:::x"), None);
    }

    #[test]
    fn names_are_short_and_plain() {
        for (name, is_legal) in
            [("web-1", true), ("-web", false), ("web_1", false), ("internal-web", false), (&*"w".repeat(33), false)]
        {
            assert_eq!(refuse_name(name).is_none(), is_legal, "{name}");
        }
    }
}
