//! The cells: every call of every operation, times every fault that can strike it.
//!
//! Calls go side by side, so a call is known by its shape (method, host, path without ids) and by how many of this shape came before.

use std::collections::BTreeMap;
use std::fmt;

use localcloud::RequestRecord;

use crate::faults::Fault;

/// What Terraform does when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Create,
    Update,
    Refresh,
    Import,
    Destroy,
}

impl Operation {
    pub(crate) const ALL: [Self; 5] = [Self::Create, Self::Update, Self::Refresh, Self::Import, Self::Destroy];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Refresh => "refresh",
            Self::Import => "import",
            Self::Destroy => "destroy",
        }
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Destroy)
    }
}

/// What calls have in common that differ in ids only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    pub(crate) method: String,
    pub(crate) host: String,
    /// The path, with a star for each id that the server chose.
    pub(crate) path: String,
}

/// Collections whose members the server names.
const NAMED_BY_SERVER: [&str; 7] =
    ["operations", "alertPolicies", "notificationChannels", "budgets", "indexes", "revisions", "executions"];

/// Collections of which a page without items says that there are none.
const COLLECTIONS: [&str; 22] = [
    "alertPolicies",
    "b",
    "budgets",
    "connectors",
    "databases",
    "fields",
    "indexes",
    "instances",
    "jobs",
    "networks",
    "notificationChannels",
    "providers",
    "repositories",
    "roles",
    "secrets",
    "serviceAccounts",
    "services",
    "subscriptions",
    "topics",
    "users",
    "versions",
    "workloadIdentityPools",
];

/// The calls that answer with a long-running operation.
const OPERATIONS: [(&str, &str); 9] = [
    ("run.googleapis.com", "/services"),
    ("run.googleapis.com", "/jobs"),
    ("artifactregistry.googleapis.com", "/repositories"),
    ("iam.googleapis.com", "/workloadIdentityPools"),
    ("firestore.googleapis.com", "/databases"),
    ("serviceusage.googleapis.com", "/services"),
    ("vpcaccess.googleapis.com", "/connectors"),
    ("redis.googleapis.com", "/instances"),
    ("sqladmin.googleapis.com", "/instances"),
];

impl Shape {
    pub(crate) fn of(call: &RequestRecord) -> Self {
        let mut after_collection = false;
        let segments = call.path.split('/').map(|segment| {
            let is_id = after_collection;
            after_collection = NAMED_BY_SERVER.contains(&segment);
            match segment.split_once(':') {
                Some((_, verb)) if is_id => format!("*:{verb}"),
                None if is_id => "*".to_owned(),
                _ => segment.to_owned(),
            }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        Self { method: call.method.clone(), host: call.host.clone(), path }
    }

    /// The path as a regular expression.
    pub(crate) fn regex(&self) -> String {
        let parts: Vec<String> = self.path.split('*').map(regex::escape).collect();
        format!("^{}$", parts.join("[^/:]+"))
    }

    /// The names in its path, by which a warning may call what it is about.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.path.split(['/', ':', '@']).filter(|segment| segment.len() > 3 && *segment != "projects")
    }

    pub(crate) fn is_read(&self) -> bool {
        let reads = [":getIamPolicy", ":testIamPermissions", ":search", ":query"];
        self.method == "GET" || reads.iter().any(|verb| self.path.ends_with(verb))
    }

    /// Whether its calls read pages of a collection.
    pub(crate) fn is_list(&self) -> bool {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        self.method == "GET" && COLLECTIONS.contains(&last)
    }

    /// Whether its calls answer with a long-running operation.
    pub(crate) fn starts_operation(&self) -> bool {
        let of_policy = self.path.ends_with("IamPolicy");
        // Artifact Registry changes a repository at once.
        let at_once = self.method == "PATCH" && self.host.starts_with("artifactregistry");
        let is_listed = OPERATIONS.iter().any(|(host, part)| self.host == *host && self.path.contains(part));
        self.method != "GET" && !of_policy && !at_once && is_listed
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.path)
    }
}

/// One fault at one call of one operation.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) operation: Operation,
    pub(crate) fault: Fault,
    pub(crate) shape: Shape,
    /// How many calls of the shape come before.
    pub(crate) skip: u32,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} #{}", self.operation.name(), self.fault.name(), self.shape, self.skip + 1)
    }
}

/// The cells of an operation that makes these calls.
pub(crate) fn cells(operation: Operation, calls: &[RequestRecord]) -> Vec<Cell> {
    let mut shapes: BTreeMap<Shape, u32> = BTreeMap::new();
    for call in calls {
        *shapes.entry(Shape::of(call)).or_default() += 1;
    }
    let cells = shapes.iter().flat_map(|(shape, count)| {
        let faults = Fault::ALL.into_iter().filter(|fault| fault.strikes(operation, shape));
        faults.flat_map(move |fault| (0..*count).map(move |skip| Cell { operation, fault, shape: shape.clone(), skip }))
    });
    cells.collect()
}
