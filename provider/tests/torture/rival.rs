//! Another writer of the same objects, through the APIs, as a person at the console is.
//!
//! What it adds has its name in it, so that what is left of it can be told. Fields of ours that it changes are put right by the next apply.

use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::faults::Rival;

/// In everything that the rival adds.
pub(crate) const NAME: &str = "rival";

const PROJECT: &str = "projects/dtu-mlops-data-482907";
const PLACE: &str = "projects/dtu-mlops-data-482907/locations/europe-west1";
const MEMBER: &str = "user:rival@example.com";

/// How many things each kind of rival adds: all of them have to be there in the end.
pub(crate) fn additions(rival: Rival) -> usize {
    match rival {
        Rival::Labels => 4,
        Rival::Grants => 7,
        Rival::Children => 3,
        Rival::Fields => 0,
    }
}

/// Whether a difference is one that the rival has made.
pub(crate) fn is_its(path: &str, before: &Json, after: &Json) -> bool {
    path.contains(NAME) || before.is_null() && after.to_string().contains(NAME)
}

struct Writer {
    url: String,
    http: reqwest::Client,
}

/// Makes the rival's changes.
pub(crate) async fn interfere(cloud: &Cloud, rival: Rival) {
    let writer = Writer { url: cloud.url().to_owned(), http: reqwest::Client::new() };
    match rival {
        Rival::Labels => writer.labels().await,
        Rival::Grants => writer.grants().await,
        Rival::Children => writer.children().await,
        Rival::Fields => writer.fields().await,
    }
}

fn bucket(name: &str) -> String {
    format!("storage.googleapis.com/storage/v1/b/{name}")
}

impl Writer {
    /// A call that must succeed.
    async fn call(&self, method: &str, path: &str, body: Option<Json>) -> Json {
        self.attempt(method, path, body).await.unwrap_or_else(|text| panic!("the rival cannot write {path}: {text}"))
    }

