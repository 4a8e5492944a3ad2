//! What the APIs want to be there before they take a call: the data behind the critical path.
//!
//! A row says what a recording, a document or the check in `api/` says; where none is known it asks for the finished object, which is what
//! other providers wait for. Nothing here comes from the order in which a provider makes its calls.

use crate::store::SERVICE_USAGE;

/// How a change is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// With the object.
    Now,
    /// With an operation.
    Operation,
}

/// From when on others may build on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    /// As soon as its creation was accepted.
    Accepted,
    /// When the operation that makes it is done.
    Finished,
}

/// A collection of objects. How an object is told to be of it: its host, and the last segment but one of its path.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) host: &'static str,
    pub(super) collection: &'static str,
    pub(super) creation: Answer,
    pub(super) deletion: Answer,
    /// From when on what lies in it, names it or grants on it is taken.
    pub(super) ready: Ready,
    /// Its deletion is refused while something lies in it.
    pub(super) must_be_empty: bool,
    pub(super) names: &'static [Name],
}

/// A field that names another object.
#[derive(Debug)]
pub(super) struct Name {
    /// Dotted; `[]` stands for each entry of a list.
    pub(super) field: &'static str,
    pub(super) collection: &'static str,
    pub(super) demand: Demand,
}

/// What is demanded of an object that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// It is there.
    There,
    /// It is there, and is not deleted as long as it is named.
    Held,
    /// What lies in it is there, and may be read: the grants on it are written.
    Readable,
}

const fn now(host: &'static str, collection: &'static str, names: &'static [Name]) -> Kind {
    let (creation, deletion, ready) = (Answer::Now, Answer::Now, Ready::Accepted);
    Kind { host, collection, creation, deletion, ready, must_be_empty: false, names }
}

const fn slow(host: &'static str, collection: &'static str, names: &'static [Name]) -> Kind {
    let (creation, deletion, ready) = (Answer::Operation, Answer::Operation, Ready::Finished);
    Kind { host, collection, creation, deletion, ready, must_be_empty: false, names }
}

const fn there(field: &'static str, collection: &'static str) -> Name {
    Name { field, collection, demand: Demand::There }
}

const fn held(field: &'static str, collection: &'static str) -> Name {
    Name { field, collection, demand: Demand::Held }
}

const COMPUTE: &str = "compute.googleapis.com";
const FIRESTORE: &str = "firestore.googleapis.com";
const IAM: &str = "iam.googleapis.com";
const MONITORING: &str = "monitoring.googleapis.com";
const PUBSUB: &str = "pubsub.googleapis.com";
const RUN: &str = "run.googleapis.com";
const SECRETS: &str = "secretmanager.googleapis.com";
const SQL: &str = "sqladmin.googleapis.com";
const STORAGE: &str = "storage.googleapis.com";

