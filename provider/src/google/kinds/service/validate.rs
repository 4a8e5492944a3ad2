//! What Cloud Run would refuse, said at plan time. Values that are not known yet could be valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use tfplugin::{Choice, Diagnostic, Diagnostics, Path, Value};

use super::probe::Probe;
use super::volumes::Volume;
use super::{ExecutionEnvironment, FOREIGN_ANNOTATIONS, ServiceSpec, TrafficType};
use crate::types::{Duration, Quantity};

const MI: u128 = 1 << 20;
const GI: u128 = 1 << 30;

/// Variables that Cloud Run sets itself.
const RESERVED: &[&str] = &["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/// The longest value of a variable, in bytes.
const LONGEST_VALUE: usize = 32_768;

struct Report<'d> {
    path: &'d Path,
    diagnostics: &'d mut Diagnostics,
}

impl Report<'_> {
    fn at(&mut self, path: Path, summary: &str, detail: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(path));
    }

    fn error(&mut self, attribute: &str, summary: &str, detail: impl Into<String>) {
        self.at(self.path.attribute(attribute), summary, detail);
    }

    fn range(&mut self, path: Path, name: &str, value: &Value<i64>, least: i64, most: i64) {
        if let Some(value) = value.known().filter(|value| !(least..=most).contains(*value)) {
            self.at(path, "Number out of range", format!("{name} must be from {least} to {most}; it is {value}."));
        }
    }

    fn seconds(&mut self, path: Path, name: &str, value: &Value<Duration>, least: u64, most: u64) {
        let Some(duration) = value.known() else { return };
        if !duration.whole_seconds().is_some_and(|seconds| (least..=most).contains(&seconds)) {
            let detail = format!("{name} must be from {least}s to {most}s, in whole seconds; it is {duration}.");
            self.at(path, "Duration out of range", detail);
        }
    }
}

/// Checks the values that are known.
pub(super) fn service(spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { path, diagnostics };
    if let Some(name) = spec.name.known().filter(|name| !is_service_name(name)) {
        report.error(
            "name",
            "Invalid service name",
            format!(
                "{name:?} cannot be the name of a service: at most 49 lower-case letters, digits and '-' are allowed, with a \
                 letter first and a letter or digit last. It defaults to the KEY; set name where the KEY does not do."
            ),
        );
    }
    if let Some(location) = spec.location.known().filter(|location| !location.is_region()) {
        report.error(
            "location",
            "A service is in one region",
            format!("location must be a region, such as europe-west1; it is {location}."),
        );
    }
    if let Some((text, problem)) = spec.image.known().and_then(|text| Some((text, image_problem(text)?))) {
        report.error(
            "image",
            "Invalid image",
            format!(
                "image {problem}; it is {text:?}. Write it as europe-west1-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE:TAG, or with \
                 @sha256:DIGEST at the end."
            ),
        );
    }
    if let Some(text) = spec.description.known().filter(|text| text.chars().count() > 512) {
        report.error(
            "description",
            "Description too long",
            format!("description must have at most 512 characters; it has {}.", text.chars().count()),
        );
    }
    let at = |name: &str| path.attribute(name);
    report.range(at("port"), "port", &spec.port, 1, 65_535);
    report.range(at("min_instances"), "min_instances", &spec.min_instances, 0, 1_000_000);
    report.range(at("max_instances"), "max_instances", &spec.max_instances, 1, 1_000_000);
    report.range(at("concurrency"), "concurrency", &spec.concurrency, 1, 1_000);
    report.seconds(at("timeout"), "timeout", &spec.timeout, 1, 3_600);
    if let (Some(least), Some(most)) = (spec.min_instances.known(), spec.max_instances.known())
        && least > most
    {
        report.error(
            "min_instances",
            "Fewer instances allowed than kept",
            format!(
                "min_instances is {least} and max_instances is {most}. Raise max_instances, or lower min_instances."
            ),
        );
    }
    size(spec, &mut report);
    variables(spec, &mut report);
    for (name, volume) in spec.volumes.known().into_iter().flatten() {
        volume_problems(spec, volume, &at("volumes").key(name), &mut report);
    }
    one_mount_each(spec, &mut report);
    if let Some(startup) = spec.startup_probe.known() {
        probe(startup, &at("startup_probe"), 240, &mut report);
        whole_probe(startup, &at("startup_probe"), &mut report);
    }
    if let Some(liveness) = spec.liveness_probe.known() {
        probe(liveness, &at("liveness_probe"), 3_600, &mut report);
    }
    network(spec, &mut report);
    traffic(spec, &mut report);
    for key in spec.annotations.known().into_iter().flatten().map(|(key, _)| key) {
        let refused = FOREIGN_ANNOTATIONS.iter().take(4).filter_map(|pattern| pattern.strip_suffix('*'));
        if let Some(prefix) = refused.into_iter().find(|prefix| key.starts_with(prefix)) {
            report.at(
                at("annotations").key(key),
                "Annotation of Google's own",
                format!(
                    "Cloud Run refuses annotations that begin with {prefix}. Use the attribute that stands for it."
                ),
            );
        }
    }
}

