//! What Cloud Run would refuse of a container, said at plan time. Values that are not known yet could be valid.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Diagnostic, Diagnostics, Path, Value};

use super::container::Container;
use super::probe::Probe;
use super::sidecars::Beside;
use super::volumes::Volume;
use super::vpc_access::VpcAccess;
use super::{ExecutionEnvironment, FOREIGN_ANNOTATIONS};
use crate::types::{Duration, Quantity};

pub(in crate::google::kinds) const MI: u128 = 1 << 20;
pub(in crate::google::kinds) const GI: u128 = 1 << 30;

/// Variables that Cloud Run sets itself.
const RESERVED: &[&str] = &["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/// The longest value of a variable, in bytes.
const LONGEST_VALUE: usize = 32_768;

/// Where problems are told.
pub(in crate::google::kinds) struct Report<'d> {
    pub(in crate::google::kinds) path: &'d Path,
    pub(in crate::google::kinds) diagnostics: &'d mut Diagnostics,
}

impl Report<'_> {
    pub(in crate::google::kinds) fn at(&mut self, path: Path, summary: &str, detail: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(path));
    }

    pub(in crate::google::kinds) fn error(&mut self, attribute: &str, summary: &str, detail: impl Into<String>) {
        self.at(self.path.attribute(attribute), summary, detail);
    }

    pub(in crate::google::kinds) fn range(
        &mut self,
        path: Path,
        name: &str,
        value: &Value<i64>,
        least: i64,
        most: i64,
    ) {
        if let Some(value) = value.known().filter(|value| !(least..=most).contains(*value)) {
            self.at(path, "Number out of range", format!("{name} must be from {least} to {most}; it is {value}."));
        }
    }

    pub(in crate::google::kinds) fn seconds(
        &mut self,
        path: Path,
        name: &str,
        value: &Value<Duration>,
        least: u64,
        most: u64,
    ) {
        let Some(duration) = value.known() else { return };
        if !duration.whole_seconds().is_some_and(|seconds| (least..=most).contains(&seconds)) {
            let detail = format!("{name} must be from {least}s to {most}s, in whole seconds; it is {duration}.");
            self.at(path, "Duration out of range", detail);
        }
    }
}

/// Checks one container at `path`.
pub(in crate::google::kinds) fn container(
    container: Container<'_>,
    path: &Path,
    generation: &Value<ExecutionEnvironment>,
    report: &mut Report<'_>,
) {
    if let Some((text, problem)) = container.image.known().and_then(|text| Some((text, image_problem(text)?))) {
        report.at(
            path.attribute("image"),
            "Invalid image",
            format!(
                "image {problem}; it is {text:?}. Write it as europe-west1-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE:TAG, or with \
                 @sha256:DIGEST at the end."
            ),
        );
    }
    variables(container, path, report);
    for (name, volume) in container.volumes.known().into_iter().flatten() {
        volume_problems(generation, volume, &path.attribute("volumes").key(name), report);
    }
    one_mount_each(container, path, report);
}

