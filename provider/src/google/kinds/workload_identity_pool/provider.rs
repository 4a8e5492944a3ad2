//! Providers of a pool: what they are told, and the rules that the API has for it.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::texts;
use crate::engine::marks::{Identity, wire};
use crate::google::kinds::scalars::{JsonText, Prose};

/// Issuers that anybody gets tokens from: without a condition everybody could log in.
const SHARED_ISSUERS: [&str; 3] =
    ["https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"];

/// What the API maps for AWS when it is told nothing.
const AWS_MAPPING: [(&str, &str); 2] = [
    ("google.subject", "assertion.arn"),
    (
        "attribute.aws_role",
        "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' + \
         assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn",
    ),
];

/// An identity provider: an OpenID Connect issuer, an AWS account or a SAML identity provider.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Provider {
    /// The provider's name in the pool: 4 to 32 lower-case letters, digits and `-`, not beginning with `gcp-`. Defaults to
    /// the KEY. One that was deleted less than 30 days ago is brought back.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// What the provider is called in the console: at most 32 characters.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// What the provider is for: at most 256 characters.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// Whether nobody can log in through the provider.
    #[tf(default = false, ext(wire("disabled")))]
    pub(super) disabled: Value<bool>,
    /// The OpenID Connect issuer: `https://token.actions.githubusercontent.com` for GitHub.
    #[tf(optional, ext(wire("oidc.issuerUri")))]
    pub(super) issuer_uri: Value<String>,
    /// Audiences that tokens may be for, at most 10. Without them it is the provider's own full name.
    #[tf(optional, ext(wire("oidc.allowedAudiences")))]
    pub(super) allowed_audiences: Value<BTreeSet<String>>,
    /// The issuer's public keys as JSON, where Google cannot fetch them.
    #[tf(optional, ext(wire("oidc.jwksJson")))]
    pub(super) jwks_json: Value<JsonText>,
    /// The AWS account: 12 digits.
    #[tf(optional, ext(wire("aws.accountId")))]
    pub(super) aws_account_id: Value<String>,
    /// The SAML identity provider's metadata as XML.
    #[tf(optional, ext(wire("saml.idpMetadataXml")))]
    pub(super) saml_metadata_xml: Value<Prose>,
    /// What becomes of the claims: a map from `google.subject` (which all but AWS need), `google.groups` or `attribute.NAME` to an
    /// expression such as `assertion.sub`.
    #[tf(optional, ext(wire("attributeMapping")))]
    pub(super) attribute_mapping: Value<BTreeMap<String, String>>,
    /// The condition that a login must meet: `assertion.repository == 'owner/repository'`. Issuers that anybody gets
    /// tokens from, such as GitHub's, need one.
    #[tf(optional, ext(wire("attributeCondition")))]
    pub(super) attribute_condition: Value<Prose>,
    /// The provider's relative name, with the project's number as logins need it:
    /// `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/NAME`.
    #[tf(computed, ext(wire("id")))]
    pub(super) id: Value<String>,
}

/// Fills in what the provider means but does not say.
pub(super) fn complete(key: &str, provider: &mut Dynamic) {
    let is_aws = provider.get("aws_account_id").as_str().is_some();
    let Some(entries) = provider.as_entries_mut() else { return };
    let name = entries.slot("name");
    if name.is_null() {
        *name = Dynamic::string(key);
    }
    let mapping = entries.slot("attribute_mapping");
    if is_aws && mapping.is_null() {
        let usual = AWS_MAPPING.iter().map(|(key, value)| ((*key).to_owned(), Dynamic::string(*value)));
        *mapping = Dynamic::Map(usual.collect());
    }
}

/// The name that a provider has, written or not.
pub(super) fn named(key: &str, provider: &Provider) -> Value<String> {
    if provider.name.is_null() { Value::Known(key.to_owned()) } else { provider.name.clone() }
}

/// The attributes, one of which says what kind of provider it is.
fn kinds(provider: &Provider) -> Vec<&'static str> {
    let kinds = [
        ("issuer_uri", !provider.issuer_uri.is_null()),
        ("aws_account_id", !provider.aws_account_id.is_null()),
        ("saml_metadata_xml", !provider.saml_metadata_xml.is_null()),
    ];
    kinds.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
}

