//! A web server of its own for each test; waits happen on a clock that never waits.

use std::time::Duration;

use mlops_phases::document::{Criterion, Evidence};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::super::testing::{at, evidence, failed, held, offline};
use crate::google::api::CallContext;
use crate::google::api::testing::{Reply, Script, minute, patient};

/// The criterion as it is stored.
fn http(url: &str, more: Json) -> Criterion {
    let mut fields = json!({"url": url});
    for (name, value) in more.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    serde_json::from_value(json!({"http": fields})).unwrap_or_else(|error| panic!("{error}"))
}

async fn observed(script: &Script, more: Json) -> Evidence {
    let (calls, _) = patient();
    evidence(http(&script.at("health"), more), &offline(), &calls).await
}

async fn always(reply: fn() -> Reply) -> Script {
    Script::start(move |_, _| reply()).await
}

#[tokio::test]
async fn a_server_that_answers_200_holds_at_the_first_attempt() {
    let script = always(|| Reply::text("ok")).await;
    assert_eq!(held(&observed(&script, json!({})).await), "HTTP 200 in 0 ms");
    assert_eq!((script.count(), script.requests()[0].method.as_str()), (1, "GET"));
}

#[tokio::test]
async fn another_status_is_told_and_the_body_is_not() {
    let script = always(|| Reply::error(503, "UNAVAILABLE", &"no model ".repeat(100))).await;
    let evidence = observed(&script, json!({"attempts": 1})).await;
    let told = failed(&evidence);
    assert!(told.starts_with("HTTP 503 in 0 ms, expected 200. The body has "), "{told}");
    assert!(!told.contains("no model"), "{told}");
}

#[tokio::test]
async fn the_status_that_is_wanted_holds_whatever_it_is() {
    let script = always(|| Reply::status(404)).await;
    assert_eq!(held(&observed(&script, json!({"status": 404})).await), "HTTP 404 in 0 ms");
}

#[tokio::test]
async fn a_server_that_comes_up_late_holds_after_growing_waits() {
    let script = Script::start(|_, number| if number < 4 { Reply::status(503) } else { Reply::text("ok") }).await;
    let (calls, clock) = patient();
    let found = evidence(http(&script.at(""), json!({"attempts": 5})), &offline(), &calls).await;
    assert_eq!(clock.slept(), [1, 2, 4].map(Duration::from_secs));
    assert_eq!(held(&found), "HTTP 200 in 0 ms, after 4 attempts");
}

#[tokio::test]
async fn three_attempts_are_made_when_nothing_is_said() {
    let script = always(|| Reply::status(500)).await;
    assert_eq!(
        failed(&observed(&script, json!({})).await),
        "HTTP 500 in 0 ms, after 3 attempts, expected 200. The body is empty."
    );
    assert_eq!(script.count(), 3);
}

#[tokio::test]
async fn attempts_end_with_the_callers_time() {
    let script = always(|| Reply::status(500)).await;
    let (calls, clock) = patient();
    let calls = calls.within(Duration::from_secs(4));
    let found = evidence(http(&script.at(""), json!({"attempts": 9})), &offline(), &calls).await;
    assert_eq!(failed(&found), "HTTP 500 in 0 ms, after 3 attempts, expected 200. The body is empty.");
    assert_eq!(clock.slept(), [1, 2].map(Duration::from_secs));
}

#[tokio::test]
async fn the_body_must_match_the_pattern_somewhere() {
    let script = always(|| Reply::text("{\"status\": \"healthy\", \"model\": \"v3\"}")).await;
    held(&observed(&script, json!({"body_pattern": "\"status\": *\"healthy\""})).await);
    let evidence = observed(&script, json!({"body_pattern": "v4", "attempts": 1})).await;
    let told = failed(&evidence);
    assert!(told.starts_with("HTTP 200 in 0 ms, but the body does not match \"v4\". The body has "), "{told}");
}

#[tokio::test]
async fn method_and_headers_are_sent() {
    let script = always(|| Reply::text("ok")).await;
    held(&observed(&script, json!({"method": "POST", "headers": {"X-Probe": "yes"}})).await);
    let seen = &script.requests()[0];
    assert_eq!((seen.method.as_str(), seen.header("x-probe"), seen.header("content-length")), ("POST", "yes", "0"));
}

