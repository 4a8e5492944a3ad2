//! Environments of any size: copies of one that has 52 objects, each with names of its own.
//!
//! A copy holds what the CT-scan environment holds, by kind and number: 28 objects and 24 grants.

use serde_json::{Map, Value, json};

/// How many objects and grants a copy has.
pub const OBJECTS_PER_COPY: usize = 52;

/// The arguments of a `mlops_stack` with that many copies.
pub fn copies(count: usize) -> Value {
    let mut stack = Map::new();
    stack.insert("name".to_owned(), json!("bench"));
    stack.insert("deletion_protection".to_owned(), json!(false));
    stack.insert("labels".to_owned(), json!({ "environment": "bench" }));
    for number in 0..count {
        for (kind, components) in copy(number) {
            let of_kind = stack.entry(kind).or_insert_with(|| json!({}));
            for (key, component) in components.as_object().into_iter().flatten() {
                of_kind[format!("{key}_{number}")] = component.clone();
            }
        }
    }
    Value::Object(stack)
}

/// The components of a copy by kind, their KEYs still without its number.
fn copy(number: usize) -> Map<String, Value> {
    let name = |of: &str| format!("bench-{number}-{of}");
    let key = |of: &str| format!("{of}_{number}");
    let grant = |role: &str, members: &[&str]| {
        let members: Vec<String> = members.iter().map(|member| key(member)).collect();
        json!({ role: members })
    };
    let bucket = |of: &str, age: u32, members: &[&str]| {
        let mut bucket = json!({
            "name": name(of),
            "versioning": true,
            "lifecycle_rules": [
                { "action": "SetStorageClass", "storage_class": "NEARLINE", "age": age },
                { "action": "Delete", "num_newer_versions": 5 },
            ],
        });
        if !members.is_empty() {
            bucket["iam"] = grant("roles/storage.objectAdmin", members);
        }
        bucket
    };
    let account = |of: &str, roles: &[&str]| json!({ "name": name(of), "display_name": of, "roles": roles });
    let secret = |of: &str, members: &[&str]| json!({ "name": name(of), "iam": grant("roles/secretmanager.secretAccessor", members) });
    let alert = |preset: &str| {
        json!({
            "preset": preset,
            "display_name": format!("{preset} {number}"),
            "service": key("api"),
            "channels": [key("on_call")],
        })
    };
    let index = |field: &str| {
        json!({
            "collection": "feedback",
            "fields": [{ "path": field, "order": "ASCENDING" }, { "path": "timestamp", "order": "DESCENDING" }],
        })
    };
    let environment = json!({
        "buckets": {
            "state": bucket("state", 30, &[]),
            "data": bucket("data", 60, &["ci"]),
            "models": bucket("models", 90, &["api", "ci"]),
            "logs": bucket("logs", 120, &["drift"]),
        },
        "registries": {
            "images": {
                "name": name("images"),
                "cleanup_policies": {
                    "keep-ten": { "action": "KEEP", "keep_count": 10 },
                    "drop-old": { "action": "DELETE", "older_than": "90d" },
                },
                "iam": {
                    "roles/artifactregistry.reader": [key("api")],
                    "roles/artifactregistry.writer": [key("ci"), key("watch")],
                },
            },
        },
        "services": {
            "api": {
                "name": name("api"),
                "image": "europe-west1-docker.pkg.dev/bench/images/api:1.4.0",
                "cpu": "2",
                "memory": "4Gi",
                "max_instances": 10,
                "service_account": key("api"),
                "env": { "MODELS": format!("{{{{buckets.models_{number}.url}}}}"), "LEVEL": "info" },
                "volumes": { "models": { "bucket": key("models"), "mount_path": "/models", "read_only": true } },
                "iam": { "roles/run.invoker": ["allUsers"] },
            },
        },
        "notification_channels": {
            "on_call": {
                "type": "email",
                "display_name": name("on-call"),
                "labels": { "email_address": format!("on-call-{number}@example.com") },
            },
        },
        "alert_policies": {
            "down": alert("api_downtime"),
            "errors": alert("high_error_rate"),
            "latency": alert("high_latency"),
            "memory": alert("memory_exhaustion"),
            "cpu": alert("high_cpu_usage"),
            "crashes": alert("crash_loop"),
            "some_errors": alert("elevated_error_rate"),
        },
        "service_accounts": {
            "api": account("api", &["roles/storage.objectViewer", "roles/logging.logWriter", "roles/datastore.user"]),
            "ci": {
                "name": name("ci"),
                "roles": ["roles/run.admin", "roles/artifactregistry.writer", "roles/iam.serviceAccountUser"],
                "iam": { "roles/iam.workloadIdentityUser": [key("watch")] },
            },
            "drift": account("drift", &["roles/monitoring.metricWriter", "roles/logging.logWriter", "roles/datastore.user"]),
            "watch": account("watch", &["roles/monitoring.viewer", "roles/logging.viewer", "roles/run.viewer"]),
        },
        "secrets": { "token": secret("token", &["api", "ci"]), "password": secret("password", &["api"]) },
        "workload_identity_pools": {
            "ci": {
                "name": name("pool"),
                "providers": {
                    "forge": {
                        "issuer_uri": "https://token.actions.githubusercontent.com",
                        "attribute_mapping": {
                            "google.subject": "assertion.sub",
                            "attribute.repository": "assertion.repository",
                        },
                        "attribute_condition": "assertion.repository == 'bench/bench'",
                    },
                },
            },
        },
        "firestore_databases": {
            "feedback": {
                "name": name("feedback"),
                "location": "eur3",
                "deletion_policy": "DELETE",
                "indexes": { "by_id": index("prediction_id"), "by_result": index("is_correct") },
                "ttl_fields": { "feedback": "expireAt" },
            },
        },
        "topics": { "budget": { "name": name("budget") } },
        "budgets": {
            "month": {
                "billing_account": "012345-6789AB-CDEF01",
                "display_name": name("month"),
                "amount": 50,
                "currency": "USD",
                "thresholds": [0.5, 0.9, 1.0],
                "topic": key("budget"),
            },
        },
    });
    match environment {
        Value::Object(kinds) => kinds,
        _ => Map::new(),
    }
}
