//! The client against a server that follows a script.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::google::api::Secret;
use crate::google::api::auth::{AuthError, Environment};
use crate::google::api::host::Host;
use crate::google::api::testing::{ManualClock, Reply, Script, client_for, config_for, minute, patient};

fn get() -> Request {
    Request::get(Host::RUN, "v2/projects/p/locations/r/services/s")
}

fn post() -> Request {
    Request::post(Host::MONITORING, "v3/projects/p/alertPolicies").json(json!({"displayName": "d"}))
}

fn with_token(script: &Script, credentials: CredentialsConfig) -> ClientConfig {
    ClientConfig { credentials, send_credentials: CredentialsPolicy::Always, ..config_for(script) }
}

fn fixed_token() -> CredentialsConfig {
    CredentialsConfig {
        access_token: Some(Secret::new("tok-1")),
        environment: Environment::of([("HOME", "/nowhere")]),
        ..CredentialsConfig::default()
    }
}

#[tokio::test]
async fn a_loopback_endpoint_is_called_with_the_host_in_the_path_and_no_credentials() {
    let script = Script::start(|_, _| Reply::json(json!({"name": "s"}))).await;
    let config = ClientConfig { credentials: fixed_token(), ..config_for(&script) };
    let answer = Client::new(config).call(&minute(), get().query("view", "a b&c")).await.unwrap();
    let seen = &script.requests()[0];
    assert_eq!(answer, json!({"name": "s"}));
    assert_eq!(seen.path, "/run.googleapis.com/v2/projects/p/locations/r/services/s");
    assert_eq!(seen.query["view"], "a b&c");
    assert_eq!(seen.header("authorization"), "");
    assert!(seen.header("user-agent").starts_with("terraform-provider-mlops/"));
}

#[tokio::test]
async fn an_empty_answer_is_null_and_one_that_is_no_json_is_not_quoted() {
    let script = Script::start(|_, number| if number == 1 { Reply::status(204) } else { Reply::text("{secret") }).await;
    let client = client_for(&script);
    assert_eq!(client.call(&minute(), Request::delete(Host::STORAGE, "storage/v1/b/x")).await.unwrap(), Value::Null);
    let error = client.call(&minute(), get()).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Answer(_)) && !error.chain().contains("secret"));
}

#[tokio::test]
async fn a_body_less_post_states_its_length() {
    let script = Script::start(|_, _| Reply::json(json!({}))).await;
    client_for(&script).call(&minute(), Request::post(Host::IAM, "v1/x:undelete")).await.unwrap();
    assert_eq!(script.requests()[0].header("content-length"), "0");
}

#[tokio::test]
async fn bytes_go_out_and_come_back_as_they_are() {
    let script = Script::start(|request, _| Reply::text(&request.text).header("x-goog-generation", "7")).await;
    let request = Request::put(Host::STORAGE, "upload/storage/v1/b/x/o").bytes("text/markdown", "# Phase");
    let answer = client_for(&script).call_raw(&minute(), request).await.unwrap();
    assert_eq!((&answer.body[..], &answer.headers["x-goog-generation"]), (&b"# Phase"[..], &"7".parse().unwrap()));
    assert_eq!(script.requests()[0].header("content-type"), "text/markdown");
}

#[tokio::test]
async fn an_error_names_the_call_and_nothing_of_query_or_body() {
    let script = Script::start(|_, _| Reply::error(400, "INVALID_ARGUMENT", "The value \"hunter22\" is bad.")).await;
    let request = post().query("q", "hidden-query").json(json!({"a": "hidden-body"})).secret("hunter22");
    let error = client_for(&script).call(&minute(), request).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST monitoring.googleapis.com/v3/projects/p/alertPolicies: 400 INVALID_ARGUMENT: The value \"(sensitive)\" is bad."
    );
    assert!(!format!("{error:?}").contains("hidden"));
}

