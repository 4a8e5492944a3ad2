//! The presets: alarms that detect what the name says, with what to do about it.

use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Entries, Name, Number, Path, Value};

use super::AlarmSpec;
use crate::engine::tree;

/// Alarms that are known to work.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    /// More messages wait than `threshold` (100).
    #[tf(name = "queue_depth")]
    QueueDepth,
    /// The oldest message has waited for more than `threshold` seconds (900).
    #[tf(name = "queue_age")]
    QueueAge,
    /// There are messages that nobody could process.
    #[tf(name = "dead_letters")]
    DeadLetters,
    /// A service uses more than `threshold` percent of its CPU (80).
    #[tf(name = "service_cpu")]
    ServiceCpu,
    /// A service uses more than `threshold` percent of its memory (80).
    #[tf(name = "service_memory")]
    ServiceMemory,
    /// Targets answer more than `threshold` requests with an error of their own (10).
    #[tf(name = "target_5xx")]
    TargetErrors,
    /// One in twenty requests takes longer than `threshold` seconds (1).
    #[tf(name = "target_latency")]
    TargetLatency,
    /// More than `threshold` targets do not pass their health check (0).
    #[tf(name = "unhealthy_hosts")]
    UnhealthyHosts,
    /// A database uses more than `threshold` percent of its CPU (80).
    #[tf(name = "database_cpu")]
    DatabaseCpu,
    /// A database has less than `threshold` bytes of storage left (2 GiB).
    #[tf(name = "database_storage")]
    DatabaseStorage,
    /// A database has more than `threshold` connections (80).
    #[tf(name = "database_connections")]
    DatabaseConnections,
}

/// What a preset watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watched {
    Queue,
    Service,
    Database,
    /// What is behind a load balancer.
    Balancer,
    /// A target group behind a load balancer.
    TargetGroup,
}

impl Watched {
    /// The attributes that name what a preset may watch, and whether this one needs it.
    fn attributes(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::Queue => &[("queue", true)],
            Self::Service => &[("service", true)],
            Self::Database => &[("db_instance", true)],
            Self::Balancer => &[("load_balancer", true), ("target_group", false)],
            Self::TargetGroup => &[("load_balancer", true), ("target_group", true)],
        }
    }
}

/// What the metric is of, for what `attribute` names so.
fn dimensions<'n>(attribute: &str, name: &'n str) -> Vec<(&'static str, &'n str)> {
    match attribute {
        "queue" => vec![("QueueName", name)],
        "db_instance" => vec![("DBInstanceIdentifier", name)],
        "load_balancer" => vec![("LoadBalancer", name)],
        "target_group" => vec![("TargetGroup", name)],
        // The end of an ARN is CLUSTER/NAME.
        _ => {
            let path = name.rsplit_once(":service/").map_or(name, |(_, path)| path);
            match path.split_once('/') {
                Some((cluster, service)) => vec![("ClusterName", cluster), ("ServiceName", service)],
                None => vec![("ServiceName", path)],
            }
        }
    }
}

/// What a preset is made of.
struct Template {
    preset: Preset,
    namespace: &'static str,
    metric: &'static str,
    statistic: &'static str,
    period: &'static str,
    periods: i64,
    threshold: i64,
    comparison: &'static str,
    watched: Watched,
    /// What it detects, and what to do about it.
    description: &'static str,
}

const GREATER: &str = "GreaterThanThreshold";