/// Checks CPU and memory of a container at `path`; whether they can be judged further. `is_large` is said of instances with GPUs
/// that have more than others.
pub(in crate::google::kinds) fn size(
    container: Container<'_>,
    path: &Path,
    is_large: bool,
    generation: &Value<ExecutionEnvironment>,
    report: &mut Report<'_>,
) -> bool {
    let milli = container.cpu.known().map(Quantity::thousandths_at_least);
    if let Some(cpu) = container.cpu.known()
        && !milli.is_some_and(|milli| is_cpu_size(milli) || (is_large && milli >= 8_000 && milli.is_multiple_of(1_000)))
    {
        report.at(
            path.attribute("cpu"),
            "Cloud Run has no such size of CPU",
            format!("cpu must be 1, 2, 4, 6 or 8, or from 0.08 to below 1 in steps of 0.001; it is {cpu}."),
        );
        return false;
    }
    let bytes = container.memory.known().and_then(Quantity::whole);
    if let Some(memory) = container.memory.known()
        && !bytes.is_some_and(|bytes| bytes >= 128 * MI && (is_large || bytes <= 32 * GI))
    {
        report.at(
            path.attribute("memory"),
            "Memory out of range",
            format!("memory must be a whole number of bytes from 128Mi to 32Gi; it is {memory}."),
        );
        return false;
    }
    let (cpu, memory) = (container.cpu.known(), container.memory.known());
    if let (Some(milli), Some(bytes), Some(cpu), Some(memory), false) = (milli, bytes, cpu, memory, is_large) {
        let (least, most) = memory_of(milli);
        if !(least..=most).contains(&bytes) {
            report.at(
                path.attribute("memory"),
                "CPU and memory do not fit together",
                format!(
                    "With cpu = {cpu} memory must be from {} to {}; it is {memory}. More than 512Mi needs half a CPU, more than \
                     1Gi one, 4Gi two, 8Gi four, 16Gi six, 24Gi eight; 4 CPUs need 2Gi, 6 and 8 need 4Gi.",
                    spell(least),
                    spell(most)
                ),
            );
        }
    }
    if let (Some(memory), Some(bytes), Some(ExecutionEnvironment::Gen2)) = (memory, bytes, generation.known())
        && bytes < 512 * MI
    {
        let detail =
            format!("The second generation needs at least 512Mi of memory; memory is {memory}. Use GEN1, or set more.");
        report.at(path.attribute("memory"), "CPU and memory do not fit together", detail);
    }
    true
}

/// The GPU of a service or job, and what its instances have for it.
#[derive(Clone, Copy)]
pub(in crate::google::kinds) struct Gpu<'s> {
    pub(in crate::google::kinds) count: &'s Value<i64>,
    pub(in crate::google::kinds) kind: &'s Value<String>,
}

impl Gpu<'_> {
    /// Whether it may be one whose instances are larger than others.
    pub(in crate::google::kinds) fn is_other(&self) -> bool {
        !self.kind.is_null() && self.kind.known().is_none_or(|name| name != GPUS[0].0)
    }

    /// Whether there is one, as far as is known.
    pub(in crate::google::kinds) fn is_there(&self) -> bool {
        self.count.known().is_some_and(|count| *count > 0)
    }
}

/// What a type of GPU needs: CPU in thousandths and memory.
const GPUS: [(&str, u128, u128); 2] = [("nvidia-l4", 4_000, 16 * GI), ("nvidia-rtx-pro-6000", 20_000, 80 * GI)];

/// Checks the GPU of the main container.
pub(in crate::google::kinds) fn gpu(
    gpu: Gpu<'_>,
    container: Container<'_>,
    generation: &Value<ExecutionEnvironment>,
    report: &mut Report<'_>,
) {
    if gpu.count.is_null() != gpu.kind.is_null() {
        report.error(
            if gpu.count.is_null() { "gpu" } else { "gpu_type" },
            "Half of a GPU",
            "gpu (how many) and gpu_type (which) go together: set both, or none.",
        );
    }
    if !gpu.is_there() {
        return;
    }
    report.range(report.path.attribute("gpu"), "gpu", gpu.count, 0, 1);
    if generation.known() == Some(&ExecutionEnvironment::Gen1) {
        let detail = "A GPU needs EXECUTION_ENVIRONMENT_GEN2. Set execution_environment, or leave it out.";
        report.error("execution_environment", "A GPU needs the second generation", detail);
    }
    let needs = gpu.kind.known().and_then(|name| GPUS.iter().find(|(gpu, ..)| gpu == name));
    let Some((name, milli, bytes)) = needs else { return };
    let too_small = "Too small for the GPU";
    if let Some(cpu) = container.cpu.known().filter(|cpu| cpu.thousandths_at_least() < *milli) {
        report.error("cpu", too_small, format!("{name} needs at least {} CPUs; cpu is {cpu}.", milli / 1_000));
    }
    if let Some(memory) = container.memory.known().filter(|memory| memory.whole().is_some_and(|is| is < *bytes)) {
        report.error(
            "memory",
            too_small,
            format!("{name} needs at least {} of memory; memory is {memory}.", spell(*bytes)),
        );
    }
}

