//! Calls by their shape, and which fault can strike which.

use std::fmt;

use localcloud::{FaultSpec, MatchSpec, RequestRecord};

use crate::cells::Operation;
use crate::faults::Fault;

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

    /// Whether a fault can strike its calls. A cloud may say that a new object is not there yet; that an old one is not
    /// there would be a lie, and so would be that something exists which nobody made but the call before it.
    pub(crate) fn suffers(&self, fault: Fault, operation: Operation) -> bool {
        match fault {
            Fault::NotFound => operation == Operation::Create && self.is_read(),
            Fault::Exists => operation == Operation::Create && self.method == "POST" && !self.is_read(),
            Fault::Aborted | Fault::Precondition => !self.is_read(),
            Fault::OperationFails | Fault::OperationEndless => self.starts_operation(),
            // Both are what a deletion answers.
            Fault::Empty => self.method != "DELETE",
            // An import cannot know that an empty page should not be empty.
            Fault::Hollow => self.method != "DELETE" && !(operation == Operation::Import && self.is_list()),
            Fault::KilledBefore => operation.writes() && !self.is_read(),
            Fault::KilledAfter => operation.writes(),
            Fault::Rival(_) => operation == Operation::Update,
            _ => true,
        }
    }

    /// The fault that strikes the call before which `skip` others of this shape came.
    pub(crate) fn spec(&self, fault: Fault, skip: u32) -> FaultSpec {
        let (host, method) = (Some(self.host.clone()), Some(self.method.clone()));
        let refusal = match fault {
            Fault::TooMany | Fault::TooManyRetryAfter => (429, "RESOURCE_EXHAUSTED"),
            Fault::Unavailable | Fault::Outage => (503, "UNAVAILABLE"),
            Fault::Denied => (403, "PERMISSION_DENIED"),
            Fault::NotFound => (404, "NOT_FOUND"),
            Fault::Aborted => (409, "ABORTED"),
            Fault::Exists => (409, "ALREADY_EXISTS"),
            Fault::Precondition => (412, "FAILED_PRECONDITION"),
            _ => (500, "INTERNAL"),
        };
        fault.spec(MatchSpec { host, method, path: Some(self.regex()) }, skip, refusal)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.path)
    }
}