static TEMPLATES: [Template; 11] = [
    Template {
        preset: Preset::QueueDepth,
        namespace: "AWS/SQS",
        metric: "ApproximateNumberOfMessagesVisible",
        statistic: "Maximum",
        period: "5m",
        periods: 1,
        threshold: 100,
        comparison: GREATER,
        watched: Watched::Queue,
        description: "Messages pile up in the queue. Look whether its workers run and what they log; add workers if they keep \
                      up with nothing but the number.",
    },
    Template {
        preset: Preset::QueueAge,
        namespace: "AWS/SQS",
        metric: "ApproximateAgeOfOldestMessage",
        statistic: "Maximum",
        period: "1m",
        periods: 5,
        threshold: 900,
        comparison: GREATER,
        watched: Watched::Queue,
        description: "A message has waited too long. Either no worker takes messages, or one message fails again and again: \
                      look at the workers' logs for its id.",
    },
    Template {
        preset: Preset::DeadLetters,
        namespace: "AWS/SQS",
        metric: "ApproximateNumberOfMessagesVisible",
        statistic: "Maximum",
        period: "1m",
        periods: 1,
        threshold: 0,
        comparison: GREATER,
        watched: Watched::Queue,
        description: "Messages were given up after all attempts. Read one, find its error in the workers' logs, mend that, and \
                      send the messages back to their queue (redrive).",
    },
    Template {
        preset: Preset::ServiceCpu,
        namespace: "AWS/ECS",
        metric: "CPUUtilization",
        statistic: "Average",
        period: "5m",
        periods: 2,
        threshold: 80,
        comparison: GREATER,
        watched: Watched::Service,
        description: "The service is short of CPU. Look whether requests have grown or one deployment made it slower; give its \
                      tasks more CPU, or let it have more of them.",
    },
    Template {
        preset: Preset::ServiceMemory,
        namespace: "AWS/ECS",
        metric: "MemoryUtilization",
        statistic: "Average",
        period: "5m",
        periods: 2,
        threshold: 80,
        comparison: GREATER,
        watched: Watched::Service,
        description: "The service is short of memory, and its tasks are stopped when it is used up. Look whether it grows with \
                      time (a leak) or with requests; give its tasks more memory.",
    },
    Template {
        preset: Preset::TargetErrors,
        namespace: "AWS/ApplicationELB",
        metric: "HTTPCode_Target_5XX_Count",
        statistic: "Sum",
        period: "5m",
        periods: 2,
        threshold: 10,
        comparison: GREATER,
        watched: Watched::Balancer,
        description: "Requests fail behind the load balancer. Look at the service's logs for the first error, and whether a \
                      deployment began at that time: then roll it back.",
    },
    Template {
        preset: Preset::TargetLatency,
        namespace: "AWS/ApplicationELB",
        metric: "TargetResponseTime",
        statistic: "p95",
        period: "5m",
        periods: 2,
        threshold: 1,
        comparison: GREATER,
        watched: Watched::Balancer,
        description: "Requests take too long. Look whether the service is short of CPU, or waits for its database; add tasks if \
                      there are more requests than before.",
    },
    Template {
        preset: Preset::UnhealthyHosts,
        namespace: "AWS/ApplicationELB",
        metric: "UnHealthyHostCount",
        statistic: "Maximum",
        period: "5m",
        periods: 2,
        threshold: 0,
        comparison: GREATER,
        watched: Watched::TargetGroup,
        description: "Targets do not pass their health check and get no requests. Look at the stopped tasks' reasons and at what \
                      the health check's path answers.",
    },
    Template {
        preset: Preset::DatabaseCpu,
        namespace: "AWS/RDS",
        metric: "CPUUtilization",
        statistic: "Average",
        period: "5m",
        periods: 2,
        threshold: 80,
        comparison: GREATER,
        watched: Watched::Database,
        description: "The database is short of CPU. Look for the queries that take longest (Performance Insights) and what calls \
                      them; a larger class is the last resort.",
    },
    Template {
        preset: Preset::DatabaseStorage,
        namespace: "AWS/RDS",
        metric: "FreeStorageSpace",
        statistic: "Minimum",
        period: "5m",
        periods: 1,
        threshold: 2 << 30,
        comparison: "LessThanThreshold",
        watched: Watched::Database,
        description: "The database runs out of storage and stops when it is full. Look what grows (tables, logs, replication \
                      slots), and raise allocated_storage in time: it takes minutes.",
    },
    Template {
        preset: Preset::DatabaseConnections,
        namespace: "AWS/RDS",
        metric: "DatabaseConnections",
        statistic: "Maximum",
        period: "5m",
        periods: 1,
        threshold: 80,
        comparison: GREATER,
        watched: Watched::Database,
        description: "The database has nearly as many connections as it allows. Look which clients hold them, and whether their \
                      pools are as large as they need to be.",
    },
];

