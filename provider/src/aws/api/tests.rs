//! The client against a server over HTTP: what it sends, what it repeats, and what its errors say.

use std::time::Duration;

use reqwest::Url;
use serde_json::json;

use super::client::{Client, ClientConfig};
use super::credentials::{CredentialsConfig, Keys};
use super::endpoint::Addressing;
use super::{ApiError, Request, Service};
use crate::engine::error::CallError;
use crate::google::api::testing::{Reply, Script, Seen, minute, patient};
use crate::http::Secret;

const REGION: &str = "eu-west-1";

fn client(server: &Script) -> Client {
    let keys = Keys { access_key: "AKIDEXAMPLE".to_owned(), secret_key: Secret::new("wJalrXUtnFEMI"), token: None };
    Client::new(ClientConfig {
        credentials: CredentialsConfig { keys: Some(keys), ..CredentialsConfig::default() },
        addressing: Addressing { endpoint: Url::parse(server.url().as_str()).ok(), ..Addressing::default() },
        ..ClientConfig::default()
    })
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::with_status(status, json!({"__type": format!("com.amazonaws#{code}"), "message": message}))
}

fn read() -> Request {
    Request::new(Service::SQS, "GetQueueUrl", json!({"QueueName": "q"}))
}

fn creation() -> Request {
    Request::new(Service::SQS, "CreateQueue", json!({"QueueName": "q"}))
}

#[tokio::test]
async fn a_call_in_json_is_signed_for_its_service_and_region() {
    let server = Script::start(|_, _| Reply::json(json!({"QueueUrl": "u"}))).await;
    let answer = client(&server).call(&minute(), REGION, read()).await.unwrap();
    assert_eq!(answer["QueueUrl"], "u");
    let seen = &server.requests()[0];
    assert_eq!(
        (seen.header("x-amz-target"), seen.header("content-type")),
        ("AmazonSQS.GetQueueUrl", "application/x-amz-json-1.0")
    );
    let signed = seen.header("authorization");
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{signed}");
    assert!(signed.contains("/eu-west-1/sqs/aws4_request"), "{signed}");
    assert!(signed.contains("x-amz-target"), "the action is under the signature: {signed}");
    assert_eq!(seen.body, json!({"QueueName": "q"}));
}

#[tokio::test]
async fn a_call_of_the_query_protocol_is_a_form_and_its_answer_xml() {
    let answer = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>\
                  <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let server = Script::start(move |_, _| Reply::text(answer)).await;
    let client = client(&server);
    for _ in 0..2 {
        assert_eq!(client.caller(&minute(), REGION).await.unwrap().account, "123456789012");
    }
    assert_eq!(server.count(), 1, "who calls is asked once");
    let seen = &server.requests()[0];
    assert_eq!((seen.form("Action"), seen.form("Version")), ("GetCallerIdentity".to_owned(), "2011-06-15".to_owned()));
}