/// What Cloud Run gives a new service that does not say: one CPU and 512Mi. What it runs already may be finer than what it
/// takes now.
pub(super) fn new_service(spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { path, diagnostics };
    let milli = spec.cpu.known().map(Quantity::thousandths_at_least);
    if let Some(cpu) = spec.cpu.known().filter(|cpu| cpu.thousandths().is_none()) {
        report.error(
            "cpu",
            "Cloud Run has no such size of CPU",
            format!("cpu below 1 goes in steps of 0.001; it is {cpu}."),
        );
    }
    if spec.gpu.known().is_some_and(|count| *count > 0) {
        for (name, is_silent) in [("cpu", spec.cpu.is_null()), ("memory", spec.memory.is_null())] {
            if is_silent {
                let detail = format!(
                    "A new service that does not set {name} gets 1 CPU and 512Mi, which is too small for a GPU. Set {name}."
                );
                report.error(name, "Too small for the GPU", detail);
            }
        }
        return;
    }
    let bytes = spec.memory.known().and_then(Quantity::whole);
    if let (true, Some(memory), Some(bytes)) = (spec.cpu.is_null(), spec.memory.known(), bytes)
        && (memory_of(1_000).1 + 1..=32 * GI).contains(&bytes)
    {
        let enough =
            [2_000, 4_000, 6_000, 8_000].into_iter().find(|milli| bytes <= memory_of(*milli).1).unwrap_or(8_000);
        let detail = format!(
            "memory is {memory}, and a new service that does not set cpu gets 1, with which 4Gi is the most. Set cpu = \"{}\" or more.",
            enough / 1_000
        );
        report.error("memory", "CPU and memory do not fit together", detail);
    }
    if let (true, Some(cpu), Some(milli)) = (spec.memory.is_null(), spec.cpu.known(), milli)
        && is_cpu_size(milli)
        && memory_of(milli).0 > 512 * MI
    {
        let detail = format!(
            "cpu is {cpu}, which needs at least {}Gi of memory, and a new service that does not set memory gets 512Mi. Set memory.",
            memory_of(milli).0 / GI
        );
        report.error("cpu", "CPU and memory do not fit together", detail);
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

fn is_service_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=49).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || c == '-')
}

