//! Which cpu and memory sizes Cloud Run accepts, alone and together.
//! The table is the documented one: memory grows with cpu, a fraction of a cpu serves one request at a time on the first
//! generation, and the second generation wants 512 MiB.

use serde_json::Value;

use super::finding::Finding;
use super::quantity::{bytes, milli_cpu};

const GI: u64 = 1 << 30;
const MI: u64 = 1 << 20;

/// What else of the template the limits depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// The second generation was asked for.
    pub(super) second_generation: bool,
    /// `maxInstanceRequestConcurrency`, as defaulted.
    pub(super) concurrency: i64,
}

/// Judges `resources` of the container at `at` (`template.containers[0]`).
pub(super) fn check(resources: &Value, at: &str, setting: Setting) -> Vec<Finding> {
    let mut found = Vec::new();
    let limits = resources.get("limits").and_then(Value::as_object);
    let text = |key: &str| limits.and_then(|l| l.get(key)).and_then(Value::as_str);
    for key in limits.into_iter().flat_map(|l| l.keys()) {
        if !matches!(key.as_str(), "cpu" | "memory" | "nvidia.com/gpu") {
            found.push(Finding::new(
                format!("{at}.resources.limits"),
                format!("Unsupported resource limit '{key}'. Only cpu, memory and nvidia.com/gpu are supported."),
            ));
        }
    }
    let cpu = text("cpu").unwrap_or("1000m");
    let memory = text("memory").unwrap_or("512Mi");
    let (cpu_field, memory_field) = (format!("{at}.resources.limits.cpu"), format!("{at}.resources.limits.memory"));
    let has_gpu = text("nvidia.com/gpu").is_some_and(|count| count != "0");
    // An instance with a GPU may be larger than others: the RTX PRO 6000 wants at least 20 CPUs and 80 GiB.
    let is_size = |milli: &u64| is_cpu_size(*milli) || (has_gpu && *milli > 8_000 && milli.is_multiple_of(1_000));
    let Some(milli) = milli_cpu(cpu).filter(is_size) else {
        found.push(Finding::new(
            cpu_field,
            format!(
                "Invalid value specified for cpu '{cpu}'. Allowed are 1, 2, 4, 6, 8, and fractions from 0.08 below 1."
            ),
        ));
        return found;
    };
    let Some(size) = bytes(memory) else {
        found.push(Finding::new(memory_field, format!("Invalid value specified for memory '{memory}'.")));
        return found;
    };
    let (least, most) = match memory_range(milli, setting.second_generation) {
        _ if milli > 8_000 => (80 * GI, u64::MAX),
        range => range,
    };
    if size < least || size > most {
        found.push(Finding::new(
            memory_field,
            format!(
                "Invalid value specified for container memory. For {} CPU, memory must be between {} and {} inclusive.",
                cores(milli),
                spelled(least),
                spelled(most)
            ),
        ));
    }
    if milli < 1_000 {
        if setting.concurrency > 1 {
            found.push(Finding::new(
                "template.maxInstanceRequestConcurrency".to_owned(),
                "Invalid value specified for container concurrency. With less than 1 CPU it must be 1.".to_owned(),
            ));
        }
        if setting.second_generation {
            found.push(Finding::new(
                cpu_field,
                "Invalid value specified for cpu. The second generation execution environment needs at least 1 CPU."
                    .to_owned(),
            ));
        } else if resources.get("limits").is_some() && resources.get("cpuIdle") != Some(&Value::Bool(true)) {
            found.push(Finding::new(
                cpu_field,
                "Invalid value specified for cpu. With CPU always allocated it must be at least 1.".to_owned(),
            ));
        }
    }
    found
}

/// Is this number of thousandths a size that can be had?
fn is_cpu_size(milli: u64) -> bool {
    matches!(milli, 1_000 | 2_000 | 4_000 | 6_000 | 8_000) || (80..1_000).contains(&milli)
}

fn memory_range(milli: u64, second_generation: bool) -> (u64, u64) {
    let floor = if second_generation { 512 * MI } else { 128 * MI };
    match milli {
        0..500 => (floor, 512 * MI),
        500..1_000 => (floor, GI),
        1_000 => (floor, 4 * GI),
        2_000 => (floor, 8 * GI),
        4_000 => (2 * GI, 16 * GI),
        6_000 => (4 * GI, 24 * GI),
        _ => (4 * GI, 32 * GI),
    }
}

fn cores(milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    let trimmed = text.trim_end_matches('0');
    if trimmed.ends_with('.') { format!("{trimmed}0") } else { trimmed.to_owned() }
}

fn spelled(size: u64) -> String {
    if size.is_multiple_of(GI) { format!("{}Gi", size / GI) } else { format!("{}Mi", size / MI) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn verdicts(cpu: &str, memory: &str, setting: Setting) -> Vec<String> {
        let resources = json!({"limits": {"cpu": cpu, "memory": memory}, "cpuIdle": true});
        check(&resources, "template.containers[0]", setting).into_iter().map(|f| f.to_string()).collect()
    }

    const PLAIN: Setting = Setting { second_generation: false, concurrency: 80 };

    #[test]
    fn documented_pairs_pass() {
        for (cpu, memory) in
            [("1", "128Mi"), ("1", "4Gi"), ("2000m", "8Gi"), ("4", "2Gi"), ("6", "24Gi"), ("8", "32Gi")]
        {
            assert_eq!(verdicts(cpu, memory, PLAIN), Vec::<String>::new(), "{cpu} {memory}");
        }
    }

    #[test]
    fn memory_out_of_range_names_the_range() {
        assert_eq!(
            verdicts("4", "1Gi", PLAIN),
            [
                "template.containers[0].resources.limits.memory: Invalid value specified for container memory. For 4.0 CPU, memory must be between 2Gi and 16Gi inclusive."
            ]
        );
        assert_eq!(verdicts("1", "8Gi", PLAIN).len(), 1);
        assert_eq!(verdicts("8", "2Gi", PLAIN).len(), 1);
    }

    #[test]
    fn odd_numbers_of_cores_are_refused() {
        for cpu in ["3", "5", "0.05", "16", "1500m"] {
            assert_eq!(verdicts(cpu, "2Gi", PLAIN).len(), 1, "{cpu}");
        }
    }

    #[test]
    fn an_instance_with_a_gpu_may_be_larger() {
        let large = |gpu: Value| {
            let resources = json!({"limits": {"cpu": "20", "memory": "80Gi", "nvidia.com/gpu": gpu}});
            check(&resources, "template.containers[0]", PLAIN).len()
        };
        assert_eq!((large(json!("1")), large(json!("0"))), (0, 1));
    }

    #[test]
    fn a_fraction_serves_one_request_on_the_first_generation() {
        let one = Setting { concurrency: 1, ..PLAIN };
        assert_eq!(verdicts("0.5", "512Mi", one), Vec::<String>::new());
        assert_eq!(verdicts("0.5", "512Mi", PLAIN).len(), 1);
        assert_eq!(verdicts("0.5", "512Mi", Setting { second_generation: true, ..one }).len(), 1);
    }

    #[test]
    fn the_second_generation_wants_512_mebibytes() {
        assert_eq!(verdicts("1", "256Mi", Setting { second_generation: true, ..PLAIN }).len(), 1);
        assert_eq!(verdicts("1", "256Mi", PLAIN), Vec::<String>::new());
    }
}
