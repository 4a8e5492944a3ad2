//! Every source of tokens against a server that plays all token services at once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::engine::context::Clock;
use crate::google::api::host::Addressing;
use crate::google::api::testing::{ManualClock, Reply, Script, Seen};
use crate::http::Pools;

/// Answers as STS, as the user token service, as iamcredentials and as the metadata server; numbers its tokens.
async fn google() -> Script {
    Script::start(|request, number| match request.path.as_str() {
        "/sts" if request.form("subject_token") == "refused" => {
            Reply::with_status(400, json!({"error": "invalid_grant", "error_description": "The audience is wrong."}))
        }
        "/sts" => {
            Reply::json(json!({"access_token": format!("sts-{number}"), "expires_in": 3600, "token_type": "Bearer"}))
        }
        "/token" => Reply::json(json!({"access_token": format!("user-{number}"), "expires_in": 3599})),
        "/subject" => Reply::json(json!({"value": "from-url"})),
        "/" => Reply::text("computeMetadata/").header("metadata-flavor", "Google"),
        "/computeMetadata/v1/instance/service-accounts/default/token" => {
            Reply::json(json!({"access_token": format!("machine-{number}"), "expires_in": 1800}))
        }
        "/computeMetadata/v1/instance/service-accounts/default/identity" => {
            Reply::text(&format!("machine for {}\n", request.query["audience"]))
        }
        path if path.ends_with(":generateIdToken") => Reply::json(json!({"token": format!("identity-{number}")})),
        path if path.ends_with(":generateAccessToken") => {
            Reply::json(json!({"accessToken": format!("impersonated-{number}"), "expireTime": "2026-01-01T00:30:00Z"}))
        }
        path => Reply::error(404, "NOT_FOUND", path),
    })
    .await
}

fn tokens(script: &Script, credentials: Option<Value>, variables: &[(&str, &str)]) -> Tokens {
    let config = CredentialsConfig {
        credentials: credentials.map(|document| Secret::new(document.to_string())),
        environment: Environment::of(variables.iter().copied()),
        ..CredentialsConfig::default()
    };
    tokens_of(script, config)
}

fn tokens_of(script: &Script, config: CredentialsConfig) -> Tokens {
    let addressing = Addressing { endpoint: Some(script.url().clone()), ..Addressing::default() };
    Tokens::new(config, addressing, Pools::new("test".to_owned()))
}

fn external(script: &Script, source: Value) -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": script.at("sts"),
        "credential_source": source,
    })
}

fn user(script: &Script) -> Value {
    json!({"type": "authorized_user", "client_id": "id", "client_secret": "hush", "refresh_token": "r", "quota_project_id": "quota",
        "token_uri": script.at("token")})
}

fn paths(script: &Script) -> Vec<String> {
    script.requests().into_iter().map(|seen: Seen| seen.path).collect()
}

#[tokio::test]
async fn an_external_account_exchanges_the_token_of_a_file() {
    let script = google().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "job-token\n").unwrap();
    let tokens = tokens(&script, Some(external(&script, json!({"file": file.path()}))), &[]);
    let lease = tokens.lease(ManualClock::new().as_ref()).await.unwrap();
    let seen = &script.requests()[0];
    assert_eq!(lease.token.reveal(), "sts-1");
    assert_eq!(seen.form("subject_token"), "job-token");
    assert_eq!(seen.form("grant_type"), "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!(seen.form("requested_token_type"), "urn:ietf:params:oauth:token-type:access_token");
    assert!(seen.form("audience").ends_with("/providers/q"));
}

#[tokio::test]
async fn an_external_account_asks_a_url_and_then_acts_as_its_service_account() {
    let script = google().await;
    let source = json!({"url": script.at("subject"), "headers": {"Authorization": "Bearer job"},
        "format": {"type": "json", "subject_token_field_name": "value"}});
    let mut document = external(&script, source);
    document["service_account_impersonation_url"] =
        json!(script.at("v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken"));
    document["service_account_impersonation"] = json!({"token_lifetime_seconds": 1200});
    document["quota_project_id"] = json!("quota");
    let lease = tokens(&script, Some(document), &[]).lease(ManualClock::new().as_ref()).await.unwrap();
    let seen = script.requests();
    assert_eq!((lease.token.reveal(), lease.quota_project.as_deref()), ("impersonated-3", Some("quota")));
    assert_eq!(seen[0].header("authorization"), "Bearer job");
    assert_eq!(seen[1].form("subject_token"), "from-url");
    assert_eq!(seen[2].header("authorization"), "Bearer sts-2");
    assert_eq!(seen[2].body["lifetime"], "1200s");
}

