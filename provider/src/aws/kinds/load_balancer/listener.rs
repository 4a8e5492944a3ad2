//! Listeners of a load balancer: ports, and what becomes of requests to them.
//!
//! One action per listener is shown: where requests go, a redirect or an answer. What a listener does beyond that (weights,
//! logins) stays as it is.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::super::limits;
use crate::aws::api::{ApiError, Found, items};
use crate::aws::elb::{self, Protocol};
use crate::aws::session::Run;
use crate::aws::terms::is_arn;
use crate::engine::marks::{FreeText, Identity, Silent, WhenSilent, refers, wire};
use crate::engine::wire;
use crate::engine::wire::INT64;

/// The field of a balancer's JSON with its listeners.
pub(super) const LISTENERS: &str = "listeners";
/// The field of a listener's JSON with the target group that requests go to.
pub(super) const TARGET: &str = "forward.TargetGroupArn";
/// What the actions are called in the API, and where their settings are there and here.
const ACTIONS: [(&str, &str, &str); 2] =
    [("redirect", "RedirectConfig", "redirect"), ("fixed-response", "FixedResponseConfig", "fixed")];

/// A port that a balancer listens on, with one of `target_group`, `redirect` and `fixed_response`.
#[derive(Object, Clone)]
pub(super) struct Listener {
    /// The port.
    #[tf(required, ext(wire("Port").codec(INT64), Identity))]
    port: Value<i64>,
    /// How clients speak: `HTTPS` with a certificate, else `HTTP`.
    #[tf(optional, computed, ext(wire("Protocol"), WhenSilent(protocol)))]
    protocol: Value<Protocol>,
    /// The ARN of the certificate that is shown to clients. `HTTPS` needs it.
    #[tf(optional, ext(wire("certificate")))]
    certificate: Value<String>,
    /// Which versions and ciphers of TLS are spoken. AWS's choice when absent; what there is stays.
    #[tf(optional, computed, ext(wire("SslPolicy"), WhenSilent(usual_policy)))]
    ssl_policy: Value<String>,
    /// Where requests go to: the KEY of one of `target_groups`, or the ARN of another.
    #[tf(optional, ext(wire(TARGET), refers("target_groups", "arn").named_as("arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID", is_arn)))]
    target_group: Value<String>,
    /// Where clients are sent instead.
    #[tf(optional, ext(wire("redirect")))]
    redirect: Value<Redirect>,
    /// What clients are answered.
    #[tf(optional, ext(wire("fixed")))]
    fixed_response: Value<FixedResponse>,
    /// The listener's ARN.
    #[tf(computed, ext(wire("ListenerArn")))]
    arn: Value<String>,
}

/// Where clients are sent. What nothing is said of stays as they asked for it.
#[derive(Object, Clone)]
struct Redirect {
    /// The protocol.
    #[tf(default = "#{protocol}", ext(wire("Protocol").always()))]
    protocol: Value<String>,
    /// The host.
    #[tf(default = "#{host}", ext(wire("Host").always(), FreeText))]
    host: Value<String>,
    /// The port.
    #[tf(default = "#{port}", ext(wire("Port").always()))]
    port: Value<String>,
    /// The path.
    #[tf(default = "/#{path}", ext(wire("Path").always()))]
    path: Value<String>,
    /// The query.
    #[tf(default = "#{query}", ext(wire("Query").always()))]
    query: Value<String>,
    /// For ever, or for now.
    #[tf(default = "HTTP_301", ext(wire("StatusCode").always()))]
    status_code: Value<RedirectCode>,
}

/// What clients are answered.
#[derive(Object, Clone)]
struct FixedResponse {
    /// The status: 2xx, 4xx or 5xx.
    #[tf(required, ext(wire("StatusCode").codec(INT64)))]
    status_code: Value<i64>,
    /// What the body is.
    #[tf(optional, ext(wire("ContentType")))]
    content_type: Value<String>,
    /// The body: up to 1024 characters.
    #[tf(optional, ext(wire("MessageBody"), FreeText))]
    message_body: Value<String>,
}

