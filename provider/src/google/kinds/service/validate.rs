//! What Cloud Run would refuse of a service, said at plan time. Values that are not known yet could be valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use tfplugin::{Choice, Diagnostics, Path, Value};

use super::{ServiceSpec, TrafficType};
use crate::google::kinds::run::ExecutionEnvironment;
use crate::google::kinds::run::validate::{self, Gpu, Member, Report};
use crate::types::Quantity;

/// Checks the values that are known.
pub(super) fn service(spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { path, diagnostics };
    validate::name(&spec.name, "service", 49, &mut report);
    if let Some(location) = spec.location.known().filter(|location| !location.is_region()) {
        report.error(
            "location",
            "A service is in one region",
            format!("location must be a region, such as europe-west1; it is {location}."),
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
    validate::container(spec.container(), path, &spec.execution_environment, &mut report);
    size(spec, &mut report);
    validate::startup_probe(&spec.startup_probe, path, &mut report);
    if let Some(liveness) = spec.liveness_probe.known() {
        validate::probe(liveness, &at("liveness_probe"), 3_600, &mut report);
    }
    let main = Member {
        path: path.clone(),
        name: spec.container_name.known().map(String::as_str),
        depends_on: &spec.depends_on,
        volumes: &spec.volumes,
        // Without one of its own it is asked for its port.
        has_startup_probe: true,
    };
    validate::containers(main, &spec.containers, &spec.execution_environment, &mut report);
    validate::network(&spec.vpc_access, &mut report);
    traffic(spec, &mut report);
    validate::annotations(&spec.annotations, &mut report);
}

/// What holds for new services and for what changes.
pub(super) fn new_service(spec: &ServiceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = Report { path, diagnostics };
    validate::new_size(gpu_of(spec), spec.container(), "service", &mut report);
}

fn gpu_of(spec: &ServiceSpec) -> Gpu<'_> {
    Gpu { count: &spec.gpu, kind: &spec.gpu_type }
}

/// CPU, memory and what depends on them.
fn size(spec: &ServiceSpec, report: &mut Report<'_>) {
    let gpu = gpu_of(spec);
    validate::gpu(gpu, spec.container(), &spec.execution_environment, report);
    if gpu.is_there() && spec.cpu_idle.known() == Some(&true) {
        report.error(
            "cpu_idle",
            "A GPU needs always allocated CPU",
            "Set cpu_idle = false where gpu is set, or leave it out.",
        );
    }
    let path = report.path.clone();
    // What instances with other GPUs can have is more, and for their type to say.
    // What the second generation needs, all containers have together.
    let is_alone = spec.containers.known().is_none_or(BTreeMap::is_empty);
    let generation = if is_alone { &spec.execution_environment } else { &Value::Null };
    if !validate::size(spec.container(), &path, gpu.is_other(), generation, report) {
        return;
    }
    let is_part = |cpu: &&Quantity| cpu.thousandths_at_least() < 1_000;
    if let Some(cpu) = spec.cpu.known().filter(is_part) {
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
