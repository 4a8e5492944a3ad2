//! Calls by their shape, and which fault can strike which.

use std::fmt;

use localcloud::aws::is_write;
use localcloud::{FaultSpec, MatchSpec, RequestRecord};

use crate::cells::Operation;
use crate::faults::Fault;

/// What calls have in common that differ in what they are about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    pub(crate) method: String,
    /// The service.
    pub(crate) host: String,
    /// A slash and the action; bucket and subresource in S3.
    pub(crate) path: String,
    is_write: bool,
}

/// The code by which a service says that a call comes too early, and the status of the answer.
fn throttling(service: &str) -> (u16, &'static str) {
    match service {
        "s3" => (503, "SlowDown"),
        "ec2" => (503, "RequestLimitExceeded"),
        "dynamodb" => (400, "ProvisionedThroughputExceededException"),
        "iam" | "rds" | "elasticloadbalancing" | "sns" | "monitoring" => (400, "Throttling"),
        _ => (400, "ThrottlingException"),
    }
}

/// The code by which a service says that something is not there.
fn not_found(service: &str, action: &str) -> (u16, &'static str) {
    match service {
        "s3" => (404, "NoSuchBucket"),
        "iam" => (404, "NoSuchEntity"),
        "sqs" => (400, "AWS.SimpleQueueService.NonExistentQueue"),
        "ecr" => (400, "RepositoryNotFoundException"),
        "sns" => (404, "NotFound"),
        "rds" if action.contains("SubnetGroup") => (404, "DBSubnetGroupNotFoundFault"),
        "rds" if action.contains("ParameterGroup") => (404, "DBParameterGroupNotFound"),
        "rds" => (404, "DBInstanceNotFound"),
        "elasticloadbalancing" if action.contains("TargetGroup") => (400, "TargetGroupNotFound"),
        "elasticloadbalancing" => (400, "LoadBalancerNotFound"),
        "ec2" if action.contains("Vpc") => (400, "InvalidVpcEndpointId.NotFound"),
        "ec2" => (400, "InvalidGroup.NotFound"),
        "ecs" if action.contains("Service") => (400, "ServiceNotFoundException"),
        "ecs" => (400, "ClusterNotFoundException"),
        "application-autoscaling" => (400, "ObjectNotFoundException"),
        _ => (400, "ResourceNotFoundException"),
    }
}

/// The code by which a service says that something is there already.
fn exists(service: &str, action: &str) -> (u16, &'static str) {
    match service {
        "s3" => (409, "BucketAlreadyOwnedByYou"),
        "iam" => (409, "EntityAlreadyExists"),
        "sqs" => (400, "QueueAlreadyExists"),
        "ecr" => (400, "RepositoryAlreadyExistsException"),
        "dynamodb" => (400, "ResourceInUseException"),
        "logs" => (400, "ResourceAlreadyExistsException"),
        "secretsmanager" => (400, "ResourceExistsException"),
        "rds" if action.contains("SubnetGroup") => (400, "DBSubnetGroupAlreadyExists"),
        "rds" if action.contains("ParameterGroup") => (400, "DBParameterGroupAlreadyExists"),
        "rds" => (400, "DBInstanceAlreadyExists"),
        "elasticloadbalancing" if action.contains("TargetGroup") => (400, "DuplicateTargetGroupName"),
        "elasticloadbalancing" => (400, "DuplicateLoadBalancerName"),
        _ => (400, "InvalidGroup.Duplicate"),
    }
}

/// The services that say that somebody else is at it, and how.
fn conflict(service: &str) -> Option<(u16, &'static str)> {
    match service {
        "s3" => Some((409, "OperationAborted")),
        "iam" => Some((409, "ConcurrentModification")),
        "logs" => Some((400, "OperationAbortedException")),
        _ => None,
    }
}

/// The creations that say when something of that name exists already.
const CREATIONS: [&str; 12] = [
    "CreateDBInstance",
    "CreateDBParameterGroup",
    "CreateDBSubnetGroup",
    "CreateLogGroup",
    "CreateOpenIDConnectProvider",
    "CreatePolicy",
    "CreateRepository",
    "CreateRole",
    "CreateSecret",
    "CreateSecurityGroup",
    "CreateTable",
    "CreateTargetGroup",
];

impl Shape {
    pub(crate) fn of(call: &RequestRecord) -> Self {
        let (method, host, path) = (call.method.clone(), call.host.clone(), call.path.clone());
        Self { method, host, path, is_write: is_write(call) }
    }

    /// By which a warning may call what it is about.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.path.split(['/', '?']).filter(|part| part.len() > 3).chain([self.host.as_str()])
    }

    fn action(&self) -> &str {
        &self.path[1..]
    }

    fn creates(&self) -> bool {
        CREATIONS.contains(&self.action()) || (self.host == "s3" && self.method == "PUT" && !self.path.contains('?'))
    }

    /// Whether an answer that says nothing would say that there is nothing: it could be true.
    fn is_list(&self) -> bool {
        ["List", "Describe"].iter().any(|verb| self.action().starts_with(verb)) || self.action().is_empty()
    }

    /// Whether a fault can strike such a call. A cloud may say that a new object is not there yet; that an old one is not
    /// there would be a lie, and so would be that something exists which nobody made but the call before it.
    pub(crate) fn suffers(&self, fault: Fault, operation: Operation) -> bool {
        match fault {
            Fault::NotFound => operation == Operation::Create && !self.is_write && !self.action().starts_with("List"),
            Fault::Exists => operation == Operation::Create && self.creates(),
            Fault::Aborted => self.is_write && conflict(&self.host).is_some(),
            Fault::TooManyRetryAfter | Fault::Precondition | Fault::OperationFails | Fault::OperationEndless => false,
            // Writes answer with nothing.
            Fault::Empty => !self.is_write,
            Fault::Hollow => !self.is_write && !self.is_list(),
            Fault::KilledBefore => operation.writes() && self.is_write,
            Fault::KilledAfter => operation.writes(),
            Fault::Rival(_) => operation == Operation::Update,
            _ => true,
        }
    }

    /// The fault that strikes the call before which `skip` others of this shape came.
    pub(crate) fn spec(&self, fault: Fault, skip: u32) -> FaultSpec {
        let path = Some(format!("^{}$", regex::escape(&self.path)));
        let (service, action) = (self.host.as_str(), self.action());
        let refusal = match fault {
            Fault::TooMany => throttling(service),
            Fault::Unavailable | Fault::Outage => (503, "ServiceUnavailable"),
            Fault::Denied => (403, "AccessDenied"),
            Fault::NotFound => not_found(service, action),
            Fault::Aborted => conflict(service).unwrap_or((409, "Conflict")),
            Fault::Exists => exists(service, action),
            _ => (500, "InternalFailure"),
        };
        fault.spec(MatchSpec { host: Some(self.host.clone()), method: Some(self.method.clone()), path }, skip, refusal)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.path)
    }
}