/// What a new container gets that does not say: one CPU and 512Mi. What runs already may be finer than what Cloud Run takes now.
pub(in crate::google::kinds) fn new_size(gpu: Gpu<'_>, container: Container<'_>, noun: &str, report: &mut Report<'_>) {
    let milli = container.cpu.known().map(Quantity::thousandths_at_least);
    if let Some(cpu) = container.cpu.known().filter(|cpu| cpu.thousandths().is_none()) {
        report.error(
            "cpu",
            "Cloud Run has no such size of CPU",
            format!("cpu below 1 goes in steps of 0.001; it is {cpu}."),
        );
    }
    if gpu.is_there() {
        for (name, is_silent) in [("cpu", container.cpu.is_null()), ("memory", container.memory.is_null())] {
            if is_silent {
                let detail = format!(
                    "A new {noun} that does not set {name} gets 1 CPU and 512Mi, which is too small for a GPU. Set {name}."
                );
                report.error(name, "Too small for the GPU", detail);
            }
        }
        return;
    }
    let bytes = container.memory.known().and_then(Quantity::whole);
    if let (true, Some(memory), Some(bytes)) = (container.cpu.is_null(), container.memory.known(), bytes)
        && (memory_of(1_000).1 + 1..=32 * GI).contains(&bytes)
    {
        let enough =
            [2_000, 4_000, 6_000, 8_000].into_iter().find(|milli| bytes <= memory_of(*milli).1).unwrap_or(8_000);
        let detail = format!(
            "memory is {memory}, and a new {noun} that does not set cpu gets 1, with which 4Gi is the most. Set cpu = \"{}\" or more.",
            enough / 1_000
        );
        report.error("memory", "CPU and memory do not fit together", detail);
    }
    if let (true, Some(cpu), Some(milli)) = (container.memory.is_null(), container.cpu.known(), milli)
        && is_cpu_size(milli)
        && memory_of(milli).0 > 512 * MI
    {
        let detail = format!(
            "cpu is {cpu}, which needs at least {}Gi of memory, and a new {noun} that does not set memory gets 512Mi. Set memory.",
            memory_of(milli).0 / GI
        );
        report.error("cpu", "CPU and memory do not fit together", detail);
    }
}

/// Checks the name of a service or job.
pub(in crate::google::kinds) fn name(name: &Value<String>, noun: &str, most: usize, report: &mut Report<'_>) {
    if let Some(name) = name.known().filter(|name| !is_name(name, most)) {
        report.error(
            "name",
            &format!("Invalid {noun} name"),
            format!(
                "{name:?} cannot be the name of a {noun}: at most {most} lower-case letters, digits and '-' are allowed, with a \
                 letter first and a letter or digit last. It defaults to the KEY; set name where the KEY does not do."
            ),
        );
    }
}

fn is_name(name: &str, most: usize) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=most).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || c == '-')
}

/// Checks the keys of annotations.
pub(in crate::google::kinds) fn annotations(annotations: &Value<BTreeMap<String, String>>, report: &mut Report<'_>) {
    let path = report.path.attribute("annotations");
    for key in annotations.known().into_iter().flatten().map(|(key, _)| key) {
        let refused = FOREIGN_ANNOTATIONS.iter().take(4).filter_map(|pattern| pattern.strip_suffix('*'));
        if let Some(prefix) = refused.into_iter().find(|prefix| key.starts_with(prefix)) {
            report.at(
                path.key(key),
                "Annotation of Google's own",
                format!(
                    "Cloud Run refuses annotations that begin with {prefix}. Use the attribute that stands for it."
                ),
            );
        }
    }
}

