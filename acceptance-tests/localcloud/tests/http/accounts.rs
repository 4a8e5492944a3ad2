use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use localcloud::{Lag, Server, Settings};
use serde_json::json;

use crate::world::{Cloud, PROJECT, seed};

const EMAIL: &str = "robot-one@test-project.iam.gserviceaccount.com";

fn accounts() -> String {
    format!("iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts")
}

async fn create(cloud: &Cloud) -> serde_json::Value {
    let body = json!({"accountId": "robot-one", "serviceAccount": {"displayName": "Robot", "description": ""}});
    cloud.post(&accounts(), body).await.ok()
}

#[tokio::test]
async fn a_new_account_is_not_known_everywhere_at_once() {
    let settings = Settings { new_accounts: Lag::Looks(2), ..Settings::PROMPT };
    let cloud = Cloud::of(Server::builder().seed(seed()).settings(settings)).await;
    create(&cloud).await;
    let path = format!("{}/{EMAIL}", accounts());
    for _ in 0..2 {
        assert_eq!(cloud.get(&path).await.refused(404)["message"], "Unknown service account");
    }
    assert_eq!(cloud.get(&path).await.ok()["email"], EMAIL);
    let set = format!("cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}:setIamPolicy");
    let policy =
        json!({"policy": {"bindings": [{"role": "roles/viewer", "members": [format!("serviceAccount:{EMAIL}")]}]}});
    for _ in 0..2 {
        let error = cloud.post(&set, policy.clone()).await.refused(400);
        assert_eq!(error["message"], format!("Service account {EMAIL} does not exist."));
    }
    cloud.post(&set, policy).await.ok();
}

#[tokio::test]
async fn an_account_is_found_in_whatever_project_and_by_its_unique_id() {
    let cloud = Cloud::prompt().await;
    let account = create(&cloud).await;
    assert!(account.get("description").is_none());
    let unique = account["uniqueId"].as_str().unwrap();
    assert_eq!(unique.len(), 21);
    assert_eq!(cloud.get(&format!("iam.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}")).await.ok(), account);
    assert_eq!(cloud.get(&format!("iam.googleapis.com/v1/projects/-/serviceAccounts/{unique}")).await.ok(), account);
}

#[tokio::test]
async fn a_patch_answers_what_changed() {
    let cloud = Cloud::prompt().await;
    create(&cloud).await;
    let body = json!({"serviceAccount": {"description": "New"}, "updateMask": "description"});
    let answer = cloud.patch(&format!("{}/{EMAIL}", accounts()), body).await.ok();
    assert_eq!(answer, json!({"name": format!("projects/{PROJECT}/serviceAccounts/{EMAIL}"), "description": "New"}));
    assert_eq!(cloud.get(&format!("{}/{EMAIL}", accounts())).await.ok()["displayName"], "Robot");
}

#[tokio::test]
async fn disabling_shows_and_enabling_hides() {
    let cloud = Cloud::prompt().await;
    create(&cloud).await;
    let path = format!("{}/{EMAIL}", accounts());
    cloud.post(&format!("{path}:disable"), json!({})).await.ok();
    assert_eq!(cloud.get(&path).await.ok()["disabled"], json!(true));
    cloud.post(&format!("{path}:enable"), json!({})).await.ok();
    assert!(cloud.get(&path).await.ok().get("disabled").is_none());
}

#[tokio::test]
async fn a_deleted_account_stays_in_policies_as_deleted() {
    let cloud = Cloud::prompt().await;
    let account = create(&cloud).await;
    let project = format!("cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}");
    let policy =
        json!({"policy": {"bindings": [{"role": "roles/viewer", "members": [format!("serviceAccount:{EMAIL}")]}]}});
    cloud.post(&format!("{project}:setIamPolicy"), policy).await.ok();
    cloud.delete(&format!("{}/{EMAIL}", accounts())).await.ok();
    let policy = cloud.post(&format!("{project}:getIamPolicy"), json!({})).await.ok();
    let gone = format!("deleted:serviceAccount:{EMAIL}?uid={}", account["uniqueId"].as_str().unwrap());
    assert_eq!(policy["bindings"][0]["members"], json!([gone]));
    cloud.post(&format!("{project}:setIamPolicy"), json!({"policy": policy})).await.ok();
}

#[tokio::test]
async fn a_taken_or_bad_account_id_is_refused() {
    let cloud = Cloud::prompt().await;
    create(&cloud).await;
    cloud.post(&accounts(), json!({"accountId": "robot-one"})).await.refused(409);
    for id in ["short", "Robot-two", "1robot-two", "robot-two-"] {
        cloud.post(&accounts(), json!({"accountId": id})).await.refused(400);
    }
}

#[tokio::test]
async fn a_token_of_an_account_is_to_be_had() {
    let cloud = Cloud::prompt().await;
    create(&cloud).await;
    let path = |email: &str| {
        format!("iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateAccessToken")
    };
    let body = json!({"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s"});
    let token = cloud.post(&path(EMAIL), body.clone()).await.ok();
    assert!(token["accessToken"].as_str().unwrap().starts_with("ya29."));
    cloud.post(&path("ghost-one@test-project.iam.gserviceaccount.com"), body).await.refused(404);
    cloud.post(&path(EMAIL), json!({})).await.refused(400);
}

#[tokio::test]
async fn an_identity_token_of_an_account_names_its_audience() {
    let cloud = Cloud::prompt().await;
    create(&cloud).await;
    let path =
        |email: &str| format!("iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateIdToken");
    let body = json!({"audience": "https://api.example.com", "includeEmail": true});
    let answer = cloud.post(&path(EMAIL), body.clone()).await.ok();
    let claims = claims(answer["token"].as_str().unwrap());
    assert_eq!((&claims["aud"], &claims["email"]), (&json!("https://api.example.com"), &json!(EMAIL)));
    assert_eq!(claims["iss"], "https://accounts.google.com");
    cloud.post(&path("ghost-one@test-project.iam.gserviceaccount.com"), body).await.refused(404);
    cloud.post(&path(EMAIL), json!({})).await.refused(400);
}

/// What the middle part of a JWT states.
pub(crate) fn claims(token: &str) -> serde_json::Value {
    let middle = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap()
}

#[tokio::test]
async fn accounts_made_together_become_known_together() {
    let settings = Settings { new_accounts: Lag::Looks(2), ..Settings::PROMPT };
    let cloud = Cloud::of(Server::builder().seed(seed()).settings(settings)).await;
    let mut members = Vec::new();
    for id in ["robot-one", "robot-two", "robot-three"] {
        let account = cloud.post(&accounts(), json!({"accountId": id})).await.ok();
        members.push(format!("serviceAccount:{}", account["email"].as_str().unwrap()));
    }
    let set = format!("cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}:setIamPolicy");
    let policy = json!({"policy": {"bindings": [{"role": "roles/viewer", "members": members}]}});
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(cloud.post(&set, policy.clone()).await.status);
    }
    assert_eq!(statuses, [400, 400, 200]);
}
