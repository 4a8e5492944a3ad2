//! Artifact Registry repositories.
//!
//! Creation and deletion are long-running; a change answers at once and needs a mask. The address of the registry is in
//! GET only.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Codec, Immutable, Labels, refers, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::terms::Terms;
use crate::engine::wire::{self, DURATION, LOCATION_SEGMENT, SHORT_NAME, UPPER};
use crate::google::api::Host;
use crate::google::rest::{IamStyle, Naming, Operations, Patch, Rest, RestKind, Update};
use crate::google::terms::GoogleTerms;
use crate::types::{Duration, Location};

/// The kind.
pub(super) struct Registry;

/// Artifact Registry repositories, by KEY.
#[derive(Object, Clone)]
pub(super) struct RegistrySpec {
    /// The repository's name, unique in the project and location: 1 to 63 lower-case letters, digits and `-`, with a
    /// letter first. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// The region or multi-region (`europe`, `us`, `asia`). Defaults to the stack's region. Immutable.
    #[tf(optional, computed, ext(wire_with(LOCATION_SEGMENT), Immutable))]
    pub(super) location: Value<Location>,
    /// What the repository holds, in any case: `DOCKER`, `MAVEN`, `NPM`, `PYTHON`, `APT`, `YUM`, `GO`, `KFP`, `GENERIC`,
    /// `GOOGET`, `RUBY` or `CONDA`. Immutable.
    #[tf(default = "DOCKER", ext(wire("format").codec(UPPER).always(), Immutable))]
    pub(super) format: Value<Format>,
    /// Whether the repository keeps packages itself (`STANDARD_REPOSITORY`), joins others (`VIRTUAL_REPOSITORY`) or is a
    /// cache of one elsewhere (`REMOTE_REPOSITORY`). Immutable.
    #[tf(default = "STANDARD_REPOSITORY", ext(wire("mode"), Immutable))]
    pub(super) mode: Value<Mode>,
    /// What the repository is for.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// Which versions are deleted and which are kept, by a name of your choice. A version that any `KEEP` policy fits is
    /// kept; of the others, those go that a `DELETE` policy fits. Google runs the policies about once a day.
    #[tf(optional, ext(wire("cleanupPolicies")))]
    pub(super) cleanup_policies: Value<BTreeMap<String, CleanupPolicy>>,
    /// Whether cleanup policies only log what they would delete.
    #[tf(default = false, ext(wire("cleanupPolicyDryRun")))]
    pub(super) cleanup_policy_dry_run: Value<bool>,
    /// Whether a Docker tag, once pushed, stays with its image for good. Only for the format `DOCKER`.
    #[tf(default = false, ext(wire("dockerConfig.immutableTags")))]
    pub(super) immutable_tags: Value<bool>,
    /// Which Maven versions are accepted: `RELEASE` or `SNAPSHOT`; both when absent. Only for `MAVEN`. Immutable.
    #[tf(optional, ext(wire("mavenConfig.versionPolicy"), Immutable))]
    pub(super) maven_version_policy: Value<MavenVersionPolicy>,
    /// Whether a Maven snapshot may be published again under its version. Only for `MAVEN`. Immutable.
    #[tf(default = false, ext(wire("mavenConfig.allowSnapshotOverwrites"), Immutable))]
    pub(super) maven_allow_snapshot_overwrites: Value<bool>,
    /// The repositories that a virtual one joins, by a name of your choice.
    #[tf(optional, ext(wire("virtualRepositoryConfig.upstreamPolicies").keyed_by("id")))]
    pub(super) upstream_policies: Value<BTreeMap<String, UpstreamPolicy>>,
    /// What a remote repository is a cache of: a URL, or the name of another repository. Immutable.
    #[tf(optional, ext(wire("remoteRepositoryConfig.commonRepository.uri"), Immutable))]
    pub(super) upstream_url: Value<String>,
    /// Whether images are scanned for vulnerabilities: `INHERITED` (as the project's Container Scanning API says) or
    /// `DISABLED`.
    #[tf(optional, computed, ext(wire("vulnerabilityScanningConfig.enablementConfig")))]
    pub(super) vulnerability_scanning: Value<VulnerabilityScanning>,
    /// The Cloud KMS key that packages are encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`, in the
    /// repository's location. Google's own keys when absent. Immutable.
    #[tf(optional, ext(wire("kmsKeyName"), Immutable))]
    pub(super) kms_key: Value<KmsKey>,
    /// Labels of this repository, over those of the provider and the stack. Labels that others set are left alone.
    #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The repository's relative name: `projects/P/locations/L/repositories/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// What images and packages are addressed with: `LOCATION-docker.pkg.dev/P/NAME`.
    #[tf(computed, ext(wire("registryUri")))]
    pub(super) url: Value<String>,
}

