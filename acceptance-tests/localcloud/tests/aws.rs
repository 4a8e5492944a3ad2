//! The front before moto: calls go through, are logged, and are spoilt as a fault says.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use localcloud::aws::{Front, Settings};
use localcloud::{Answer, Drop, FaultSpec};
use reqwest::{Client, RequestBuilder, Response};

/// What stands for moto: it answers everything with the host that it was asked as.
fn moto() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut text = vec![0; 4096];
            let length = stream.read(&mut text).expect("a request");
            let text = String::from_utf8_lossy(&text[..length]).into_owned();
            let host =
                text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned));
            let body = host.unwrap_or_default();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).expect("an answer");
        }
    });
    format!("http://{address}")
}

async fn front() -> Front {
    Settings::before(&moto()).spawn().await.expect("a front")
}

fn signed(front: &Front, service: &str) -> RequestBuilder {
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{service}/aws4_request, Signature=0");
    Client::new().post(front.url()).header("authorization", scope)
}

async fn create_queue(front: &Front) -> Result<Response, reqwest::Error> {
    let call = signed(front, "sqs").header("x-amz-target", "AmazonSQS.CreateQueue");
    call.body(r#"{"QueueName": "orders"}"#).send().await
}

#[tokio::test]
async fn a_call_goes_through_as_one_of_aws_and_is_logged() {
    let front = front().await;
    let answer = create_queue(&front).await.expect("an answer").text().await.expect("a text");
    let calls = front.requests();
    let found: Vec<_> = calls.iter().map(|call| (&*call.host, &*call.path, &*call.query, call.status)).collect();
    assert_eq!(
        (&*answer, found),
        ("sqs.eu-west-1.amazonaws.com", vec![("sqs", "/CreateQueue", "QueueName=orders", 200)])
    );
}

#[tokio::test]
async fn a_fault_speaks_the_services_protocol_and_strikes_once() {
    let front = front().await;
    front
        .fault(FaultSpec::on("POST", "^/CreateRole$").host("iam").status(409, "EntityAlreadyExists"))
        .expect("a fault");
    let form = || signed(&front, "iam").header("content-type", "application/x-www-form-urlencoded");
    let create = || form().body("Action=CreateRole&RoleName=api").send();
    let refused = create().await.expect("an answer");
    let (status, text) = (refused.status().as_u16(), refused.text().await.expect("a text"));
    assert!(status == 409 && text.contains("<ErrorResponse><Error>") && text.contains("EntityAlreadyExists"), "{text}");
    assert_eq!(create().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_connection_can_end_without_an_answer() {
    let front = front().await;
    let dropped = FaultSpec { drop: Some(Drop::After), ..FaultSpec::on("POST", "CreateQueue") };
    front.fault(dropped).expect("a fault");
    assert!(create_queue(&front).await.is_err());
}

#[tokio::test]
async fn an_answer_can_say_nothing() {
    let front = front().await;
    let hollow = FaultSpec { answer: Some(Answer::Hollow), ..FaultSpec::on("POST", "CreateQueue") };
    front.fault(hollow).expect("a fault");
    assert_eq!(create_queue(&front).await.expect("an answer").text().await.expect("a text"), "{}");
}

#[tokio::test]
async fn a_call_takes_its_time() {
    let settings = Settings { latency: Duration::from_millis(60), ..Settings::before(&moto()) };
    let front = settings.spawn().await.expect("a front");
    let began = Instant::now();
    create_queue(&front).await.expect("an answer");
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn faults_can_be_armed_over_http() {
    let front = front().await;
    let url = format!("{}/_localcloud/faults", front.url());
    let fault = r#"{"match": {"host": "sqs"}, "status": 503, "reason": "ServiceUnavailable"}"#;
    Client::new().post(url).body(fault).send().await.expect("an answer");
    let status = async || create_queue(&front).await.expect("an answer").status().as_u16();
    assert_eq!([status().await, status().await], [503, 200]);
}
