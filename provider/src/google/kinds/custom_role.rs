//! Custom roles of IAM: the permissions of a project's own, under one name.
//!
//! A deleted role holds its name for weeks: within seven days making it again brings it back. A role without a stage is in
//! ALPHA. Lists leave the permissions out unless they are asked for.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use crate::engine::kind::{Declared, Kind, Role};
use crate::engine::marks::{Codec, Immutable, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::wire::SHORT_NAME;
use crate::google::api::{ApiError, Found, Host, Request};
use crate::google::rest::{Naming, Operations, Rest, RestKind, Undeletion, Update};
use crate::google::session::Run;

/// The kind.
pub(super) struct CustomRole;

/// How many permissions a role may have.
const MOST_PERMISSIONS: usize = 3000;

/// Custom roles of IAM, by KEY: permissions of your choice, which this project's policies grant together. Wherever a role is
/// granted, the KEY of one can be written in its place.
#[derive(Object, Clone)]
pub(super) struct CustomRoleSpec {
    /// The role's name, unique in the project: 3 to 64 letters, digits, `_` and `.`. Defaults to the KEY, so a KEY with `-`
    /// needs a name. A role of this name that was deleted less than 7 days ago is brought back; after that the name cannot
    /// be used for another 30 days. Immutable.
    #[tf(optional, computed, ext(wire_with(&RoleId), Immutable))]
    pub(super) name: Value<String>,
    /// What the role is called in the console: at most 100 bytes.
    #[tf(optional, ext(wire("title")))]
    pub(super) title: Value<String>,
    /// What the role is for: at most 256 characters.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// What the role allows, such as `storage.objects.get`: at most 3000 permissions that IAM supports in custom roles, each
    /// in full. Those that others add are taken out again. A role of none, `[]`, allows nothing.
    #[tf(required, ext(wire("includedPermissions")))]
    pub(super) permissions: Value<BTreeSet<String>>,
    /// How far the role is: `ALPHA`, `BETA`, `GA`, `DEPRECATED`, `DISABLED` or `EAP`. A role that is `DISABLED` allows
    /// nothing, wherever it is granted.
    #[tf(default = "GA", ext(wire_with(&LaunchStage).always()))]
    pub(super) stage: Value<Stage>,
    /// The role's relative name, which is what policies grant: `projects/P/roles/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
}

/// How far a role is.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Being tried out.
    Alpha,
    /// Ready for wider tests.
    Beta,
    /// Ready for use.
    Ga,
    /// Still in use, and not to be granted any more.
    Deprecated,
    /// Without effect.
    Disabled,
    /// Shown to a few.
    Eap,
}

/// The relative name ends with the role's own, which a creation has beside the role.
struct RoleId;

impl Codec for RoleId {
    fn read(&self, body: &Json) -> Dynamic {
        SHORT_NAME.read(body)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        body["roleId"] = value.as_str().map_or(Json::Null, Json::from);
    }
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}

/// The API leaves `ALPHA` out of its answers.
struct LaunchStage;

impl Codec for LaunchStage {
    fn read(&self, body: &Json) -> Dynamic {
        Dynamic::string(body.get("stage").and_then(Json::as_str).unwrap_or("ALPHA"))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        body["stage"] = value.as_str().map_or(Json::Null, Json::from);
    }
    fn masks(&self) -> &'static [&'static str] {
        &["stage"]
    }
}

impl Declared for CustomRole {
    type Spec = CustomRoleSpec;
    const NAME: &'static str = "custom_roles";
    const NOUN: &'static str = "custom role";