/// A cleanup policy: the versions that meet all its conditions, or, with `keep_count`, the newest ones of each package.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct CleanupPolicy {
    /// `DELETE` or `KEEP`.
    #[tf(required, ext(wire("action")))]
    pub(super) action: Value<CleanupAction>,
    /// Versions uploaded longer ago than this: `90d`.
    #[tf(optional, ext(wire("condition.olderThan").codec(DURATION)))]
    pub(super) older_than: Value<Duration>,
    /// Versions uploaded within this time: `7d`.
    #[tf(optional, ext(wire("condition.newerThan").codec(DURATION)))]
    pub(super) newer_than: Value<Duration>,
    /// Versions that are `TAGGED`, `UNTAGGED` or `ANY`.
    #[tf(default = "ANY", ext(wire("condition.tagState")))]
    pub(super) tag_state: Value<TagState>,
    /// Beginnings of tags, one of which must fit.
    #[tf(optional, ext(wire("condition.tagPrefixes")))]
    pub(super) tag_prefixes: Value<BTreeSet<String>>,
    /// Beginnings of version names, one of which must fit.
    #[tf(optional, ext(wire("condition.versionNamePrefixes")))]
    pub(super) version_name_prefixes: Value<BTreeSet<String>>,
    /// Beginnings of package names, one of which must fit.
    #[tf(optional, ext(wire_with(&PackagePrefixes)))]
    pub(super) package_name_prefixes: Value<BTreeSet<String>>,
    /// How many of the newest versions of each package are kept. Only with `KEEP`, and with no other condition than
    /// `package_name_prefixes`.
    #[tf(optional, ext(wire("mostRecentVersions.keepCount")))]
    pub(super) keep_count: Value<i64>,
}

/// One repository behind a virtual one.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct UpstreamPolicy {
    /// The repository: the KEY of one of this stack, or `projects/P/locations/L/repositories/NAME`.
    #[tf(required, ext(wire("repository"), refers("registries", "id")))]
    pub(super) repository: Value<String>,
    /// Which repository is asked first: the one with the greater number.
    #[tf(optional, ext(wire("priority")))]
    pub(super) priority: Value<i64>,
}

/// What a repository holds.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[tf(ignore_case)]
pub(super) enum Format {
    /// Container images and Helm charts.
    Docker,
    /// Java packages.
    Maven,
    /// Node packages.
    Npm,
    /// Python packages.
    Python,
    /// Debian packages.
    Apt,
    /// RPM packages.
    Yum,
    /// Go modules.
    Go,
    /// Kubeflow pipelines.
    Kfp,
    /// Any files.
    Generic,
    /// Windows packages.
    Googet,
    /// Gems.
    Ruby,
    /// Conda packages.
    Conda,
}

/// What a repository does.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "the API's words")]
pub(super) enum Mode {
    /// Keeps packages.
    StandardRepository,
    /// Joins repositories.
    VirtualRepository,
    /// Caches another.
    RemoteRepository,
    /// Google's vetted open source packages, the old way.
    AossRepository,
    /// Google's vetted open source packages.
    AssuredOssRepository,
}

/// What a cleanup policy does.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CleanupAction {
    /// Deletes the versions.
    Delete,
    /// Keeps them, whatever else fits.
    Keep,
}

/// Whether a version has tags.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagState {
    /// With a tag.
    Tagged,
    /// Without a tag.
    Untagged,
    /// Both.
    Any,
}

/// Which Maven versions are accepted.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MavenVersionPolicy {
    /// Releases only.
    Release,
    /// Snapshots only.
    Snapshot,
}

/// Whether images are scanned.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VulnerabilityScanning {
    /// As the project says.
    Inherited,
    /// Never.
    Disabled,
}

/// Package prefixes stand beside the condition that they narrow: the age of a version, or how many there are.
struct PackagePrefixes;

/// What a virtual repository joins.
const VIRTUAL: &str = "virtualRepositoryConfig";
const IN_CONDITION: &str = "condition.packageNamePrefixes";
const TAG_STATE: &str = "condition.tagState";
const IN_MOST_RECENT: &str = "mostRecentVersions.packageNamePrefixes";