#[tokio::test]
async fn a_transient_failure_is_repeated_with_growing_waits() {
    let script =
        Script::start(
            |_, number| if number < 4 { Reply::error(503, "UNAVAILABLE", "later") } else { Reply::json(json!({})) },
        )
        .await;
    let (ctx, clock) = patient();
    client_for(&script).call(&ctx, get()).await.unwrap();
    let waits: Vec<u128> = clock.slept().iter().map(Duration::as_millis).collect();
    assert_eq!(waits, [250, 500, 1000]);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let script = Script::start(|_, number| match number {
        1 => Reply::error(429, "RESOURCE_EXHAUSTED", "slow down").header("retry-after", "7"),
        2 => Reply::error(503, "UNAVAILABLE", "later").header("retry-after", "Thu, 01 Jan 2026 00:00:20 GMT"),
        _ => Reply::json(json!({})),
    })
    .await;
    let (ctx, clock) = patient();
    client_for(&script).call(&ctx, post().idempotent(true)).await.unwrap();
    // 7 s and half of the first wait as jitter; then what is left until 20 s past midnight, and the same jitter.
    let waits: Vec<u128> = clock.slept().iter().map(Duration::as_millis).collect();
    assert_eq!(waits, [7250, 13_000]);
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_not_repeated_and_says_that_it_may_have_happened() {
    for reply in [Reply::broken(), Reply::error(503, "UNAVAILABLE", "later")] {
        let script = Script::start(move |_, _| reply.clone()).await;
        let (ctx, _) = patient();
        let error = client_for(&script).call(&ctx, post()).await.unwrap_err();
        assert!(error.may_have_happened() && error.retryable());
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test]
async fn already_exists_after_a_lost_answer_may_be_our_own_doing() {
    let script =
        Script::start(
            |_, number| if number == 1 { Reply::broken() } else { Reply::error(409, "ALREADY_EXISTS", "exists") },
        )
        .await;
    let (ctx, _) = patient();
    let error = client_for(&script).call(&ctx, post().idempotent(true)).await.unwrap_err();
    assert!(error.is_already_exists() && error.may_have_happened());
    assert_eq!(error.attempts(), 2);
}

#[tokio::test]
async fn no_connection_means_that_nothing_happened() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let addressing = Addressing { endpoint: Some(url.parse().unwrap()), ..Addressing::default() };
    let client = Client::new(ClientConfig { addressing, ..ClientConfig::default() });
    let (ctx, clock) = patient();
    let error = client.call(&ctx, post()).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Connect { .. }) && !error.may_have_happened());
    assert_eq!((error.attempts(), clock.slept().len()), (11, 10));
    assert!(error.advice().unwrap().contains(&url));
}

#[tokio::test]
async fn one_attempt_is_limited_in_time() {
    let script = Script::start(|_, _| Reply::json(json!({}))).await;
    let error = client_for(&script).call(&minute(), post().timeout(Duration::from_nanos(1))).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Timeout(_)) && error.may_have_happened());
}

#[tokio::test]
async fn retries_end_at_the_deadline_with_the_last_failure() {
    let script = Script::start(|_, _| Reply::error(503, "UNAVAILABLE", "later")).await;
    let clock = ManualClock::new();
    let ctx = CallContext::with_clock(Duration::from_secs(2), CancellationToken::new(), clock.clone());
    let error = client_for(&script).call(&ctx, get()).await.unwrap_err();
    assert!(error.is_deadline());
    assert_eq!(error.status().unwrap().http, 503);
    assert!(clock.slept().iter().sum::<Duration>() <= Duration::from_secs(2));
}