/// A container of several: its path, its name where it is known, what it waits for, its volumes, and whether others can
/// wait for it.
pub(in crate::google::kinds) struct Member<'s> {
    pub(in crate::google::kinds) path: Path,
    pub(in crate::google::kinds) name: Option<&'s str>,
    pub(in crate::google::kinds) depends_on: &'s Value<BTreeSet<String>>,
    pub(in crate::google::kinds) volumes: &'s Value<BTreeMap<String, Volume>>,
    pub(in crate::google::kinds) has_startup_probe: bool,
}

/// Checks the containers beside the main one, and all of them among each other.
pub(in crate::google::kinds) fn containers<S: Beside>(
    main: Member<'_>,
    sidecars: &Value<BTreeMap<String, S>>,
    generation: &Value<ExecutionEnvironment>,
    report: &mut Report<'_>,
) {
    let is_silent = sidecars.is_null() && main.depends_on.is_null();
    let mut members = vec![main];
    for (name, sidecar) in sidecars.known().into_iter().flatten() {
        let path = report.path.attribute("containers").key(name);
        container(sidecar.whole(), &path, generation, report);
        size(sidecar.whole(), &path, false, &Value::Null, report);
        startup_probe(sidecar.startup_probe(), &path, report);
        if let Some(liveness) = sidecar.liveness_probe().and_then(Value::known) {
            probe(liveness, &path.attribute("liveness_probe"), 3_600, report);
        }
        members.push(Member {
            path,
            name: Some(name),
            depends_on: sidecar.depends_on(),
            volumes: sidecar.volumes(),
            has_startup_probe: !sidecar.startup_probe().is_null(),
        });
    }
    if !sidecars.is_unknown() && !is_silent {
        together(&members, !sidecars.is_null(), report);
    }
}

/// Checks the startup probe of the container at `path`.
pub(in crate::google::kinds) fn startup_probe(startup: &Value<Probe>, path: &Path, report: &mut Report<'_>) {
    if let Some(startup) = startup.known() {
        let path = path.attribute("startup_probe");
        probe(startup, &path, 240, report);
        whole_probe(startup, &path, report);
    }
}