impl Codec for PackagePrefixes {
    fn read(&self, body: &Json) -> Dynamic {
        let found = [IN_MOST_RECENT, IN_CONDITION].into_iter().find_map(|path| wire::get(body, path)?.as_array());
        let texts = found.into_iter().flatten().filter_map(Json::as_str);
        match Dynamic::set(texts.map(Dynamic::string)) {
            Dynamic::Set(prefixes) if prefixes.is_empty() => Dynamic::Null,
            prefixes => prefixes,
        }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let prefixes = value.as_elements().unwrap_or_default().iter().filter_map(Dynamic::as_str);
        let prefixes: Vec<Json> = prefixes.map(Json::from).collect();
        let counted = wire::get(body, "mostRecentVersions.keepCount").is_some();
        let (here, there) = if counted { (IN_MOST_RECENT, IN_CONDITION) } else { (IN_CONDITION, IN_MOST_RECENT) };
        wire::remove(body, there);
        wire::put(body, here, if prefixes.is_empty() { Json::Null } else { Json::Array(prefixes) });
    }
    fn masks(&self) -> &'static [&'static str] {
        &[IN_CONDITION, IN_MOST_RECENT]
    }
}

/// A policy repeats its own name, is about age or about number, and says of which tags.
fn complete_policies(body: &mut Json) {
    let Some(policies) = body.get_mut("cleanupPolicies").and_then(Json::as_object_mut) else { return };
    for (id, policy) in policies {
        wire::put(policy, "id", Json::from(id.as_str()));
        if wire::get(policy, "mostRecentVersions.keepCount").is_some() {
            if let Some(prefixes) = wire::get(policy, IN_CONDITION).cloned() {
                wire::put(policy, IN_MOST_RECENT, prefixes);
            }
            wire::remove(policy, "condition");
        } else {
            if let Some(prefixes) = wire::get(policy, IN_MOST_RECENT).cloned() {
                wire::put(policy, IN_CONDITION, prefixes);
            }
            wire::remove(policy, "mostRecentVersions");
            if wire::get(policy, TAG_STATE).is_none() {
                wire::put(policy, TAG_STATE, Json::from("ANY"));
            }
        }
    }
}

impl Declared for Registry {
    type Spec = RegistrySpec;
    const NAME: &'static str = "registries";
    const NOUN: &'static str = "registry";

    fn validate(&self, spec: &RegistrySpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known().filter(|name| !is_repository_name(name)) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid registry name",
                    format!(
                        "{name:?} cannot be the name of a repository: 1 to 63 lower-case letters, digits and '-' are allowed, \
                         with a letter first and a letter or digit last. It defaults to the KEY; set name where the KEY does \
                         not do."
                    ),
                )
                .at(path.attribute("name")),
            );
        }
    }

    fn validate_new(&self, spec: &RegistrySpec, path: &Path, diagnostics: &mut Diagnostics) {
        let known_format = spec.format.known().filter(|format| **format != Format::Docker);
        if let (Some(format), Some(true)) = (known_format, spec.immutable_tags.known()) {
            diagnostics.push(
                Diagnostic::error(
                    "Only Docker tags can be immutable",
                    format!("immutable_tags needs the format DOCKER; the format is {}.", format.spelling()),
                )
                .at(path.attribute("immutable_tags")),
            );
        }
        modes(spec, path, diagnostics);
        for (key, policy) in spec.cleanup_policies.known().into_iter().flatten() {
            cleanup_policy(policy, &path.attribute("cleanup_policies").key(key), diagnostics);
        }
    }
}

impl Kind for Registry {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let text = |name: &str| component.get(name).as_str();
        let (Some(name), Some(location)) = (text("name"), text("location")) else { return Vec::new() };
        let location = location.to_lowercase();
        let project = &scope.place.account;
        vec![
            ("id", Dynamic::string(format!("projects/{project}/locations/{location}/repositories/{name}"))),
            ("url", Dynamic::string(url(text("format").unwrap_or("DOCKER"), &location, project, name))),
        ]
    }

    fn derive(&self, body: &Json, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let (short, place) = (SHORT_NAME.read(body), LOCATION_SEGMENT.read(body));
        match (wire::get(body, "registryUri"), short.as_str(), place.as_str()) {
            (None, Some(name), Some(location)) => {
                let format = body.get("format").and_then(Json::as_str).unwrap_or("DOCKER");
                vec![("url", Dynamic::string(url(format, location, &scope.place.account, name)))]
            }
            _ => Vec::new(),
        }
    }

    /// The repository of Cloud Functions. With labels of its own it is in use otherwise, too.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        let labels = body.get("labels").and_then(Json::as_object).into_iter().flatten();
        SHORT_NAME.read(body).as_str() == Some("gcf-artifacts")
            && labels.into_iter().all(|(key, _)| GoogleTerms.is_cloud_label(key))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "cleanupPolicies.*.id",
            "createTime",
            "satisfiesPzi",
            "satisfiesPzs",
            "sizeBytes",
            "updateTime",
            "vulnerabilityScanningConfig.enablementState",
            "vulnerabilityScanningConfig.enablementStateReason",
            "vulnerabilityScanningConfig.lastEnableTime",
        ]
    }
}