/// All collections whose objects callers make. Which calls are operations: the recordings of each API, and its discovery document.
pub(super) const KINDS: &[Kind] = &[
    // DELETE of a bucket that is not empty is 409: its discovery document.
    Kind { must_be_empty: true, ..now(STORAGE, "b", &[]) },
    now(STORAGE, "o", &[]),
    // An API is on when its operation is done: the recordings `serviceusage-service`.
    slow(SERVICE_USAGE, "services", &[]),
    slow("artifactregistry.googleapis.com", "repositories", &[]),
    Kind {
        // Recorded (`run-service`): the answer to the POST has the service, `reconciling`. That it can be granted on from then on is
        // how gcloud deploys, and in no recording.
        ready: Ready::Accepted,
        ..slow(
            RUN,
            "services",
            &[
                // 403 on an account that is not there.
                there("template.serviceAccount", "serviceAccounts"),
                // The revision does not become ready while it cannot read its secrets, or mount its bucket.
                Name {
                    field: "template.containers[].env[].valueSource.secretKeyRef.secret",
                    collection: "secrets",
                    demand: Demand::Readable,
                },
                Name { field: "template.volumes[].secret.secret", collection: "secrets", demand: Demand::Readable },
                there("template.volumes[].gcs.bucket", "b"),
                there("template.vpcAccess.connector", "connectors"),
                there("template.vpcAccess.networkInterfaces[].network", "networks"),
                there("template.vpcAccess.networkInterfaces[].subnetwork", "subnetworks"),
            ],
        )
    },
    slow(
        RUN,
        "jobs",
        &[
            there("template.template.serviceAccount", "serviceAccounts"),
            // An execution does not begin while it cannot read its secrets, or mount its bucket.
            Name {
                field: "template.template.containers[].env[].valueSource.secretKeyRef.secret",
                collection: "secrets",
                demand: Demand::Readable,
            },
            Name {
                field: "template.template.volumes[].secret.secret",
                collection: "secrets",
                demand: Demand::Readable,
            },
            there("template.template.volumes[].gcs.bucket", "b"),
            there("template.template.vpcAccess.networkInterfaces[].network", "networks"),
            there("template.template.vpcAccess.networkInterfaces[].subnetwork", "subnetworks"),
        ],
    ),
    now(
        "cloudscheduler.googleapis.com",
        "jobs",
        &[
            there("httpTarget.oidcToken.serviceAccountEmail", "serviceAccounts"),
            there("httpTarget.oauthToken.serviceAccountEmail", "serviceAccounts"),
        ],
    ),
    now(MONITORING, "notificationChannels", &[]),
    // Recorded (`monitoring-alert-policy`): the DELETE of a channel is 400 until the policy that names it is gone.
    now(
        MONITORING,
        "alertPolicies",
        &[Name { field: "notificationChannels[]", collection: "notificationChannels", demand: Demand::Held }],
    ),
    now(IAM, "serviceAccounts", &[]),
    now(IAM, "roles", &[]),
    slow(IAM, "workloadIdentityPools", &[]),
    slow(IAM, "providers", &[]),
    now(SECRETS, "secrets", &[there("topics[].name", "topics")]),
    now(SECRETS, "versions", &[]),
    slow(FIRESTORE, "databases", &[]),
    // Recorded (`firestore-index`): the DELETE is answered `{}`.
    Kind { deletion: Answer::Now, ..slow(FIRESTORE, "indexes", &[]) },
    slow(FIRESTORE, "fields", &[]),
    // Recorded (`sqladmin-instance-user`): users are made once the instance's operation is done, and their own are done at once.
    slow(SQL, "instances", &[there("settings.ipConfiguration.privateNetwork", "networks")]),
    now(SQL, "databases", &[]),
    now(SQL, "users", &[]),
    now(PUBSUB, "topics", &[]),
    now(
        PUBSUB,
        "subscriptions",
        &[
            there("topic", "topics"),
            there("deadLetterPolicy.deadLetterTopic", "topics"),
            there("pushConfig.oidcToken.serviceAccountEmail", "serviceAccounts"),
        ],
    ),
    slow(COMPUTE, "networks", &[]),
    // The discovery document: a subnetwork is in a network, which is not deleted before it.
    slow(COMPUTE, "subnetworks", &[held("network", "networks")]),
    slow(
        "vpcaccess.googleapis.com",
        "connectors",
        &[there("subnet.name", "subnetworks"), there("network", "networks")],
    ),
    // Recorded (`redis-instance`): create, change and delete are operations.
    slow("redis.googleapis.com", "instances", &[there("authorizedNetwork", "networks")]),
    now(
        "billingbudgets.googleapis.com",
        "budgets",
        &[
            there("notificationsRule.pubsubTopic", "topics"),
            there("notificationsRule.monitoringNotificationChannels[]", "notificationChannels"),
        ],
    ),
    // Recorded (`compute-global-lb`): what is named is 404 until it is there, and cannot be deleted before what names it.
    slow(COMPUTE, "addresses", &[]),
    slow(COMPUTE, "networkEndpointGroups", &[]),
    slow(COMPUTE, "backendBuckets", &[]),
    slow(COMPUTE, "backendServices", &[held("backends[].group", "networkEndpointGroups")]),
    slow(
        COMPUTE,
        "urlMaps",
        &[
            held("defaultService", "backendServices"),
            held("defaultService", "backendBuckets"),
            held("pathMatchers[].defaultService", "backendServices"),
            held("pathMatchers[].defaultService", "backendBuckets"),
            held("pathMatchers[].pathRules[].service", "backendServices"),
            held("pathMatchers[].pathRules[].service", "backendBuckets"),
        ],
    ),
    slow(COMPUTE, "sslCertificates", &[]),
    slow(COMPUTE, "targetHttpProxies", &[held("urlMap", "urlMaps")]),
    slow(COMPUTE, "targetHttpsProxies", &[held("urlMap", "urlMaps"), held("sslCertificates[]", "sslCertificates")]),
    slow(
        COMPUTE,
        "forwardingRules",
        &[held("target", "targetHttpProxies"), held("target", "targetHttpsProxies"), held("IPAddress", "addresses")],
    ),
];

/// The kind of the object at `path` (with its version), if callers make such objects.
pub(super) fn kind_of(host: &str, path: &str) -> Option<&'static Kind> {
    let collection = path.rsplit('/').nth(1)?;
    KINDS.iter().find(|kind| kind.host == host && kind.collection == collection)
}