/// Checks the containers of one template among each other: the main one is the first. `are_all` says whether these are all:
/// where the configuration is silent about sidecars, others may have added some.
fn together(members: &[Member<'_>], are_all: bool, report: &mut Report<'_>) {
    // The main container may have a name that nobody here has given.
    let is_open = !are_all || members.iter().any(|member| member.name.is_none());
    for (at, member) in members.iter().enumerate() {
        if let Some(name) = member.name.filter(|name| !is_name(name, 63)) {
            report.at(
                member.path.clone(),
                "Invalid name of a container",
                format!(
                    "{name:?} cannot be the name of a container: at most 63 lower-case letters, digits and '-' are allowed, with \
                     a letter first and a letter or digit last."
                ),
            );
        }
        if members[..at].iter().any(|other| other.name.is_some() && other.name == member.name) {
            report.at(
                member.path.clone(),
                "Two containers of one name",
                format!(
                    "The main container is called {:?}, too. Give one of them another name.",
                    member.name.unwrap_or_default()
                ),
            );
        }
        for name in member.depends_on.known().into_iter().flatten() {
            let named = members.iter().position(|other| other.name == Some(name));
            let problem = match named {
                Some(other) if other == at => Some("is this container itself".to_owned()),
                Some(other) if !members[other].has_startup_probe => {
                    Some("has no startup_probe, so nobody can tell when it has started. Give it one".to_owned())
                }
                Some(_) => None,
                None if is_open => None,
                None => Some("is no container of this component".to_owned()),
            };
            if let Some(problem) = problem {
                report.at(
                    member.path.attribute("depends_on"),
                    "A container cannot wait for this one",
                    format!("depends_on names {name:?}, which {problem}."),
                );
            }
        }
    }
    if let Some(circle) = circle(members) {
        report.at(
            members[circle].path.attribute("depends_on"),
            "Containers wait for each other",
            "depends_on goes in a circle, so none of them would ever start. Take one of them out.",
        );
    }
    same_volumes(members, report);
}

/// A container that waits for itself by way of others.
fn circle(members: &[Member<'_>]) -> Option<usize> {
    let waits = |at: usize| {
        let names = members[at].depends_on.known().into_iter().flatten();
        names.filter_map(|name| members.iter().position(|other| other.name == Some(name)))
    };
    (0..members.len()).find(|start| {
        let (mut seen, mut open) = (BTreeSet::new(), waits(*start).filter(|next| next != start).collect::<Vec<_>>());
        while let Some(at) = open.pop() {
            if at == *start {
                return true;
            }
            if seen.insert(at) {
                open.extend(waits(at));
            }
        }
        false
    })
}

/// A volume of one name is one volume, whichever container says it.
fn same_volumes(members: &[Member<'_>], report: &mut Report<'_>) {
    let mut said: BTreeMap<&str, &Volume> = BTreeMap::new();
    for member in members {
        for (name, volume) in member.volumes.known().into_iter().flatten() {
            if let Some(other) = said.insert(name, volume)
                && !volume.is_same_source(other)
            {
                report.at(
                    member.path.attribute("volumes").key(name),
                    "A volume with two sources",
                    format!(
                        "Another container of this component has a volume {name:?} too, and says something else of it. Volumes of \
                         one name are one volume: say the same in both, or give one of them another name."
                    ),
                );
            }
        }
    }
}

/// Why a text cannot be an image; what a `{{..}}` in it stands for is not judged.
fn image_problem(text: &str) -> Option<&'static str> {
    let repository = text.split(['@', ' ']).next().unwrap_or(text);
    let repository = repository.rfind('/').map_or("", |slash| &repository[..slash]);
    if text.is_empty() {
        Some("must not be empty")
    } else if text.contains("://") {
        Some("has no https:// in front")
    } else if text.contains("{{") {
        None
    } else if text.contains(char::is_whitespace) {
        Some("must not contain blanks")
    } else if repository.contains(char::is_uppercase) {
        Some("has no upper-case letters before the tag")
    } else {
        None
    }
}

pub(in crate::google::kinds) fn spell(bytes: u128) -> String {
    if bytes.is_multiple_of(GI) { format!("{}Gi", bytes / GI) } else { format!("{}Mi", bytes / MI) }
}

pub(in crate::google::kinds) fn is_cpu_size(milli: u128) -> bool {
    matches!(milli, 1_000 | 2_000 | 4_000 | 6_000 | 8_000) || (80..1_000).contains(&milli)
}

/// The memory that so many thousandths of a CPU can have.
pub(in crate::google::kinds) fn memory_of(milli: u128) -> (u128, u128) {
    match milli {
        ..500 => (128 * MI, 512 * MI),
        500..1_000 => (128 * MI, GI),
        1_000..2_000 => (128 * MI, 4 * GI),
        2_000..4_000 => (128 * MI, 8 * GI),
        4_000..6_000 => (2 * GI, 16 * GI),
        6_000..8_000 => (4 * GI, 24 * GI),
        _ => (4 * GI, 32 * GI),
    }
}

fn variables(container: Container<'_>, path: &Path, report: &mut Report<'_>) {
    fn keys<T>(value: &Value<BTreeMap<String, T>>) -> impl Iterator<Item = &String> {
        value.known().into_iter().flat_map(BTreeMap::keys)
    }
    let all = keys(container.env)
        .map(|name| ("env", name))
        .chain(keys(container.secret_env).map(|name| ("secret_env", name)));
    for (attribute, name) in all {
        let problem = if RESERVED.contains(&name.as_str()) {
            Some(format!("Cloud Run sets {name} itself. Remove it; the port is set with the attribute port."))
        } else if name.is_empty() || name.contains('=') {
            Some(format!("{name:?} cannot be the name of a variable: it must not be empty or contain '='."))
        } else if !is_variable(name) {
            Some(format!(
                "{name:?} cannot be the name of a variable: it must be of letters, digits, '_', '.' and '-', and not begin \
                 with a digit."
            ))
        } else if name.starts_with("X_GOOGLE_") {
            Some(format!("Names that begin with X_GOOGLE_ belong to Google; {name} must be called otherwise."))
        } else {
            None
        };
        if let Some(problem) = problem {
            report.at(path.attribute(attribute).key(name), "Invalid environment variable", problem);
        }
    }
    for (name, value) in container.env.known().into_iter().flatten() {
        if value.len() > LONGEST_VALUE && !value.contains("{{") {
            report.at(
                path.attribute("env").key(name),
                "Environment variable too long",
                format!(
                    "The value of {name} must have at most {LONGEST_VALUE} bytes; it has {}. Mount it as a file of a secret or \
                     bucket.",
                    value.len()
                ),
            );
        }
    }
    if let (Some(plain), Some(secret)) = (container.env.known(), container.secret_env.known()) {
        for name in plain.keys().filter(|name| secret.contains_key(*name)) {
            report.at(
                path.attribute("secret_env").key(name),
                "A variable with two values",
                format!("{name} is in env and in secret_env. Remove it from one of them."),
            );
        }
    }
}

fn is_variable(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(inner)
}

fn volume_problems(generation: &Value<ExecutionEnvironment>, volume: &Volume, path: &Path, report: &mut Report<'_>) {
    let sources = [
        ("bucket", !volume.bucket.is_null()),
        ("secret", !volume.secret.is_null()),
        ("cloud_sql_instances", !volume.cloud_sql_instances.is_null()),
        ("empty_dir", !volume.empty_dir.is_null()),
        ("nfs", !volume.nfs.is_null()),
    ];
    let given: Vec<&str> = sources.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name).collect();
    if given.len() != 1 {
        let found =
            if given.is_empty() { "none is set".to_owned() } else { format!("set are {}", given.join(" and ")) };
        report.at(
            path.clone(),
            "A volume has one source",
            format!("Set exactly one of bucket, secret, cloud_sql_instances, empty_dir and nfs; {found}."),
        );
    }
    if let Some(mount) = volume.mount_path.known() {
        if !mount.starts_with('/') || mount.contains(':') || mount == "/" {
            report.at(
                path.attribute("mount_path"),
                "Invalid mount path",
                format!("mount_path must be an absolute path without ':', and not the root; it is {mount:?}."),
            );
        }
        if given == ["cloud_sql_instances"] && mount.trim_end_matches('/') != "/cloudsql" {
            report.at(
                path.attribute("mount_path"),
                "Cloud SQL has a place of its own",
                format!("Cloud SQL sockets are always under /cloudsql; mount_path is {mount:?}."),
            );
        }
    }
    let first = generation.known() == Some(&ExecutionEnvironment::Gen1);
    if let (true, Some(source @ (&"bucket" | &"nfs"))) = (first, given.first()) {
        report.at(
            path.attribute(*source),
            "The volume needs the second generation",
            "Buckets and NFS shares are mounted in EXECUTION_ENVIRONMENT_GEN2 only. Set execution_environment, or leave it out.",
        );
    }
    let misplaced = [
        ("mount_options", !volume.mount_options.is_null(), "bucket"),
        ("items", !volume.items.is_null(), "secret"),
        ("default_mode", !volume.default_mode.is_null(), "secret"),
    ];
    for (name, _, source) in misplaced.iter().filter(|(_, is_set, source)| *is_set && given != [*source]) {
        let detail = format!("{name} goes with {source} only. Remove it.");
        report.at(path.attribute(*name), "Not an option of this volume", detail);
    }
    report.range(path.attribute("default_mode"), "default_mode", &volume.default_mode, 0, 0o777);
}

fn one_mount_each(container: Container<'_>, path: &Path, report: &mut Report<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, volume) in container.volumes.known().into_iter().flatten() {
        let Some(mount) = volume.mount_path.known() else { continue };
        if let Some(other) = seen.insert(mount.trim_end_matches('/'), name) {
            report.at(
                path.attribute("volumes").key(name).attribute("mount_path"),
                "Two volumes in one place",
                format!("The volumes {other:?} and {name:?} are both mounted at {mount:?}. Give them different paths."),
            );
        }
    }
}