#[tokio::test]
async fn what_was_sent_is_not_told_when_the_server_sends_it_back() {
    let script =
        Script::start(|request, _| Reply::with_status(400, json!({"you sent": request.header("x-key")}))).await;
    let evidence = observed(&script, json!({"headers": {"X-Key": "hush-hush"}, "attempts": 1})).await;
    let told = failed(&evidence);
    assert!(!told.contains("hush"), "{told}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_its_query_is_not_told() {
    let script = Script::start(|request, _| match request.path.as_str() {
        "/health" => Reply::status(302).header("location", "/login?state=hush"),
        _ => Reply::text("log in here"),
    })
    .await;
    let evidence = observed(&script, json!({"attempts": 1})).await;
    let told = failed(&evidence);
    assert!(told.contains(&format!("It leads to {}; redirects are not followed", script.at("login"))), "{told}");
    assert!(!told.contains("hush"));
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_the_query() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (calls, _) = patient();
    let found = evidence(http(&format!("http://{address}/?key=hush"), json!({})), &offline(), &calls).await;
    let told = failed(&found);
    assert!(told.starts_with(&format!("No connection to http://{address}, after 3 attempts: ")), "{told}");
    assert!(told.contains("Check that it runs") && !told.contains("hush"), "{told}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_does_not_hold() {
    let script = always(Reply::broken).await;
    let evidence = observed(&script, json!({"attempts": 1})).await;
    assert!(failed(&evidence).starts_with("No complete answer from http://127.0.0.1:"), "{}", evidence.observed);
}

/// A server that takes connections and never answers.
async fn silent() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test]
async fn an_attempt_ends_with_its_own_time() {
    let (_listener, url) = silent().await;
    let (calls, _) = patient();
    let found = evidence(http(&url, json!({"timeout": "0.02s", "attempts": 2})), &offline(), &calls).await;
    let told = failed(&found);
    assert!(told.contains("within 20ms, after 2 attempts. Raise timeout if it may take longer."), "{told}");
}

#[tokio::test]
async fn a_stop_ends_a_check_under_way() {
    let (listener, url) = silent().await;
    let stop = CancellationToken::new();
    let calls = CallContext::new(Duration::from_secs(3600), stop.clone());
    let stopping = async {
        let connection = listener.accept().await;
        stop.cancel();
        connection
    };
    let session = offline();
    let (found, _connection) =
        futures::join!(evidence(http(&url, json!({"timeout": "1h"})), &session, &calls), stopping);
    assert_eq!(failed(&found), "Not checked to the end: stopped on request. Apply again to check it.");
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_without_asking() {
    let cases = [
        ("ftp://example.com/", json!({}), "url begins with ftp://"),
        ("nonsense", json!({}), "url is not a URL"),
        ("https://example.com/", json!({"body_pattern": "("}), "body_pattern is not a regular expression"),
        ("https://example.com/", json!({"timeout": "10"}), "timeout: a duration needs a unit"),
        ("https://example.com/", json!({"method": "G E T"}), "is not a method of HTTP"),
        ("https://example.com/", json!({"headers": {"a b": "hush"}}), "is not the name of a header"),
        ("https://example.com/", json!({"headers": {"a": "hush\n"}}), "the value of \"a\" has characters"),
        ("http://example.com/", json!({"identity_token": true}), "must begin with https://"),
    ];
    for (url, more, expected) in cases {
        let found = evidence(http(url, more), &offline(), &minute()).await;
        let told = failed(&found);
        assert!(told.contains(expected) && !told.contains("hush"), "{told}");
    }
}

/// A server that is both the service and the user's token service.
async fn private() -> Script {
    Script::start(|request, _| match request.path.as_str() {
        "/token" => Reply::json(json!({"access_token": "a", "expires_in": 3599, "id_token": "who-i-am"})),
        _ if request.header("authorization") == "Bearer who-i-am" => Reply::text("welcome"),
        _ => Reply::status(403),
    })
    .await
}

fn user(script: &Script) -> Json {
    json!({"type": "authorized_user", "client_id": "id", "client_secret": "hush", "refresh_token": "r", "token_uri": script.at("token")})
}

#[tokio::test]
async fn a_private_service_is_called_with_an_identity_token() {
    let script = private().await;
    let session = at(script.url().as_str(), Some(&user(&script)));
    let found = evidence(http(&script.at("health"), json!({"identity_token": true})), &session, &minute()).await;
    assert_eq!(script.requests().iter().map(|seen| seen.path.as_str()).collect::<Vec<_>>(), ["/token", "/health"]);
    held(&found);
}

#[tokio::test]
async fn a_private_service_without_a_token_is_told_what_to_set() {
    let script = private().await;
    assert!(failed(&observed(&script, json!({"attempts": 1})).await).contains("set identity_token = true"));
}

#[tokio::test]
async fn a_token_that_may_not_call_the_service_is_told_the_role() {
    let script = Script::start(|request, _| match request.path.as_str() {
        "/token" => Reply::json(json!({"access_token": "a", "id_token": "who-i-am"})),
        _ => Reply::error(403, "", &format!("not you, {}", request.header("authorization"))),
    })
    .await;
    let session = at(script.url().as_str(), Some(&user(&script)));
    let found =
        evidence(http(&script.at(""), json!({"identity_token": true, "attempts": 1})), &session, &minute()).await;
    let told = failed(&found);
    assert!(told.contains("roles/run.invoker") && !told.contains("who-i-am"), "{told}");
}

#[tokio::test]
async fn credentials_without_identity_are_told_to_impersonate() {
    let script = Script::start(|_, _| Reply::json(json!({"access_token": "a"}))).await;
    let session = at(script.url().as_str(), Some(&user(&script)));
    let (calls, _) = patient();
    let found = evidence(http(&script.at(""), json!({"identity_token": true})), &session, &calls).await;
    let told = failed(&found);
    assert!(
        told.starts_with("No identity token, after 3 attempts: ") && told.contains("impersonate_service_account"),
        "{told}"
    );
}
