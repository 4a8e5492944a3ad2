//! The presets: alarms that detect what the name says, with what to do about it.

use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Name, Number, Path};

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
}

impl Watched {
    const ALL: [Self; 3] = [Self::Queue, Self::Service, Self::Database];

    /// The attribute that names it.
    fn attribute(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Service => "service",
            Self::Database => "db_instance",
        }
    }

    /// What the metric is of, for what is named so.
    fn dimensions(self, name: &str) -> Vec<(&'static str, &str)> {
        match self {
            Self::Queue => vec![("QueueName", name)],
            Self::Database => vec![("DBInstanceIdentifier", name)],
            // The end of an ARN is CLUSTER/NAME.
            Self::Service => {
                let path = name.rsplit_once(":service/").map_or(name, |(_, path)| path);
                match path.split_once('/') {
                    Some((cluster, service)) => vec![("ClusterName", cluster), ("ServiceName", service)],
                    None => vec![("ServiceName", path)],
                }
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

static TEMPLATES: [Template; 8] = [
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
    let dimensions = match component.get(template.watched.attribute()) {
        Dynamic::Unknown => Dynamic::Unknown,
        name => {
            let named = template.watched.dimensions(name.as_str().unwrap_or_default());
            Dynamic::Map(named.into_iter().map(|(name, value)| (Name::from(name), Dynamic::string(value))).collect())
        }
    };
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
        tree::set(component, "statistic", Dynamic::string(template.statistic));
    }
}

/// Checks that a preset has what it watches, and nothing else is named.
pub(super) fn validate(spec: &AlarmSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let template = spec.preset.known().and_then(|preset| preset.template());
    let watched = template.map(|template| template.watched);
    for one in Watched::ALL {
        let attribute = one.attribute();
        let value = match one {
            Watched::Queue => &spec.queue,
            Watched::Service => &spec.service,
            Watched::Database => &spec.db_instance,
        };
        let is_watched = watched == Some(one);
        if is_watched && value.is_null() {
            let detail = format!("The preset watches what {attribute} names. Set {attribute} to a KEY or a name.");
            diagnostics
                .push(Diagnostic::error("A preset without what it watches", detail).at(path.attribute(attribute)));
        }
        if !is_watched && value.known().is_some() && !spec.preset.is_unknown() {
            let detail = format!("{attribute} goes with presets that watch one. Set preset, or say it in dimensions.");
            diagnostics.push(Diagnostic::error("Nothing watches this", detail).at(path.attribute(attribute)));
        }
    }
}