/// For how long a redirect is.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum RedirectCode {
    /// For ever.
    #[tf(name = "HTTP_301")]
    Permanent,
    /// For now.
    #[tf(name = "HTTP_302")]
    Found,
}

/// The protocol where the configuration says nothing of it.
fn protocol(silent: &Silent<'_>) -> Dynamic {
    match silent.now.get("certificate") {
        Dynamic::Null => Dynamic::string("HTTP"),
        Dynamic::Unknown => Dynamic::Unknown,
        _ => Dynamic::string("HTTPS"),
    }
}

/// The policy of TLS where the configuration says nothing of it: what there is, as long as there is TLS.
fn usual_policy(silent: &Silent<'_>) -> Dynamic {
    match (silent.now.get("certificate"), silent.value) {
        (Dynamic::Null, _) => Dynamic::Null,
        (_, Dynamic::Null) => Dynamic::Unknown,
        (_, known) => known.clone(),
    }
}

/// Checks the listeners of a balancer.
pub(super) fn validate<'l>(
    listeners: impl Iterator<Item = (&'l String, &'l Listener)>,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let mut ports: BTreeMap<i64, &String> = BTreeMap::new();
    for (key, listener) in listeners {
        let path = path.key(key);
        limits::number(&listener.port, 1..=65_535, "port", &path, diagnostics);
        let mut refuse = |title: &str, detail: String, attribute: &str| {
            diagnostics.push(Diagnostic::error(title.to_owned(), detail).at(path.attribute(attribute)));
        };
        let port = listener.port.known().copied();
        if let Some(other) = port.and_then(|port| ports.insert(port, key)) {
            let detail = format!("{other:?} and {key:?} both listen on the port {}.", port.unwrap_or_default());
            refuse("Two listeners have the same port", detail, "port");
        }
        let protocol = listener.protocol.known();
        if protocol == Some(&Protocol::Https) && listener.certificate.is_null() {
            let detail = "HTTPS needs a certificate. Set certificate to the ARN of one in ACM, or protocol to HTTP.";
            refuse("A listener without a certificate", detail.to_owned(), "certificate");
        }
        if protocol == Some(&Protocol::Http) && !listener.certificate.is_null() {
            let detail = "Only HTTPS has a certificate. Remove certificate, or set protocol to HTTPS.";
            refuse("A certificate without TLS", detail.to_owned(), "certificate");
        }
        let actions = [
            ("target_group", listener.target_group.is_null()),
            ("redirect", listener.redirect.is_null()),
            ("fixed_response", listener.fixed_response.is_null()),
        ];
        let set: Vec<&str> = actions.into_iter().filter(|(_, is_null)| !is_null).map(|(name, _)| name).collect();
        if let [first, .., last] = set.as_slice() {
            let detail =
                format!("{first} and {last} are both set, and one thing becomes of a request. Remove one of them.");
            refuse("A listener has one action", detail, last);
        }
        if let Some(answer) = listener.fixed_response.known() {
            let is_code = |code: &&i64| matches!(**code, 200..=299 | 400..=599);
            if let Some(code) = answer.status_code.known().filter(|code| !is_code(code)) {
                let detail = format!("status_code is {code}; it is 200 to 299, or 400 to 599.");
                refuse("Invalid status of an answer", detail, "fixed_response");
            }
        }
    }
}

/// Checks a listener that is not there yet.
pub(super) fn validate_new(listener: &Listener, path: &Path, diagnostics: &mut Diagnostics) {
    if listener.target_group.is_null() && listener.redirect.is_null() && listener.fixed_response.is_null() {
        let detail = "Nothing says what becomes of a request. Set target_group, redirect or fixed_response.";
        diagnostics.push(Diagnostic::error("A listener needs an action", detail).at(path.clone()));
    }
}

/// The map of listeners in a balancer's JSON.
pub(super) fn by_key(listeners: impl IntoIterator<Item = Json>) -> Json {
    let shown = listeners.into_iter().map(shown);
    wire::by_key(shown, |one| format!("{}_{}", wire::text(one, "Protocol").to_lowercase(), wire::text(one, "Port")))
}

