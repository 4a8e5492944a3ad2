//! Workload identity pools with their providers: logins without keys, from GitHub, AWS and others.
//!
//! Every write is a long-running operation. A deleted pool or provider holds its name for thirty days: making it again
//! brings it back. Names carry the project's number, which members of grants need.

mod provider;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Name, Object, Path, Value};

use self::provider::Provider;
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Children, Immutable, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::wire::SHORT_NAME;
use crate::google::api::{ApiError, Host};
use crate::google::objects::fill;
use crate::google::rest::{Naming, Operations, Parts, Rest, RestKind, Undeletion, Update};
use crate::google::session::Run;

/// The kind.
pub(super) struct WorkloadIdentityPool;

/// Workload identity pools, by KEY: who from outside Google Cloud may act as a service account, without a key.
#[derive(Object, Clone)]
pub(super) struct WorkloadIdentityPoolSpec {
    /// The pool's name: 4 to 32 lower-case letters, digits and `-`, not beginning with `gcp-`. Defaults to the KEY. A pool
    /// of this name that was deleted less than 30 days ago is brought back. Immutable.
    #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// What the pool is called in the console: at most 32 characters.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// What the pool is for: at most 256 characters.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// Whether nobody can log in through the pool, and logins that were given do not work.
    #[tf(default = false, ext(wire("disabled")))]
    pub(super) disabled: Value<bool>,
    /// The identity providers whose tokens are accepted, by a KEY of your choice. Providers that others made are left alone.
    #[tf(optional, ext(wire("providers"), Children))]
    pub(super) providers: Value<BTreeMap<String, Provider>>,
    /// The pool's relative name, with the project's number as members of grants need it:
    /// `projects/NUMBER/locations/global/workloadIdentityPools/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
}

impl Declared for WorkloadIdentityPool {
    type Spec = WorkloadIdentityPoolSpec;
    const NAME: &'static str = "workload_identity_pools";
    const NOUN: &'static str = "workload identity pool";

    fn validate(&self, spec: &WorkloadIdentityPoolSpec, path: &Path, diagnostics: &mut Diagnostics) {
        name("pool", &spec.name, path, diagnostics);
        let providers = path.attribute("providers");
        let mut taken = BTreeMap::new();
        for (key, provider) in spec.providers.known().into_iter().flatten() {
            name("provider", &provider::named(key, provider), &providers.key(key), diagnostics);
            let name = if provider.name.is_null() { Some(key) } else { provider.name.known() };
            if let Some(other) = name.and_then(|name| taken.insert(name.clone(), key)) {
                diagnostics.push(
                    Diagnostic::error(
                        "Two providers of one name",
                        format!("The providers {other:?} and {key:?} have the same name. Give one of them another."),
                    )
                    .at(providers.key(key)),
                );
            }
        }
    }

    fn validate_new(&self, spec: &WorkloadIdentityPoolSpec, path: &Path, diagnostics: &mut Diagnostics) {
        texts(&spec.display_name, &spec.description, path, diagnostics);
        for (key, provider) in spec.providers.known().into_iter().flatten() {
            provider::validate_new(provider, &path.attribute("providers").key(key), diagnostics);
        }
    }

    fn validate_change(
        &self,
        before: &WorkloadIdentityPoolSpec,
        after: &WorkloadIdentityPoolSpec,
        path: &Path,
        diagnostics: &mut Diagnostics,
    ) {
        let (before, after) = (before.providers.known(), after.providers.known());
        for (key, provider) in after.into_iter().flatten() {
            let name = provider.name.known();
            let mut others = before.into_iter().flatten().map(|(_, other)| other);
            if let Some(was) = others.find(|other| name.is_some() && other.name.known() == name) {
                provider::validate_change(was, provider, &path.attribute("providers").key(key), diagnostics);
            }
        }
    }
}