#[tokio::test]
async fn user_credentials_are_renewed_with_their_refresh_token() {
    let script = google().await;
    let lease = tokens(&script, Some(user(&script)), &[]).lease(ManualClock::new().as_ref()).await.unwrap();
    assert_eq!((lease.token.reveal(), lease.quota_project.as_deref()), ("user-1", Some("quota")));
    assert_eq!(script.requests()[0].form("refresh_token"), "r");
}

#[tokio::test]
async fn a_service_account_key_signs_for_its_token() {
    let script = google().await;
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let document = json!({"type": "service_account", "client_email": "a@p.iam.gserviceaccount.com", "private_key": key.serialize_pem(),
        "token_uri": script.at("token")});
    let tokens = tokens(&script, Some(document), &[]);
    let lease = tokens.lease(ManualClock::new().as_ref()).await.unwrap();
    assert_eq!(lease.token.reveal(), "user-1");
    assert_eq!(script.requests()[0].form("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert!(!format!("{tokens:?}").contains("PRIVATE KEY"));
}

/// An access token that acts as a service account, as the provider's setting says.
fn impersonating(script: &Script) -> Tokens {
    let config = CredentialsConfig {
        access_token: Some(Secret::new("mine")),
        impersonate_service_account: Some("a@p.iam.gserviceaccount.com".to_owned()),
        environment: Environment::of([("HOME", "/nowhere")]),
        ..CredentialsConfig::default()
    };
    tokens_of(script, config)
}

/// What gcloud stores for somebody who acts as a service account through another one.
fn delegated(script: &Script) -> Value {
    json!({"type": "impersonated_service_account", "source_credentials": user(script), "delegates": ["d"],
        "service_account_impersonation_url": script.at("v1/projects/-/serviceAccounts/a:generateAccessToken")})
}

#[tokio::test]
async fn the_provider_setting_impersonates_with_whatever_is_there() {
    let script = google().await;
    let lease = impersonating(&script).lease(ManualClock::new().as_ref()).await.unwrap();
    let seen = &script.requests()[0];
    assert_eq!(lease.token.reveal(), "impersonated-1");
    assert_eq!(
        seen.path,
        "/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a%40p.iam.gserviceaccount.com:generateAccessToken"
    );
    assert_eq!((seen.header("authorization"), seen.body["lifetime"].as_str()), ("Bearer mine", Some("3600s")));
    assert_eq!(&*lease.source, "a@p.iam.gserviceaccount.com, impersonated with access_token of the provider block");
}

#[tokio::test]
async fn an_impersonated_account_of_gcloud_is_understood() {
    let script = google().await;
    let document = delegated(&script);
    let lease = tokens(&script, Some(document), &[]).lease(ManualClock::new().as_ref()).await.unwrap();
    assert_eq!(lease.token.reveal(), "impersonated-2");
    assert_eq!(script.requests()[1].body["delegates"], json!(["d"]));
}

#[tokio::test]
async fn the_metadata_server_is_found_and_asked() {
    let script = google().await;
    let host = script.url().authority().to_owned();
    let lease = tokens(&script, None, &[("GCE_METADATA_HOST", &host), ("HOME", "/nowhere")])
        .lease(ManualClock::new().as_ref())
        .await
        .unwrap();
    assert_eq!((lease.token.reveal(), &*lease.source), ("machine-2", "the metadata server"));
    assert!(script.requests().iter().all(|seen| seen.header("metadata-flavor") == "Google"));
}

#[tokio::test]
async fn sources_are_taken_in_the_order_of_the_google_provider() {
    let script = google().await;
    let document = user(&script).to_string();
    let all = [
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "env-token"),
        ("GOOGLE_CREDENTIALS", document.as_str()),
        ("GCLOUD_KEYFILE_JSON", document.as_str()),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/adc.json"),
    ];
    let expected = [
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "user credentials from GOOGLE_CREDENTIALS",
        "user credentials from GCLOUD_KEYFILE_JSON",
    ];
    for (skipped, expected) in expected.iter().enumerate() {
        let lease = tokens(&script, None, &all[skipped..]).lease(ManualClock::new().as_ref()).await.unwrap();
        assert_eq!(&*lease.source, *expected);
    }
    let broken = tokens(&script, None, &all[3..]).lease(ManualClock::new().as_ref()).await.unwrap_err();
    assert!(matches!(&*broken, AuthError::Unreadable { place, .. } if place == "GOOGLE_APPLICATION_CREDENTIALS"));
}

#[tokio::test]
async fn the_well_known_file_is_read() {
    let script = google().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("application_default_credentials.json"), user(&script).to_string()).unwrap();
    let lease = tokens(&script, None, &[("CLOUDSDK_CONFIG", folder.path().to_str().unwrap())])
        .lease(ManualClock::new().as_ref())
        .await
        .unwrap();
    assert!(
        lease.source.starts_with("user credentials from ")
            && lease.source.ends_with("application_default_credentials.json")
    );
}

