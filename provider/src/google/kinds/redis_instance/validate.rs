//! What Memorystore documents as limits of an instance.

use tfplugin::{Choice, Diagnostic, Diagnostics, Path};

use super::{ConnectMode, ReadReplicasMode, RedisInstanceSpec, Tier};
use crate::google::kinds::limits;

/// The settings of Redis that the service takes.
const CONFIGS: [&str; 8] = [
    "activedefrag",
    "lfu-decay-time",
    "lfu-log-factor",
    "maxmemory-gb",
    "maxmemory-policy",
    "notify-keyspace-events",
    "stream-node-max-bytes",
    "stream-node-max-entries",
];

pub(super) fn name(spec: &RedisInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(name) = spec.name.known().filter(|name| !is_name(name)) {
        let text = format!(
            "{name:?} cannot be the name of a redis instance: it must have 1 to 40 lower-case letters, digits and '-', with a \
             letter first and no '-' last. It defaults to the KEY; set name where the KEY does not do."
        );
        diagnostics.push(Diagnostic::error("Invalid name of a redis instance", text).at(path.attribute("name")));
    }
}

fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || c == '-')
}

pub(super) fn new(spec: &RedisInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    limits::number(&spec.memory_size_gb, (1, 300), "memory_size_gb", path, diagnostics);
    replicas(spec, path, diagnostics);
    for name in spec.redis_configs.known().into_iter().flat_map(|configs| configs.keys()) {
        if !CONFIGS.contains(&name.as_str()) {
            let text = format!("{name:?} is no setting that Memorystore takes: these are {}.", CONFIGS.join(", "));
            let at = path.attribute("redis_configs").key(name);
            diagnostics.push(Diagnostic::error("Not a setting of Redis", text).at(at));
        }
    }
    if let Some(window) = spec.maintenance_window.known() {
        let path = path.attribute("maintenance_window");
        limits::number(&window.hour, (0, 23), "hour", &path, diagnostics);
        limits::number(&window.minute, (0, 59), "minute", &path, diagnostics);
    }
    let range = spec.reserved_ip_range.known().filter(|range| range.contains('/'));
    if let (Some(range), Some(ConnectMode::PrivateServiceAccess)) = (range, spec.connect_mode.known()) {
        let text = format!(
            "With connect_mode = {:?} reserved_ip_range is the name of a range that is allocated to Google's services, such as \
             \"google-services\"; it is {range:?}.",
            ConnectMode::PrivateServiceAccess.spelling()
        );
        let at = path.attribute("reserved_ip_range");
        diagnostics.push(Diagnostic::error("Not the name of an allocated range", text).at(at));
    }
}

/// What replicas need, and how many there may be.
fn replicas(spec: &RedisInstanceSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = |attribute: &'static str, title: &'static str, text: String| {
        diagnostics.push(Diagnostic::error(title, text).at(path.attribute(attribute)));
    };
    let (Some(tier), Some(mode)) = (spec.tier.known(), spec.read_replicas_mode.known()) else { return };
    let has_readers = *mode == ReadReplicasMode::ReadReplicasEnabled;
    if has_readers && *tier == Tier::Basic {
        let text = format!("Read replicas need tier = {:?}.", Tier::StandardHa.spelling());
        report("read_replicas_mode", "No replicas in this tier", text);
        return;
    }
    if let Some(memory) = spec.memory_size_gb.known().filter(|memory| has_readers && **memory < 5) {
        let text = format!("Read replicas need memory_size_gb = 5 at least; it is {memory}.");
        report("memory_size_gb", "Too little memory for read replicas", text);
    }
    let allowed = match (tier, has_readers) {
        (Tier::Basic, _) => 0..=0,
        (Tier::StandardHa, false) => 1..=1,
        (Tier::StandardHa, true) => 1..=5,
    };
    if let Some(count) = spec.replica_count.known().filter(|count| !allowed.contains(*count)) {
        let text = format!(
            "replica_count is 0 in the tier BASIC, 1 in STANDARD_HA, and 1 to 5 there with read replicas; it is {count}."
        );
        report("replica_count", "replica_count out of range", text);
    }
}

/// A version is only raised, and read replicas that come later need addresses.
pub(super) fn change(
    before: &RedisInstanceSpec,
    after: &RedisInstanceSpec,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if let (Some(is), Some(wanted)) = (before.redis_version.known(), after.redis_version.known())
        && wanted < is
    {
        let (is, wanted) = (is.spelling(), wanted.spelling());
        let text = format!(
            "The instance has redis_version = {is:?}; the configuration says {wanted:?}. A version is only raised. Set it to \
             {is:?}, or make another instance under another KEY and name."
        );
        let title = "The version of a redis instance cannot be lowered";
        diagnostics.push(Diagnostic::error(title, text).at(path.attribute("redis_version")));
    }
    let had_readers = before.read_replicas_mode.known() == Some(&ReadReplicasMode::ReadReplicasEnabled);
    let has_readers = after.read_replicas_mode.known() == Some(&ReadReplicasMode::ReadReplicasEnabled);
    if has_readers && !had_readers && after.secondary_ip_range.is_null() {
        let text = "An instance that gets read replicas after its creation needs more addresses: set secondary_ip_range, such \
                    as \"auto\".";
        let at = path.attribute("secondary_ip_range");
        diagnostics.push(Diagnostic::error("No addresses for read replicas", text).at(at));
    }
}