pub(in crate::google::kinds) fn probe(probe: &Probe, path: &Path, longest: u64, report: &mut Report<'_>) {
    let kinds = [
        ("http_path", !probe.http_path.is_null()),
        ("tcp", probe.tcp.known() == Some(&true)),
        ("grpc", probe.grpc.known() == Some(&true)),
    ];
    let open = probe.tcp.is_unknown() || probe.grpc.is_unknown();
    let given: Vec<&str> = kinds.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name).collect();
    if given.len() > 1 || (given.is_empty() && !open) {
        report.at(
            path.clone(),
            "A probe asks in one way",
            "Set exactly one of http_path = \"/...\", tcp = true and grpc = true.",
        );
    }
    if let Some(asked) = probe.http_path.known().filter(|asked| !asked.starts_with('/')) {
        report.at(
            path.attribute("http_path"),
            "Invalid path",
            format!("http_path must begin with '/'; it is {asked:?}."),
        );
    }
    report.range(path.attribute("port"), "port", &probe.port, 1, 65_535);
    report.range(path.attribute("failure_threshold"), "failure_threshold", &probe.failure_threshold, 1, 1_000);
    report.seconds(path.attribute("initial_delay"), "initial_delay", &probe.initial_delay, 0, longest);
    report.seconds(path.attribute("period"), "period", &probe.period, 1, longest);
    report.seconds(path.attribute("timeout"), "timeout", &probe.timeout, 1, longest);
    if let (Some(timeout), Some(period)) = (probe.timeout.known(), probe.period.known())
        && timeout.nanos() > period.nanos()
    {
        report.at(
            path.attribute("timeout"),
            "A probe that overtakes itself",
            format!("timeout ({timeout}) must not be longer than period ({period})."),
        );
    }
}