/// A listener as it is shown here.
pub(super) fn shown(mut listener: Json) -> Json {
    let certificates = listener["Certificates"].take();
    wire::remove(&mut listener, "Certificates");
    // Without TLS it has neither certificate nor policy, whatever it had before.
    if listener["Protocol"] == "HTTP" {
        wire::remove(&mut listener, "SslPolicy");
    } else if let Some(certificate) = items(&certificates).first().and_then(|one| one.get("CertificateArn")) {
        listener["certificate"] = certificate.clone();
    }
    if let Some((field, settings)) = only_action(items(&listener["DefaultActions"])) {
        wire::remove(&mut listener, "DefaultActions");
        listener[field] = settings;
    }
    // The answers say nothing by empty texts.
    if let Some(fields) = listener.as_object_mut() {
        fields.retain(|_, value| value.as_str() != Some(""));
    }
    listener
}

/// What the only action of a listener is, and its settings, if it is a plain one.
fn only_action(actions: &[Json]) -> Option<(&'static str, Json)> {
    let [action] = actions else { return None };
    let of_type = wire::text(action, "Type");
    if of_type == "forward" {
        let groups = items(action.get("ForwardConfig").and_then(|all| all.get("TargetGroups")).unwrap_or(&Json::Null));
        let is_sticky = wire::text(action, "ForwardConfig.TargetGroupStickinessConfig.Enabled") == "true";
        let group = match groups {
            [] => action.get("TargetGroupArn"),
            [one] => one.get("TargetGroupArn"),
            _ => None,
        };
        return group.filter(|_| !is_sticky).map(|group| ("forward", json!({ "TargetGroupArn": group })));
    }
    let (_, settings, field) = ACTIONS.into_iter().find(|(name, ..)| *name == of_type)?;
    let mut settings = action.get(settings)?.clone();
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|_, value| value.as_str() != Some(""));
    }
    Some((field, settings))
}

/// A listener as calls take it.
pub(super) fn told(shown: &Json) -> Json {
    let has_certificate = shown.get("certificate").is_some();
    let usual = if has_certificate { "HTTPS" } else { "HTTP" };
    let mut listener = json!({
        "Port": shown["Port"], "Protocol": shown.get("Protocol").cloned().unwrap_or_else(|| json!(usual)),
    });
    if let Some(certificate) = shown.get("certificate") {
        listener["Certificates"] = json!([{ "CertificateArn": certificate }]);
        listener["SslPolicy"] = shown.get("SslPolicy").cloned().unwrap_or_default();
    }
    let action = match wire::get(shown, TARGET) {
        Some(group) => Some(json!({ "Type": "forward", "TargetGroupArn": group })),
        None => ACTIONS
            .into_iter()
            .find_map(|(of_type, settings, field)| Some(json!({ "Type": of_type, settings: shown.get(field)? }))),
    };
    listener["DefaultActions"] = match action {
        Some(action) => json!([action]),
        None => shown.get("DefaultActions").cloned().unwrap_or_default(),
    };
    listener
}

/// Makes the listeners of the balancer with this ARN what `after` says.
///
/// # Errors
/// Of the calls.
pub(super) async fn write(balancer: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let all = |body: &Json| -> Vec<Json> {
        body.get(LISTENERS).and_then(Json::as_object).into_iter().flatten().map(|(_, one)| one.clone()).collect()
    };
    let (there, wanted) = (all(before), all(after));
    let is_same = |one: &Json, other: &Json| wire::text(one, "Port") == wire::text(other, "Port");
    // A port must be free before another listener has it.
    for gone in there.iter().filter(|one| !wanted.iter().any(|other| is_same(one, other))) {
        elb::call("DeleteListener", json!({ "ListenerArn": gone["ListenerArn"] }), run).await.found()?;
    }
    for listener in &wanted {
        let mut body = told(listener);
        match there.iter().find(|one| is_same(one, listener)) {
            None => {
                body["LoadBalancerArn"] = json!(balancer);
                elb::call("CreateListener", body, run).await?;
            }
            Some(before) if told(before) != body => {
                body["ListenerArn"] = before["ListenerArn"].clone();
                elb::call("ModifyListener", body, run).await?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}