impl RestKind for Registry {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::ARTIFACT_REGISTRY,
            version: "v1",
            collection: "projects/{project}/locations/{location}/repositories",
            items: "repositories",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Query("repositoryId"),
            update: Update::Mask { etag: false },
            operations: Operations { create: true, update: false, delete: true },
            iam: Some(IamStyle::Verbs),
            full_name: "//artifactregistry.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        complete_policies(body);
        // A virtual repository that joins nothing yet says so.
        if body["mode"] == Mode::VirtualRepository.spelling() && body.get(VIRTUAL).is_none() {
            body[VIRTUAL] = json!({});
        }
    }

    fn before_update(&self, _: &Json, patch: &mut Patch) {
        if patch.mask.iter().any(|path| path == "cleanupPolicies") {
            complete_policies(&mut patch.body);
        }
        // Its parent goes with the last of them, and the mode needs it.
        if patch.mask.iter().any(|path| path == VIRTUAL) && patch.body.get(VIRTUAL).is_none() {
            patch.body[VIRTUAL] = json!({});
        }
    }
}

/// The address that clients use; a domain-scoped project (`example.com:p`) is written with a slash.
fn url(format: &str, location: &str, project: &str, name: &str) -> String {
    format!("{location}-{}.pkg.dev/{}/{name}", format.to_lowercase(), project.replace(':', "/"))
}

/// Names made by the move from Container Registry hold dots: `eu.gcr.io`.
fn is_repository_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || matches!(c, '-' | '.'))
}

fn modes(spec: &RegistrySpec, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(mode) = spec.mode.known() else { return };
    let needs = [
        ("upstream_policies", !spec.upstream_policies.is_null(), Mode::VirtualRepository),
        ("upstream_url", !spec.upstream_url.is_null(), Mode::RemoteRepository),
    ];
    for (name, is_set, needed) in needs {
        if is_set && *mode != needed {
            diagnostics.push(
                Diagnostic::error(
                    "The mode has no upstream of this kind",
                    format!("{name} needs mode = {:?}; the mode is {}.", needed.spelling(), mode.spelling()),
                )
                .at(path.attribute(name)),
            );
        }
    }
}

fn cleanup_policy(policy: &CleanupPolicy, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error = |attribute: &str, summary: &str, detail: &str| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    if policy.keep_count.is_null() {
        let untagged = policy.tag_state.known() == Some(&TagState::Untagged);
        if untagged && policy.tag_prefixes.known().is_some_and(|prefixes| !prefixes.is_empty()) {
            error(
                "tag_prefixes",
                "Untagged versions have no tags",
                "tag_prefixes cannot go with tag_state = \"UNTAGGED\". Remove one of them.",
            );
        }
        return;
    }
    if policy.action.known() == Some(&CleanupAction::Delete) {
        error(
            "keep_count",
            "A number of versions can only be kept",
            "keep_count needs action = \"KEEP\". To delete all but the newest versions, add a DELETE policy beside it.",
        );
    }
    if let Some(count) = policy.keep_count.known().filter(|count| !(1..=i64::from(i32::MAX)).contains(*count)) {
        let detail = format!("keep_count must be a whole number from 1; it is {count}.");
        error("keep_count", "Number of versions out of range", &detail);
    }
    let others = [
        ("older_than", !policy.older_than.is_null()),
        ("newer_than", !policy.newer_than.is_null()),
        ("tag_state", policy.tag_state.known().is_some_and(|state| *state != TagState::Any)),
        ("tag_prefixes", !policy.tag_prefixes.is_null()),
        ("version_name_prefixes", !policy.version_name_prefixes.is_null()),
    ];
    for (name, _) in others.iter().filter(|(_, is_set)| *is_set) {
        error(
            name,
            "keep_count goes with package_name_prefixes only",
            "A policy is about the number of versions (keep_count) or about their age and tags. Make two policies of it.",
        );
    }
}