    fn validate(&self, spec: &CustomRoleSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known().filter(|name| !is_role_id(name)) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid name of a custom role",
                    format!(
                        "{name:?} cannot be the name of a custom role: it must have 3 to 64 letters, digits, '_' and '.', and \
                         no '-'. It defaults to the KEY; set name where the KEY does not do."
                    ),
                )
                .at(path.attribute("name")),
            );
        }
    }

    fn validate_new(&self, spec: &CustomRoleSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let texts = [
            ("title", &spec.title, 100, "bytes", str::len as fn(&str) -> usize),
            ("description", &spec.description, 256, "characters", |text| text.chars().count()),
        ];
        for (attribute, text, limit, unit, length) in texts {
            if let Some(length) = text.known().map(|text| length(text)).filter(|length| *length > limit) {
                diagnostics.push(
                    Diagnostic::error(
                        format!("The {attribute} is too long"),
                        format!("{attribute} must have at most {limit} {unit}; it has {length}."),
                    )
                    .at(path.attribute(attribute)),
                );
            }
        }
        let permissions = path.attribute("permissions");
        for permission in spec.permissions.known().into_iter().flatten().filter(|text| !is_permission(text)) {
            diagnostics.push(
                Diagnostic::error(
                    "Not the name of a permission",
                    format!(
                        "{permission:?} is no permission. Write each one in full as SERVICE.RESOURCE.VERB, such as \
                         \"storage.objects.get\"; a '*' stands for nothing here, and a role cannot contain another."
                    ),
                )
                .at(permissions.clone()),
            );
        }
        if let Some(count) = spec.permissions.known().map(BTreeSet::len).filter(|count| *count > MOST_PERMISSIONS) {
            diagnostics.push(
                Diagnostic::error(
                    "Too many permissions in a custom role",
                    format!(
                        "A custom role has at most {MOST_PERMISSIONS} permissions; this one has {count}. Split it."
                    ),
                )
                .at(permissions),
            );
        }
    }
}

impl Kind for CustomRole {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let id = |name: &str| Dynamic::string(format!("projects/{}/roles/{name}", scope.place.account));
        component.get("name").as_str().map(|name| ("id", id(name))).into_iter().collect()
    }

    /// A role of no permissions is one, and not one that says nothing of them.
    fn derive(&self, body: &Json, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        match body.get("includedPermissions") {
            Some(_) => Vec::new(),
            None => vec![("permissions", Dynamic::set([]))],
        }
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["deleted", "etag"]
    }

    fn role(&self) -> Option<Role> {
        Some(Role { name: name!(CustomRoleSpec.id) })
    }
}

impl RestKind for CustomRole {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::IAM,
            version: "v1",
            collection: "projects/{project}/roles",
            items: "roles",
            query: &[],
            list_query: &[("view", "FULL")],
            page_size: ("pageSize", 1000),
            naming: Naming::Inside,
            update: Update::Mask { etag: true },
            operations: Operations::default(),
            iam: None,
            full_name: "//iam.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        let mut role = body.as_object_mut().map(std::mem::take).unwrap_or_default();
        let id = role.remove("roleId").unwrap_or_default();
        *body = json!({"roleId": id, "role": role});
    }

    fn undeletion(&self) -> Option<&dyn Undeletion> {
        Some(self)
    }
}

#[async_trait]
impl Undeletion for CustomRole {
    fn is_deleted(&self, body: &Json) -> bool {
        body.get("deleted").and_then(Json::as_bool).unwrap_or_default()
    }

    async fn undelete(&self, name: &str, run: Run<'_>) -> Result<bool, ApiError> {
        let found = run.call(Request::get(Host::IAM, format!("v1/{name}"))).await.found()?;
        let Some(role) = found.filter(|role| self.is_deleted(role)) else { return Ok(false) };
        let etag = role.get("etag").map(|etag| ("etag".to_owned(), etag.clone()));
        let request =
            Request::post(Host::IAM, format!("v1/{name}:undelete")).json(Json::Object(etag.into_iter().collect()));
        run.call(request).await.map(|_| true)
    }
}

fn is_role_id(name: &str) -> bool {
    (3..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}

/// Whether it has the form of a permission: `storage.objects.get`, `iam.googleapis.com/workloadIdentityPools.get`.
fn is_permission(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', '/']).collect();
    let is_word =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    parts.len() >= 3 && parts.iter().all(is_word) && parts[0] != "roles" && !text.contains("/roles/")
}