/// A provider stays of its kind for life, and its name is taken for 30 days after it.
pub(super) fn validate_change(was: &Provider, is: &Provider, path: &Path, diagnostics: &mut Diagnostics) {
    let before = kinds(was);
    // A kind that the schema does not have is another one, too.
    let was = before.first().copied().unwrap_or("another kind");
    if let [kind] = kinds(is)[..]
        && was != kind
    {
        diagnostics.push(
            Diagnostic::error(
                "The kind of a provider cannot be changed",
                format!(
                    "The provider {:?} exists with {was}; the configuration gives it {kind}. The API cannot turn one into the \
                     other, and a deleted provider holds its name for 30 days. Declare the new one under a KEY and name of \
                     its own, and remove the old one.",
                    is.name.known().map_or("", String::as_str)
                ),
            )
            .at(path.attribute(kind)),
        );
    }
}

/// The rules for a new provider.
pub(super) fn validate_new(provider: &Provider, path: &Path, diagnostics: &mut Diagnostics) {
    texts(&provider.display_name, &provider.description, path, diagnostics);
    let kinds = kinds(provider);
    let mut error = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    if let [first, second, ..] = kinds[..] {
        error(second, "Two kinds of provider", format!("A provider has {first} or {second}, not both."));
    }
    if kinds.is_empty() {
        let detail = "A provider is of one kind: set issuer_uri, aws_account_id or saml_metadata_xml.";
        error("issuer_uri", "The kind of the provider is missing", detail.to_owned());
    }
    let issuer = provider.issuer_uri.known().map(String::as_str);
    if let Some(issuer) = issuer.filter(|issuer| !issuer.starts_with("https://")) {
        error("issuer_uri", "Not an issuer", format!("issuer_uri must begin with https://; it is {issuer:?}."));
    }
    if kinds == ["issuer_uri"] || kinds == ["saml_metadata_xml"] {
        let mapping = provider.attribute_mapping.known();
        let is_open = provider.attribute_mapping.is_unknown();
        if !is_open && mapping.is_none_or(|mapping| !mapping.contains_key("google.subject")) {
            error(
                "attribute_mapping",
                "google.subject is missing",
                "attribute_mapping must say what google.subject is: { \"google.subject\" = \"assertion.sub\" }."
                    .to_owned(),
            );
        }
    }
    for key in provider.attribute_mapping.known().into_iter().flatten().map(|(key, _)| key) {
        if !is_mapped_attribute(key) {
            error(
                "attribute_mapping",
                "Not an attribute",
                format!(
                    "{key:?} cannot be mapped to. It must be google.subject, google.groups or attribute.NAME, with a NAME of \
                     at most 100 lower-case letters, digits and '_'."
                ),
            );
        }
    }
    let is_shared = issuer.is_some_and(|issuer| SHARED_ISSUERS.contains(&issuer.trim_end_matches('/')));
    if is_shared && provider.attribute_condition.is_null() {
        error(
            "attribute_condition",
            "Everybody could log in",
            format!(
                "Anybody gets tokens from {}, so the API wants a condition. Set attribute_condition, for example to \
                 \"assertion.repository_owner == 'OWNER'\".",
                issuer.unwrap_or_default()
            ),
        );
    }
    if let Some(audiences) = provider.allowed_audiences.known() {
        if audiences.len() > 10 {
            let detail = format!("A provider allows at most 10 audiences; allowed_audiences has {}.", audiences.len());
            error("allowed_audiences", "Too many audiences", detail);
        }
        for audience in audiences.iter().filter(|audience| audience.chars().count() > 256) {
            let detail =
                format!("An audience has at most 256 characters; {audience:?} has {}.", audience.chars().count());
            error("allowed_audiences", "Audience too long", detail);
        }
    }
    let is_account = |account: &str| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(account) = provider.aws_account_id.known().filter(|account| !is_account(account)) {
        error("aws_account_id", "Not an AWS account", format!("aws_account_id must be 12 digits; it is {account:?}."));
    }
}

fn is_mapped_attribute(key: &str) -> bool {
    let is_name = |name: &str| {
        (1..=100).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    matches!(key, "google.subject" | "google.groups") || key.strip_prefix("attribute.").is_some_and(is_name)
}
