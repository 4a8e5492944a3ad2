//! What a call of AWS is: its service, its action, and what it is about, whichever protocol it is written in.

use bytes::Bytes;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::call::decode;
use crate::request_log::RequestRecord;

/// The ways in which the services write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// JSON with the action in a header.
    Json,
    /// A form with the action in it, answered in XML.
    Query,
    /// The same, as EC2 has it.
    Ec2,
    /// Methods and paths, answered in XML.
    Rest,
}

/// A call, as far as the front understands it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The service that it is signed for.
    pub(super) service: String,
    /// The action that it names; bucket and subresource in S3.
    pub(super) action: String,
    /// The names in it.
    pub(super) about: String,
    region: String,
    protocol: Protocol,
}

/// How the parameters end that have a name.
const NAMES: [&str; 7] = ["name", "arn", "id", "url", "identifier", "service", "cluster"];

impl Call {
    pub(super) fn of(parts: &Parts, body: &Bytes) -> Self {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Credential=KEY/DATE/REGION/SERVICE/aws4_request
        let scope = header("authorization").split("Credential=").nth(1).unwrap_or_default();
        let mut scope = scope.split('/').skip(2).map(str::to_owned);
        let (region, service) = (scope.next().unwrap_or_default(), scope.next().unwrap_or_default());
        if let Some((_, action)) = header("x-amz-target").rsplit_once('.') {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            return Self {
                service,
                action: action.to_owned(),
                about: names_of(&body),
                region,
                protocol: Protocol::Json,
            };
        }
        if header("content-type").starts_with("application/x-www-form-urlencoded") {
            let text = String::from_utf8_lossy(body);
            let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
            let pairs = pairs.map(|(name, value)| (decode(name), decode(&value.replace('+', " "))));
            let (mut action, mut about) = (String::new(), Vec::new());
            for (name, value) in pairs {
                if name == "Action" {
                    action = value;
                } else if is_name(&name) {
                    about.push(format!("{name}={value}"));
                }
            }
            let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
            return Self { service, action, about: about.join("&"), region, protocol };
        }
        let path = decode(parts.uri.path().trim_start_matches('/'));
        let query = parts.uri.query().unwrap_or_default();
        let part = query.split(['=', '&']).next().filter(|part| !part.is_empty());
        let action = part.map_or_else(|| path.clone(), |part| format!("{path}?{part}"));
        Self { service, action, about: path, region, protocol: Protocol::Rest }
    }

    /// Where AWS would have it.
    pub(super) fn host(&self) -> String {
        format!("{}.{}.amazonaws.com", self.service, self.region)
    }

    /// The type of its answers.
    pub(super) fn content_type(&self) -> &'static str {
        if self.protocol == Protocol::Json { "application/x-amz-json-1.1" } else { "text/xml" }
    }

    /// The body of an error.
    pub(super) fn refusal(&self, code: &str, message: &str) -> String {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        match self.protocol {
            Protocol::Json => json!({ "__type": code, "message": message }).to_string(),
            Protocol::Query => format!("<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"),
            Protocol::Ec2 => format!("<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>"),
            Protocol::Rest => error,
        }
    }

    /// The body of an answer that says nothing.
    pub(super) fn hollow(&self) -> String {
        let Self { action, .. } = self;
        match self.protocol {
            Protocol::Json => "{}".to_owned(),
            Protocol::Query => format!("<{action}Response><{action}Result/></{action}Response>"),
            Protocol::Ec2 => format!("<{action}Response/>"),
            Protocol::Rest => "<Result/>".to_owned(),
        }
    }
}

/// Whether a parameter has a name of something: `Filter.1.Name` has not.
fn is_name(parameter: &str) -> bool {
    let last = parameter.split('.').next_back().unwrap_or_default();
    let named = if last.chars().all(|c| c.is_ascii_digit()) {
        parameter.split('.').find(|part| *part != "member").unwrap_or_default().trim_end_matches('s')
    } else {
        parameter
    };
    let is_filter = parameter.starts_with("Filter") || parameter.starts_with("Tag");
    !is_filter && NAMES.iter().any(|end| named.to_ascii_lowercase().ends_with(end))
}

/// The names in a body of JSON, at the top.
fn names_of(body: &Value) -> String {
    let members = body.as_object().into_iter().flatten();
    let named = members.filter(|(member, _)| is_name(member.trim_end_matches('s')));
    let texts = named.flat_map(|(member, value)| {
        let texts = match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            value => value.as_str().into_iter().collect::<Vec<_>>(),
        };
        texts.into_iter().map(move |text| format!("{member}={text}"))
    });
    texts.collect::<Vec<_>>().join("&")
}

/// Whether a call of AWS can change something.
pub fn is_write(call: &RequestRecord) -> bool {
    if call.host == "s3" {
        return !matches!(call.method.as_str(), "GET" | "HEAD");
    }
    !["/Get", "/List", "/Describe", "/BatchGet"].iter().any(|verb| call.path.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn call(service: &str, request: hyper::http::request::Builder, body: &str) -> Call {
        let scope = format!("AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{service}/aws4_request, Signature=0");
        let (parts, ()) = request.header("authorization", scope).body(()).expect("a request").into_parts();
        Call::of(&parts, &Bytes::from(body.to_owned()))
    }

    #[test]
    fn every_protocol_says_what_is_called_and_what_it_is_about() {
        let json = Request::post("/").header("x-amz-target", "AmazonSQS.CreateQueue");
        let form = |service, body| {
            let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
            call(service, request, body)
        };
        let role = form("iam", "Action=CreateRole&RoleName=api&Path=%2F");
        let group = form("ec2", "Action=DescribeSecurityGroups&GroupId.1=sg-1&Filter.1.Name=vpc-id");
        let bucket = call("s3", Request::put("/models-1?versioning"), "");
        let found = [call("sqs", json, r#"{"QueueName": "orders"}"#), role, group, bucket].map(|call| {
            let refusal: String = call.refusal("Throttling", "slow down").chars().take(16).collect();
            format!("{} {} {} {refusal}", call.service, call.action, call.about)
        });
        let expected = [
            r#"sqs CreateQueue QueueName=orders {"__type":"Throt"#,
            "iam CreateRole RoleName=api <ErrorResponse><",
            "ec2 DescribeSecurityGroups GroupId.1=sg-1 <Response><Error",
            "s3 models-1?versioning models-1 <Error><Type>Sen",
        ];
        assert_eq!(found, expected);
    }
}