#[tokio::test]
async fn a_stop_ends_the_retries_with_the_last_failure() {
    let stop = CancellationToken::new();
    let ctx = CallContext::with_clock(Duration::from_secs(600), stop.clone(), ManualClock::new());
    let script = Script::start(move |_, _| {
        stop.cancel();
        Reply::error(503, "UNAVAILABLE", "later")
    })
    .await;
    let error = client_for(&script).call(&ctx, get()).await.unwrap_err();
    assert!(error.is_cancelled() && error.status().unwrap().http == 503);
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_call_in_flight_outlives_a_stop() {
    let stop = CancellationToken::new();
    let ctx = CallContext::new(Duration::from_secs(60), stop.clone());
    let script = Script::start(move |_, _| {
        stop.cancel();
        Reply::json(json!({"name": "made"}))
    })
    .await;
    assert_eq!(client_for(&script).call(&ctx, post()).await.unwrap(), json!({"name": "made"}));
}

#[tokio::test]
async fn what_the_caller_knows_to_be_passing_is_repeated() {
    let script =
        Script::start(
            |_, number| if number < 3 { Reply::error(404, "NOT_FOUND", "not yet") } else { Reply::json(json!({})) },
        )
        .await;
    let (ctx, _) = patient();
    client_for(&script).call(&ctx, get().also_retry(Duration::from_secs(120), ApiError::is_not_found)).await.unwrap();
    assert_eq!(script.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_calls_are_in_flight_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counter, peak) = (now.clone(), most.clone());
    let script = Script::start(move |_, _| {
        peak.fetch_max(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        counter.fetch_sub(1, Ordering::SeqCst);
        Reply::json(json!({}))
    })
    .await;
    let client = Client::new(ClientConfig { parallelism: 2, ..config_for(&script) });
    let ctx = minute();
    let calls = (0..20).map(|_| client.call(&ctx, get()));
    assert!(futures::future::join_all(calls).await.iter().all(Result::is_ok));
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn a_refused_token_that_cannot_be_renewed_is_final_and_names_its_source() {
    let script = Script::start(|_, _| Reply::error(401, "UNAUTHENTICATED", "expired")).await;
    let client = Client::new(with_token(&script, fixed_token()));
    let error = client.call(&minute(), get()).await.unwrap_err();
    assert!(error.is_unauthenticated() && error.advice().unwrap().contains("access_token of the provider block"));
    assert_eq!(script.count(), 1);
    assert_eq!(script.requests()[0].header("authorization"), "Bearer tok-1");
    assert!(!format!("{error:?} {client:?}").contains("tok-1"));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let script = Script::start(|request, number| match (request.path.as_str(), request.header("authorization")) {
        ("/token", _) => Reply::json(json!({"access_token": format!("tok-{number}"), "expires_in": 3600})),
        (_, "Bearer tok-1") => Reply::error(401, "UNAUTHENTICATED", "revoked"),
        _ => Reply::json(json!({"ok": true})),
    })
    .await;
    let document = json!({"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r", "token_uri": script.at("token")});
    let credentials =
        CredentialsConfig { credentials: Some(Secret::new(document.to_string())), ..CredentialsConfig::default() };
    let (ctx, clock) = patient();
    let answer = Client::new(with_token(&script, credentials)).call(&ctx, post()).await.unwrap();
    assert_eq!(answer, json!({"ok": true}));
    assert_eq!((script.count(), clock.slept().len()), (4, 0));
}

#[tokio::test]
async fn without_any_credentials_the_error_lists_what_was_looked_at() {
    let script = Script::start(|_, _| Reply::json(json!({}))).await;
    let environment = Environment::of([("HOME", "/nowhere"), ("NO_GCE_CHECK", "true")]);
    let client = Client::new(with_token(&script, CredentialsConfig { environment, ..CredentialsConfig::default() }));
    let error = client.call(&minute(), get()).await.unwrap_err();
    let Cause::Auth(cause) = error.cause() else { panic!("{error}") };
    assert!(matches!(**cause, AuthError::NoneFound(_)) && !error.may_have_happened());
    let advice = error.advice().unwrap();
    for place in [
        "GOOGLE_APPLICATION_CREDENTIALS: not set",
        "application_default_credentials.json: no such file",
        "NO_GCE_CHECK",
        "gcloud",
    ] {
        assert!(advice.contains(place), "{advice}");
    }
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn who_pays_where_nobody_is_named_shares_the_calls_in_flight() {
    for (quota, expected) in [(Some("env"), "env"), (None, "payer")] {
        let script = Script::start(|_, _| Reply::json(json!({}))).await;
        let quota_project = quota.map(str::to_owned);
        let client = Client::new(ClientConfig { quota_project, parallelism: 1, ..config_for(&script) });
        let paying = client.paid_by("payer");
        paying.call(&minute(), get()).await.unwrap();
        assert_eq!(script.requests()[0].header("x-goog-user-project"), expected);
        let in_flight = paying.shared.permits.acquire().await.unwrap();
        assert_eq!(client.shared.permits.available_permits(), 0);
        drop(in_flight);
    }
}

#[tokio::test]
async fn the_quota_project_is_the_explicit_one_then_the_environments_then_the_credentials() {
    let cases = [
        (true, Some("billing"), Some("env"), "billing"),
        (true, None, Some("env"), "in-use"),
        (false, Some("billing"), Some("env"), "env"),
        (false, Some("billing"), None, ""),
    ];
    for (user_project_override, billing, quota, expected) in cases {
        let script = Script::start(|_, _| Reply::json(json!({}))).await;
        let config = ClientConfig {
            user_project_override,
            billing_project: billing.map(str::to_owned),
            project: Some("in-use".to_owned()),
            quota_project: quota.map(str::to_owned),
            ..config_for(&script)
        };
        Client::new(config).call(&minute(), get()).await.unwrap();
        assert_eq!(script.requests()[0].header("x-goog-user-project"), expected);
    }
}