impl Kind for WorkloadIdentityPool {
    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        let providers = component.as_entries_mut().and_then(|entries| entries.get_mut("providers"));
        for (key, provider) in providers.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
            provider::complete(key, provider);
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        match (component.get("name").as_str(), &scope.place.number) {
            (Some(name), Some(number)) => vec![("id", Dynamic::String(id(name, number)))],
            _ => Vec::new(),
        }
    }

    /// The API answers with the project's number, which a stack that was never read does not know yet.
    fn derive(&self, body: &Json, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = body.get("name").and_then(Json::as_str);
        name.map(|name| ("id", Dynamic::string(name))).into_iter().collect()
    }

    /// The pools of Kubernetes clusters and of managed workload identities.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        let text = |field: &str| body.get(field).and_then(Json::as_str).unwrap_or_default();
        text("mode") == "SYSTEM_TRUST_DOMAIN" || text("name").ends_with(".svc.id.goog")
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "expireTime",
            "mode",
            "name",
            "providers.*.aws.stsUri",
            "providers.*.expireTime",
            "providers.*.state",
            "state",
        ]
    }

    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        let pool = component.get("name").as_str()?;
        let collection = fill(self.rest().collection, &scope.place.region, &scope.place);
        let providers = component.get("providers").as_entries().into_iter().flatten();
        let name = |(key, provider): (&Name, &Dynamic)| {
            let name = provider.get("name");
            let name = if name.is_null() { key } else { name.as_str()? };
            Some(format!("{collection}/{pool}/providers/{name}"))
        };
        providers.map(name).collect()
    }
}

impl RestKind for WorkloadIdentityPool {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::IAM,
            version: "v1",
            collection: "projects/{project}/locations/global/workloadIdentityPools",
            items: "workloadIdentityPools",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Query("workloadIdentityPoolId"),
            update: Update::Mask { etag: false },
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//iam.googleapis.com/{name}",
        }
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }

    fn undeletion(&self) -> Option<&dyn Undeletion> {
        Some(self)
    }
}

#[async_trait]
impl Parts for WorkloadIdentityPool {
    fn fields(&self) -> &'static [&'static str] {
        &["providers"]
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        sync::read(bodies, run).await
    }

    async fn look_for(&self, body: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        sync::look_for(body, component, run).await
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        sync::write(name, before, after, run).await
    }
}

#[async_trait]
impl Undeletion for WorkloadIdentityPool {
    fn is_deleted(&self, body: &Json) -> bool {
        sync::is_deleted(body)
    }

    async fn undelete(&self, name: &str, run: Run<'_>) -> Result<bool, ApiError> {
        sync::revive(name, run).await
    }
}

fn id(name: &str, number: &str) -> String {
    format!("projects/{number}/locations/global/workloadIdentityPools/{name}")
}

/// The rule for names of pools and providers.
fn name(noun: &str, name: &Value<String>, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(name) = name.known().filter(|name| !is_name(name)) {
        diagnostics.push(
            Diagnostic::error(
                format!("Invalid name of a {noun}"),
                format!(
                    "{name:?} cannot be the name of a {noun}: it must have 4 to 32 lower-case letters, digits and '-', and \
                     must not begin with \"gcp-\". It defaults to the KEY; set name where the KEY does not do."
                ),
            )
            .at(path.attribute("name")),
        );
    }
}

/// The rules for texts of new pools and providers.
fn texts(display_name: &Value<String>, description: &Value<String>, path: &Path, diagnostics: &mut Diagnostics) {
    for (attribute, text, limit) in [("display_name", display_name, 32), ("description", description, 256)] {
        if let Some(length) = text.known().map(|text| text.chars().count()).filter(|length| *length > limit) {
            diagnostics.push(
                Diagnostic::error(
                    format!("The {attribute} is too long"),
                    format!("{attribute} must have at most {limit} characters; it has {length}."),
                )
                .at(path.attribute(attribute)),
            );
        }
    }
}

fn is_name(name: &str) -> bool {
    (4..=32).contains(&name.len())
        && !name.starts_with("gcp-")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