/// CPU, memory and what depends on them.
fn size(spec: &ServiceSpec, report: &mut Report<'_>) {
    gpu(spec, report);
    let milli = spec.cpu.known().map(Quantity::thousandths_at_least);
    // What instances with other GPUs can have is more, and for their type to say.
    let is_large = is_other_gpu(spec);
    if let Some(cpu) = spec.cpu.known()
        && !milli.is_some_and(|milli| is_cpu_size(milli) || (is_large && milli >= 8_000 && milli.is_multiple_of(1_000)))
    {
        report.error(
            "cpu",
            "Cloud Run has no such size of CPU",
            format!("cpu must be 1, 2, 4, 6 or 8, or from 0.08 to below 1 in steps of 0.001; it is {cpu}."),
        );
        return;
    }
    let bytes = spec.memory.known().and_then(Quantity::whole);
    if let Some(memory) = spec.memory.known()
        && !bytes.is_some_and(|bytes| bytes >= 128 * MI && (is_large || bytes <= 32 * GI))
    {
        report.error(
            "memory",
            "Memory out of range",
            format!("memory must be a whole number of bytes from 128Mi to 32Gi; it is {memory}."),
        );
        return;
    }
    let (cpu, memory) = (spec.cpu.known(), spec.memory.known());
    if let (Some(milli), Some(bytes), Some(cpu), Some(memory), false) = (milli, bytes, cpu, memory, is_large) {
        let (least, most) = memory_of(milli);
        if !(least..=most).contains(&bytes) {
            report.error(
                "memory",
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
    if let (Some(memory), Some(bytes), Some(ExecutionEnvironment::Gen2)) =
        (memory, bytes, spec.execution_environment.known())
        && bytes < 512 * MI
    {
        let detail =
            format!("The second generation needs at least 512Mi of memory; memory is {memory}. Use GEN1, or set more.");
        report.error("memory", "CPU and memory do not fit together", detail);
    }
    if let (Some(cpu), true) = (cpu, milli.is_some_and(|milli| milli < 1_000)) {
        if let Some(concurrency) = spec.concurrency.known().filter(|concurrency| **concurrency != 1) {
            let detail = format!("With cpu = {cpu}, which is below 1, concurrency must be 1; it is {concurrency}.");
            report.error("concurrency", "Too many requests for so little CPU", detail);
        }
        if spec.cpu_idle.known() == Some(&false) {
            let detail =
                format!("cpu_idle = false needs at least one CPU; cpu is {cpu}. Set cpu = \"1\", or cpu_idle = true.");
            report.error("cpu_idle", "Always allocated CPU needs a whole one", detail);
        }
        if spec.execution_environment.known() == Some(&ExecutionEnvironment::Gen2) {
            let detail =
                format!("The second generation needs at least one CPU; cpu is {cpu}. Use GEN1, or set cpu = \"1\".");
            report.error("execution_environment", "The second generation needs a whole CPU", detail);
        }
    }
}

/// What a type of GPU needs: CPU in thousandths and memory.
const GPUS: [(&str, u128, u128); 2] = [("nvidia-l4", 4_000, 16 * GI), ("nvidia-rtx-pro-6000", 20_000, 80 * GI)];

/// Whether the GPU may be one whose instances are larger than others.
fn is_other_gpu(spec: &ServiceSpec) -> bool {
    !spec.gpu_type.is_null() && spec.gpu_type.known().is_none_or(|name| name != GPUS[0].0)
}

fn gpu(spec: &ServiceSpec, report: &mut Report<'_>) {
    if spec.gpu.is_null() != spec.gpu_type.is_null() {
        report.error(
            if spec.gpu.is_null() { "gpu" } else { "gpu_type" },
            "Half of a GPU",
            "gpu (how many) and gpu_type (which) go together: set both, or none.",
        );
    }
    if spec.gpu.known().is_none_or(|count| *count == 0) {
        return;
    }
    report.range(report.path.attribute("gpu"), "gpu", &spec.gpu, 0, 1);
    if spec.cpu_idle.known() == Some(&true) {
        report.error(
            "cpu_idle",
            "A GPU needs always allocated CPU",
            "Set cpu_idle = false where gpu is set, or leave it out.",
        );
    }
    if spec.execution_environment.known() == Some(&ExecutionEnvironment::Gen1) {
        let detail = "A GPU needs EXECUTION_ENVIRONMENT_GEN2. Set execution_environment, or leave it out.";
        report.error("execution_environment", "A GPU needs the second generation", detail);
    }
    let needs = spec.gpu_type.known().and_then(|name| GPUS.iter().find(|(gpu, ..)| gpu == name));
    let Some((name, milli, bytes)) = needs else { return };
    let too_small = "Too small for the GPU";
    if let Some(cpu) = spec.cpu.known().filter(|cpu| cpu.thousandths_at_least() < *milli) {
        report.error("cpu", too_small, format!("{name} needs at least {} CPUs; cpu is {cpu}.", milli / 1_000));
    }
    if let Some(memory) = spec.memory.known().filter(|memory| memory.whole().is_some_and(|is| is < *bytes)) {
        report.error(
            "memory",
            too_small,
            format!("{name} needs at least {} of memory; memory is {memory}.", spell(*bytes)),
        );
    }
}

fn spell(bytes: u128) -> String {
    if bytes.is_multiple_of(GI) { format!("{}Gi", bytes / GI) } else { format!("{}Mi", bytes / MI) }
}

fn is_cpu_size(milli: u128) -> bool {
    matches!(milli, 1_000 | 2_000 | 4_000 | 6_000 | 8_000) || (80..1_000).contains(&milli)
}

/// The memory that so many thousandths of a CPU can have.
fn memory_of(milli: u128) -> (u128, u128) {
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

fn variables(spec: &ServiceSpec, report: &mut Report<'_>) {
    fn keys<T>(value: &Value<BTreeMap<String, T>>) -> impl Iterator<Item = &String> {
        value.known().into_iter().flat_map(BTreeMap::keys)
    }
    let all = keys(&spec.env).map(|name| ("env", name)).chain(keys(&spec.secret_env).map(|name| ("secret_env", name)));
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
            report.at(report.path.attribute(attribute).key(name), "Invalid environment variable", problem);
        }
    }
    for (name, value) in spec.env.known().into_iter().flatten() {
        if value.len() > LONGEST_VALUE && !value.contains("{{") {
            report.at(
                report.path.attribute("env").key(name),
                "Environment variable too long",
                format!(
                    "The value of {name} must have at most {LONGEST_VALUE} bytes; it has {}. Mount it as a file of a secret or \
                     bucket.",
                    value.len()
                ),
            );
        }
    }
    if let (Some(plain), Some(secret)) = (spec.env.known(), spec.secret_env.known()) {
        for name in plain.keys().filter(|name| secret.contains_key(*name)) {
            report.at(
                report.path.attribute("secret_env").key(name),
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

fn volume_problems(spec: &ServiceSpec, volume: &Volume, path: &Path, report: &mut Report<'_>) {
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
    let first = spec.execution_environment.known() == Some(&ExecutionEnvironment::Gen1);
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

fn one_mount_each(spec: &ServiceSpec, report: &mut Report<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, volume) in spec.volumes.known().into_iter().flatten() {
        let Some(mount) = volume.mount_path.known() else { continue };
        if let Some(other) = seen.insert(mount.trim_end_matches('/'), name) {
            report.at(
                report.path.attribute("volumes").key(name).attribute("mount_path"),
                "Two volumes in one place",
                format!("The volumes {other:?} and {name:?} are both mounted at {mount:?}. Give them different paths."),
            );
        }
    }
}

fn probe(probe: &Probe, path: &Path, longest: u64, report: &mut Report<'_>) {
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

fn network(spec: &ServiceSpec, report: &mut Report<'_>) {
    let Some(vpc) = spec.vpc_access.known() else { return };
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

fn traffic(spec: &ServiceSpec, report: &mut Report<'_>) {
    let Some(targets) = spec.traffic.known() else { return };
    let path = report.path.attribute("traffic");
    for (index, target) in targets.iter().enumerate() {
        report.range(path.index(index).attribute("percent"), "percent", &target.percent, 0, 100);
        if target.r#type.known() == Some(&TrafficType::Revision) && target.revision.is_null() {
            report.at(
                path.index(index).attribute("revision"),
                "A revision is missing",
                format!("A target of type {} needs revision.", TrafficType::Revision.spelling()),
            );
        }
    }
    let mut tags = BTreeSet::new();
    for (index, tag) in targets.iter().enumerate().filter_map(|(index, target)| Some((index, target.tag.known()?))) {
        let problem = if !is_tag(tag) {
            Some(
                "must be of lower-case letters, digits and '-', with a letter first and a letter or digit last, at most 63",
            )
        } else if !tags.insert(tag) {
            Some("is given twice")
        } else {
            None
        };
        if let Some(problem) = problem {
            let detail = format!("The tag of a target {problem}; it is {tag:?}.");
            report.at(path.index(index).attribute("tag"), "Invalid tag", detail);
        }
    }
    let shares: Option<Vec<i64>> = targets.iter().map(|target| target.percent.known().copied()).collect();
    if let Some(sum) = shares.map(|shares| shares.iter().sum::<i64>()).filter(|sum| *sum != 100) {
        report.at(path, "The shares must make 100 percent", total(sum));
    }
}

fn is_tag(tag: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_lowercase())
        && tag.ends_with(inner)
        && tag.chars().all(|c| inner(c) || c == '-')
}

fn total(sum: impl Display) -> String {
    format!("The percent of all targets must add up to 100; they make {sum}.")
}