/// Cloud Run waits no longer for a start.
fn whole_probe(probe: &Probe, path: &Path, report: &mut Report<'_>) {
    let period = probe.period.known().and_then(Duration::whole_seconds);
    if let (Some(period), Some(threshold)) = (period, probe.failure_threshold.known())
        && let Ok(times) = u64::try_from(*threshold)
        && period.saturating_mul(times) > 240
    {
        report.at(
            path.attribute("failure_threshold"),
            "Startup probe too long",
            format!("failure_threshold ({threshold}) times period ({period}s) must be at most 240s."),
        );
    }
}

/// Checks the way into a network.
pub(in crate::google::kinds) fn network(vpc_access: &Value<VpcAccess>, report: &mut Report<'_>) {
    let Some(vpc) = vpc_access.known() else { return };
    let direct = [("network", vpc.network.known().is_some()), ("subnetwork", vpc.subnetwork.known().is_some())];
    let path = report.path.attribute("vpc_access");
    let is_direct = direct.iter().any(|(_, is_set)| *is_set);
    if !vpc.connector.is_null() && is_direct {
        report.at(
            path,
            "Two ways into the network",
            "Set connector, or network and subnetwork for direct access; not both.",
        );
    } else if vpc.connector.is_null() && direct.iter().all(|(_, is_set)| !is_set) {
        let open = vpc.network.is_unknown() || vpc.subnetwork.is_unknown();
        if !open {
            report.at(path, "No way into the network", "Set connector, or network or subnetwork for direct access.");
        }
    }
}