#[tokio::test]
async fn throttling_and_failures_of_aws_are_waited_out() {
    for reply in
        [refused(400, "ThrottlingException", "Rate exceeded"), refused(400, "RequestThrottled", ""), Reply::status(503)]
    {
        let server = Script::start(
            move |_, number| if number < 3 { reply.clone() } else { Reply::json(json!({"QueueUrl": "u"})) },
        )
        .await;
        let (context, clock) = patient();
        client(&server).call(&context, REGION, read()).await.unwrap();
        assert_eq!((server.count(), clock.slept().len()), (3, 2));
    }
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_not_repeated_and_may_have_happened() {
    for reply in [Reply::broken(), Reply::status(500)] {
        let server = Script::start(move |_, _| reply.clone()).await;
        let error = client(&server).call(&patient().0, REGION, creation()).await.unwrap_err();
        assert_eq!((server.count(), error.may_have_happened()), (1, true), "{error}");
    }
    let server = Script::start(|_, _| refused(400, "InvalidParameterValue", "no")).await;
    let error = client(&server).call(&patient().0, REGION, creation()).await.unwrap_err();
    assert!(!error.may_have_happened(), "{error}");
}

#[tokio::test]
async fn the_clock_of_aws_is_gone_by_once_it_has_refused_ours() {
    let script = |seen: &Seen, _| {
        if seen.header("x-amz-date").starts_with("20260101") {
            refused(
                400,
                "InvalidSignatureException",
                "Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z",
            )
            .header("date", "Fri, 02 Jan 2026 00:00:00 GMT")
        } else {
            Reply::json(json!({"QueueUrl": "u"}))
        }
    };
    let server = Script::start(script).await;
    let (context, clock) = patient();
    let client = client(&server);
    client.call(&context, REGION, read()).await.unwrap();
    client.call(&context, REGION, read()).await.unwrap();
    assert_eq!((server.count(), clock.slept().len()), (3, 0), "one refusal, and none after it");
}

#[tokio::test]
async fn expired_credentials_are_looked_for_anew_once() {
    let server = Script::start(|_, _| refused(400, "ExpiredTokenException", "The token is expired")).await;
    let error = client(&server).call(&patient().0, REGION, read()).await.unwrap_err();
    assert_eq!(server.count(), 2);
    assert!(CallError::from(error).advice_text().unwrap().contains("aws sso login"));
}

#[tokio::test]
async fn what_passes_by_itself_is_waited_for_as_long_as_the_caller_says() {
    let server = Script::start(|_, _| refused(400, "QueueDeletedRecently", "wait 60 seconds")).await;
    let request = creation().also_retry(Duration::from_secs(75), |error| error.is_refused_with("QueueDeletedRecently"));
    let (context, clock) = patient();
    client(&server).call(&context, REGION, request).await.unwrap_err();
    let waited: Duration = clock.slept().iter().sum();
    assert!((Duration::from_secs(75)..Duration::from_secs(120)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn an_error_answers_the_engines_questions() {
    let asked = async |code: &'static str, request: Request| -> (ApiError, CallError) {
        let server = Script::start(move |_, _| refused(400, code, "")).await;
        let error = client(&server).call(&patient().0, REGION, request).await.unwrap_err();
        (error.clone(), error.into())
    };
    for code in
        ["QueueDoesNotExist", "ResourceNotFoundException", "NoSuchEntity", "AWS.SimpleQueueService.NonExistentQueue"]
    {
        assert!(asked(code, read()).await.1.is_not_found(), "{code}");
    }
    assert!(asked("ResourceAlreadyExistsException", creation()).await.1.is_already_exists());
    let table = Request::new(Service::DYNAMODB, "CreateTable", json!({}));
    assert!(asked("ResourceInUseException", table).await.1.is_already_exists(), "a table's name is taken");
    let change = Request::new(Service::DYNAMODB, "UpdateTable", json!({}));
    assert!(!asked("ResourceInUseException", change).await.1.is_already_exists(), "a table is being changed");
}

#[tokio::test]
async fn a_denied_call_names_the_right_that_is_missing() {
    let message = "User: arn:aws:iam::1:user/ci is not authorized to perform: sqs:CreateQueue on resource: \
                   arn:aws:sqs:eu-west-1:1:q because no identity-based policy allows the sqs:CreateQueue action";
    let server = Script::start(move |_, _| refused(403, "AccessDeniedException", message)).await;
    let error = CallError::from(client(&server).call(&patient().0, REGION, creation()).await.unwrap_err());
    assert!(error.is_denied() && server.count() == 1);
    let advice = error.advice_text().unwrap();
    assert!(advice.starts_with("Allow sqs:CreateQueue on arn:aws:sqs:eu-west-1:1:q to"), "{advice}");
}

#[tokio::test]
async fn an_answer_without_what_it_must_have_is_an_error() {
    for reply in [Reply::json(json!({})), Reply::text("<html>")] {
        let server = Script::start(move |_, _| reply.clone()).await;
        let error = client(&server).call(&patient().0, REGION, read()).await.unwrap_err();
        assert!(
            error.to_string().contains("sqs:GetQueueUrl in eu-west-1: the answer is not one of this API"),
            "{error}"
        );
    }
}