    async fn attempt(&self, method: &str, path: &str, body: Option<Json>) -> Result<Json, String> {
        let method: reqwest::Method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}/{path}", self.url));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status.is_success() { Ok(serde_json::from_str(&text).unwrap_or_default()) } else { Err(text) }
    }

    /// Adds a binding, again and again where the stack was faster.
    async fn bind(&self, read: (&str, &str), write: (&str, &str), role: &str) {
        loop {
            let mut policy = self.call(read.0, read.1, (read.0 == "POST").then(|| json!({}))).await;
            let mut bindings = policy["bindings"].as_array().cloned().unwrap_or_default();
            bindings.push(json!({"role": role, "members": [MEMBER]}));
            policy["bindings"] = json!(bindings);
            let body = if write.0 == "PUT" { policy } else { json!({"policy": policy}) };
            match self.attempt(write.0, write.1, Some(body)).await {
                Ok(_) => return,
                Err(text) => assert!(text.contains("409") || text.contains("412"), "the rival cannot grant: {text}"),
            }
        }
    }

    /// Adds a label. Where the API has an etag, again and again while the stack was faster; where it has none, two who write
    /// the whole map would lose each other's labels, so that this one's comes in one step.
    async fn labelled(&self, path: &str, member: &str) {
        loop {
            let object = self.call("GET", path, None).await;
            let Some(etag) = object.get("etag") else {
                let (service, path) = path.split_once('/').unwrap();
                let edit = json!({"service": service, "path": format!("/{path}"), "merge": {member: {NAME: "1"}}});
                self.call("POST", "_localcloud/edit", Some(edit)).await;
                return;
            };
            let mut labels = object[member].clone();
            labels[NAME] = json!("1");
            let change = json!({member: labels, "etag": etag});
            match self.attempt("PATCH", &format!("{path}?updateMask={member}"), Some(change)).await {
                Ok(_) => return,
                Err(text) => assert!(text.contains("etag"), "the rival cannot label {path}: {text}"),
            }
        }
    }

    /// Topics and registries are left out: their APIs take all labels at once and have no etag, so that of two who write at
    /// the same time one wins, whoever they are.
    async fn labels(&self) {
        self.call("PATCH", &bucket("dtu-mlops-dvc-storage-482907"), Some(json!({"labels": {NAME: "1"}}))).await;
        self.labelled(&format!("run.googleapis.com/v2/{PLACE}/services/ct-scan-api"), "labels").await;
        self.labelled(&format!("secretmanager.googleapis.com/v1/{PROJECT}/secrets/wandb-api-key"), "labels").await;
        let channels = format!("monitoring.googleapis.com/v3/{PROJECT}/notificationChannels");
        let list = self.call("GET", &channels, None).await;
        let name = list["notificationChannels"][0]["name"].as_str().unwrap().to_owned();
        self.labelled(&format!("monitoring.googleapis.com/v3/{name}"), "userLabels").await;
    }

    async fn granted(&self, path: &str, verb: &str, role: &str) {
        let (read, write) = (format!("{path}:getIamPolicy"), format!("{path}:setIamPolicy"));
        self.bind((verb, &read), ("POST", &write), role).await;
    }

    async fn grants(&self) {
        let path = format!("{}/iam", bucket("dtu-mlops-dvc-storage-482907"));
        self.bind(("GET", &path), ("PUT", &path), "roles/storage.legacyBucketReader").await;
        let account = "monitoring@dtu-mlops-data-482907.iam.gserviceaccount.com";
        for (path, verb, role) in [
            (format!("pubsub.googleapis.com/v1/{PROJECT}/topics/billing-budget-alerts"), "GET", "roles/pubsub.viewer"),
            (
                format!("artifactregistry.googleapis.com/v1/{PLACE}/repositories/ct-scan-mlops"),
                "GET",
                "roles/artifactregistry.reader",
            ),
            (format!("run.googleapis.com/v2/{PLACE}/services/ct-scan-api"), "GET", "roles/run.viewer"),
            (
                format!("secretmanager.googleapis.com/v1/{PROJECT}/secrets/wandb-api-key"),
                "GET",
                "roles/secretmanager.viewer",
            ),
            (
                format!("iam.googleapis.com/v1/{PROJECT}/serviceAccounts/{account}"),
                "POST",
                "roles/iam.serviceAccountViewer",
            ),
            (format!("cloudresourcemanager.googleapis.com/v1/{PROJECT}"), "POST", "roles/viewer"),
        ] {
            self.granted(&path, verb, role).await;
        }
    }

    async fn children(&self) {
        let topic = format!("{PROJECT}/topics/billing-budget-alerts");
        let subscription = format!("pubsub.googleapis.com/v1/{PROJECT}/subscriptions/rival-subscription");
        self.call("PUT", &subscription, Some(json!({"topic": topic}))).await;
        let pool = format!("iam.googleapis.com/v1/{PROJECT}/locations/global/workloadIdentityPools/github-pool");
        let provider = json!({
            "oidc": {"issuerUri": "https://rival.example.com"}, "attributeMapping": {"google.subject": "assertion.sub"},
        });
        self.call("POST", &format!("{pool}/providers?workloadIdentityPoolProviderId=rival-provider"), Some(provider))
            .await;
        let indexes =
            format!("firestore.googleapis.com/v1/{PROJECT}/databases/(default)/collectionGroups/rival/indexes");
        let field = |name: &str| json!({"fieldPath": name, "order": "ASCENDING"});
        let index = json!({"queryScope": "COLLECTION", "fields": [field("a"), field("b")]});
        self.call("POST", &indexes, Some(index)).await;
    }

    /// Fields that the stack manages: some that its change touches as well, and some that it does not.
    async fn fields(&self) {
        self.call(
            "PATCH",
            &bucket("dtu-mlops-terraform-state-482907"),
            Some(json!({"versioning": {"enabled": false}})),
        )
        .await;
        self.call("PATCH", &bucket("dtu-mlops-dvc-storage-482907"), Some(json!({"lifecycle": {"rule": []}}))).await;
        let described = |text: &str| Some(json!({"description": text}));
        for path in [
            format!("artifactregistry.googleapis.com/v1/{PLACE}/repositories/ct-scan-mlops"),
            format!("iam.googleapis.com/v1/{PROJECT}/locations/global/workloadIdentityPools/github-pool"),
        ] {
            self.call("PATCH", &format!("{path}?updateMask=description"), described("theirs")).await;
        }
        let topic = format!("{PROJECT}/topics/billing-budget-alerts");
        let change = json!({"topic": {"name": topic, "messageRetentionDuration": "7200s"}, "updateMask": "messageRetentionDuration"});
        self.call("PATCH", &format!("pubsub.googleapis.com/v1/{topic}"), Some(change)).await;
    }
}