impl Preset {
    fn template(self) -> Option<&'static Template> {
        TEMPLATES.iter().find(|template| template.preset == self)
    }
}

/// The template that a component names.
fn template(component: &Dynamic) -> Option<&'static Template> {
    let name = tree::text(component, "preset")?;
    TEMPLATES.iter().find(|template| template.preset.spelling() == name)
}

/// Fills in what the preset of a component says, where the component itself says nothing.
pub(super) fn write_out(component: &mut Dynamic) {
    let Some(template) = template(component) else { return };
    let mut named = Entries::new();
    let mut is_known = true;
    for (attribute, _) in template.watched.attributes() {
        match component.get(attribute) {
            Dynamic::String(name) => {
                let of = dimensions(attribute, name).into_iter();
                named.extend(of.map(|(name, value)| (Name::from(name), Dynamic::string(value))));
            }
            Dynamic::Unknown => is_known = false,
            _ => {}
        }
    }
    let dimensions = if is_known { Dynamic::Map(named) } else { Dynamic::Unknown };
    let number = |value: i64| Dynamic::Number(Number::from(value));
    for (name, value) in [
        ("namespace", Dynamic::string(template.namespace)),
        ("metric_name", Dynamic::string(template.metric)),
        ("dimensions", dimensions),
        ("period", Dynamic::string(template.period)),
        ("evaluation_periods", number(template.periods)),
        ("threshold", number(template.threshold)),
        ("comparison_operator", Dynamic::string(template.comparison)),
        ("treat_missing_data", Dynamic::string("notBreaching")),
        ("description", Dynamic::string(template.description)),
    ] {
        if component.get(name).is_null() {
            tree::set(component, name, value);
        }
    }
    if component.get("statistic").is_null() && component.get("extended_statistic").is_null() {
        let is_percentile = template.statistic.starts_with('p');
        let attribute = if is_percentile { "extended_statistic" } else { "statistic" };
        tree::set(component, attribute, Dynamic::string(template.statistic));
    }
}

/// What the attributes of a component name that could be watched.
fn watchable(spec: &AlarmSpec) -> [(&'static str, &Value<String>); 5] {
    [
        ("queue", &spec.queue),
        ("service", &spec.service),
        ("db_instance", &spec.db_instance),
        ("target_group", &spec.target_group),
        ("load_balancer", &spec.load_balancer),
    ]
}

fn watched(spec: &AlarmSpec) -> &'static [(&'static str, bool)] {
    let template = spec.preset.known().and_then(|preset| preset.template());
    template.map(|template| template.watched.attributes()).unwrap_or_default()
}

/// Checks that a preset has what it watches, and nothing else is named. A balancer may yet be found by its target group.
pub(super) fn validate(spec: &AlarmSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let watched = watched(spec);
    for (attribute, value) in watchable(spec) {
        let is_found = attribute == "load_balancer" && !spec.target_group.is_null();
        if watched.contains(&(attribute, true)) && value.is_null() && !is_found {
            diagnostics.push(unwatched(attribute, path));
        }
        let is_watched = watched.iter().any(|(watched, _)| *watched == attribute);
        if !is_watched && value.known().is_some() && !spec.preset.is_unknown() {
            let detail = format!("{attribute} goes with presets that watch one. Set preset, or say it in dimensions.");
            diagnostics.push(Diagnostic::error("Nothing watches this", detail).at(path.attribute(attribute)));
        }
    }
}

/// Checks that the balancer in front of a target group was found.
pub(super) fn validate_new(spec: &AlarmSpec, path: &Path, diagnostics: &mut Diagnostics) {
    if watched(spec).contains(&("load_balancer", true)) && spec.load_balancer.is_null() && !spec.target_group.is_null()
    {
        diagnostics.push(unwatched("load_balancer", path));
    }
}

fn unwatched(attribute: &str, path: &Path) -> Diagnostic {
    let detail = format!("The preset watches what {attribute} names. Set {attribute} to a KEY or a name.");
    Diagnostic::error("A preset without what it watches", detail).at(path.attribute(attribute))
}