#[tokio::test]
async fn calls_that_start_together_share_one_token() {
    let script = google().await;
    let tokens = tokens(&script, Some(user(&script)), &[]);
    let clock = ManualClock::new();
    let leases = futures::future::join_all((0..20).map(|_| tokens.lease(clock.as_ref()))).await;
    assert!(leases.iter().all(|lease| lease.as_ref().unwrap().token.reveal() == "user-1"));
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_not_much_earlier() {
    let script = google().await;
    let tokens = tokens(&script, Some(user(&script)), &[]);
    let clock = ManualClock::new();
    let mut seen = Vec::new();
    for skip in [0, 3300, 100] {
        clock.skip(Duration::from_secs(skip));
        seen.push(tokens.lease(clock.as_ref()).await.unwrap().token.reveal().to_owned());
    }
    assert_eq!(seen, ["user-1", "user-1", "user-2"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_serves_until_it_expires() {
    let script = Script::start(|_, number| match number {
        1 => Reply::json(json!({"access_token": "first", "expires_in": 3600})),
        _ => Reply::error(503, "UNAVAILABLE", "later"),
    })
    .await;
    let tokens = tokens(&script, Some(user(&script)), &[]);
    let clock = ManualClock::new();
    tokens.lease(clock.as_ref()).await.unwrap();
    clock.skip(Duration::from_secs(3500));
    assert_eq!(tokens.lease(clock.as_ref()).await.unwrap().token.reveal(), "first");
    clock.skip(Duration::from_secs(100));
    assert!(tokens.lease(clock.as_ref()).await.unwrap_err().is_passing());
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_for_all_who_held_it() {
    let script = google().await;
    let tokens = tokens(&script, Some(user(&script)), &[]);
    let clock = ManualClock::new();
    let old = tokens.lease(clock.as_ref()).await.unwrap();
    assert!(tokens.reject(&old).await);
    assert_eq!(tokens.lease(clock.as_ref()).await.unwrap().token.reveal(), "user-2");
    assert!(tokens.reject(&old).await);
    assert_eq!(tokens.lease(clock.as_ref()).await.unwrap().token.reveal(), "user-2");
}

#[tokio::test]
async fn a_final_failure_is_told_to_all_without_searching_again() {
    let script = google().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "refused").unwrap();
    let tokens = tokens(&script, Some(external(&script, json!({"file": file.path()}))), &[]);
    let clock = ManualClock::new();
    let first = tokens.lease(clock.as_ref()).await.unwrap_err();
    let second = tokens.lease(clock.as_ref()).await.unwrap_err();
    assert!(Arc::ptr_eq(&first, &second) && !first.is_passing());
    assert_eq!(paths(&script), ["/sts"]);
    assert!(first.to_string().contains("The audience is wrong.") && first.advice().contains("expired or were revoked"));
    clock.skip(Duration::from_secs(11));
    let _ = tokens.lease(clock.as_ref()).await;
    assert_eq!(script.count(), 2);
    assert!(clock.wall() > "2026-01-01T00:00:00Z".parse().unwrap());
}

#[tokio::test]
async fn broken_documents_are_explained_without_quoting_them() {
    let script = google().await;
    let cases = [
        (json!({"type": "service_account", "client_email": "a"}), "private_key is missing"),
        (
            json!({"type": "gdch_service_account", "private_key": "hush"}),
            "type \"gdch_service_account\" is not supported",
        ),
        (
            external(&script, json!({"executable": {"command": "hush"}})),
            "credential_source.executable is not supported",
        ),
        (external(&script, json!({})), "neither file nor url"),
        (
            json!({"type": "authorized_user", "client_id": "i", "client_secret": "hush", "refresh_token": "hush", "token_uri": "http://example.com/t"}),
            "token_uri must begin with https://",
        ),
    ];
    for (document, expected) in cases {
        let error = tokens(&script, Some(document), &[]).lease(ManualClock::new().as_ref()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?} {}", error.advice()).contains("hush"));
    }
    assert_eq!(script.count(), 0);
}

const AUDIENCE: &str = "https://api.example.com";

async fn identity(tokens: &Tokens) -> Result<Secret, AuthError> {
    tokens.identity_token(ManualClock::new().as_ref(), AUDIENCE).await
}

/// A service account's key.
fn key(script: &Script) -> Value {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    json!({"type": "service_account", "client_email": "a@p.iam.gserviceaccount.com", "private_key_id": "k-1",
        "private_key": key.serialize_pem(), "token_uri": script.at("id")})
}

#[tokio::test]
async fn a_service_account_key_signs_for_its_identity() {
    let script = Script::start(|_, _| Reply::json(json!({"id_token": "who"}))).await;
    let token = identity(&tokens(&script, Some(key(&script)), &[])).await.unwrap();
    let seen = &script.requests()[0];
    let assertion = seen.form("assertion");
    let parts: Vec<&str> = assertion.split('.').collect();
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(token.reveal(), "who");
    assert_eq!(seen.form("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(read(parts[0]), json!({"alg": "RS256", "typ": "JWT", "kid": "k-1"}));
    let account = "a@p.iam.gserviceaccount.com";
    let issued = 1_767_225_600;
    assert_eq!(
        read(parts[1]),
        json!({"iss": account, "sub": account, "aud": script.at("id"), "target_audience": AUDIENCE, "iat": issued, "exp": issued + 3600})
    );
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[2]).unwrap().len(), 256);
}

#[tokio::test]
async fn impersonation_makes_identity_tokens_beside_access_tokens() {
    let script = google().await;
    assert_eq!(identity(&impersonating(&script)).await.unwrap().reveal(), "identity-1");
    let seen = &script.requests()[0];
    assert!(seen.path.ends_with("/serviceAccounts/a%40p.iam.gserviceaccount.com:generateIdToken"), "{}", seen.path);
    assert_eq!(
        (seen.header("authorization"), &seen.body),
        ("Bearer mine", &json!({"audience": AUDIENCE, "includeEmail": true}))
    );
}

#[tokio::test]
async fn an_external_account_has_an_identity_through_its_service_account() {
    let script = google().await;
    let mut document = external(
        &script,
        json!({"url": script.at("subject"), "format": {"type": "json", "subject_token_field_name": "value"}}),
    );
    document["service_account_impersonation_url"] =
        json!(script.at("v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken"));
    assert_eq!(identity(&tokens(&script, Some(document), &[])).await.unwrap().reveal(), "identity-3");
    let last = &script.requests()[2];
    assert_eq!(last.path, "/v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateIdToken");
    assert_eq!(last.header("authorization"), "Bearer sts-2");
}

#[tokio::test]
async fn delegates_vouch_for_identities_too() {
    let script = google().await;
    let document = delegated(&script);
    identity(&tokens(&script, Some(document), &[])).await.unwrap();
    assert_eq!(script.requests()[1].body["delegates"], json!(["d"]));
}

#[tokio::test]
async fn the_metadata_server_says_who_the_machine_is() {
    let script = google().await;
    let host = script.url().authority().to_owned();
    let token = identity(&tokens(&script, None, &[("GCE_METADATA_HOST", &host), ("HOME", "/nowhere")])).await.unwrap();
    assert_eq!(token.reveal(), format!("machine for {AUDIENCE}"));
    let last = script.requests().pop().unwrap();
    assert_eq!((last.query["format"].as_str(), last.header("metadata-flavor")), ("full", "Google"));
}

#[tokio::test]
async fn the_identity_token_of_a_users_consent_is_taken() {
    let script = Script::start(|_, _| Reply::json(json!({"access_token": "a", "id_token": "me"}))).await;
    assert_eq!(identity(&tokens(&script, Some(user(&script)), &[])).await.unwrap().reveal(), "me");
}

#[tokio::test]
async fn credentials_without_identity_say_to_act_as_a_service_account() {
    let script = google().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "job-token").unwrap();
    let cases = [
        (tokens(&script, Some(user(&script)), &[]), "scope openid"),
        (tokens(&script, Some(external(&script, json!({"file": file.path()}))), &[]), "a federated identity"),
        (tokens(&script, None, &[("GOOGLE_OAUTH_ACCESS_TOKEN", "hush")]), "an access token cannot be exchanged"),
    ];
    for (tokens, expected) in cases {
        let error = identity(&tokens).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.advice().contains("impersonate_service_account") && !error.is_passing());
    }
}

#[tokio::test]
async fn a_refused_identity_says_which_role_is_wanted() {
    let script = Script::start(|_, _| Reply::error(403, "PERMISSION_DENIED", "no")).await;
    let error = identity(&impersonating(&script)).await.unwrap_err();
    assert!(error.advice().contains("roles/iam.serviceAccountOpenIdTokenCreator"), "{}", error.advice());
}
