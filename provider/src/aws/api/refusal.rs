//! What AWS says when it refuses a call, in the ways of its protocols.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use super::service::Protocol;
use super::xml;

/// An answer that is not a success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// The code, without namespaces: `ResourceNotFoundException`.
    pub(super) code: String,
    /// What AWS says to people.
    pub(super) message: String,
    /// By which AWS's support finds the call.
    pub(super) request_id: String,
}

impl Refusal {
    /// Reads an answer; `header` is the code that some services put into a header.
    pub(super) fn of(status: u16, protocol: Protocol, header: Option<&str>, body: &str) -> Self {
        let mut refusal = match protocol {
            Protocol::Json { .. } => Self::of_json(body),
            Protocol::Query { .. } | Protocol::RestXml => Self::of_xml(body),
        };
        // SQS has the code of its older protocol in the header, which is the one that documents have.
        if let (true, Some(header)) = (refusal.code.is_empty(), header) {
            refusal.code = plain(header).to_owned();
        }
        Self { status, ..refusal }
    }

    fn of_json(body: &str) -> Self {
        let body: Json = serde_json::from_str(body).unwrap_or_default();
        let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str()).unwrap_or_default();
        Self {
            code: plain(text(&["__type", "code", "Code"])).to_owned(),
            message: text(&["message", "Message", "errorMessage"]).to_owned(),
            ..Self::default()
        }
    }

    fn of_xml(body: &str) -> Self {
        let (_, body) = xml::read(body).unwrap_or_default();
        // EC2 has a list of errors, with one in it; S3 has the error alone.
        let error = body.pointer("/Errors/Error").or(body.get("Error")).unwrap_or(&body);
        let text = |of: &Json, name: &str| of.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        Self {
            code: text(error, "Code"),
            message: text(error, "Message"),
            request_id: text(&body, if body.get("RequestID").is_some() { "RequestID" } else { "RequestId" }),
            ..Self::default()
        }
    }

    fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    fn ends_with(&self, ends: &[&str]) -> bool {
        ends.iter().any(|end| self.code.ends_with(end))
    }

    /// There is no such object.
    pub(super) fn is_not_found(&self) -> bool {
        self.ends_with(&["NotFound", "NotFoundException", "NotFoundFault", "DoesNotExist", "NonExistentQueue"])
            || self.code.starts_with("NoSuch")
    }

    /// An object of that name exists.
    pub(super) fn is_exists(&self) -> bool {
        self.ends_with(&[
            "AlreadyExists",
            "AlreadyExistsException",
            "AlreadyExistsFault",
            "AlreadyOwnedByYou",
            ".Duplicate",
            "QueueNameExists",
            "ResourceExistsException",
        ])
    }

    /// Somebody else changes the object now.
    pub(super) fn is_conflict(&self) -> bool {
        self.is(&["ResourceInUseException", "OperationAborted", "OperationAbortedException", "ConflictException"])
            || self.code.starts_with("Concurrent")
    }

    /// The object holds others.
    pub(super) fn is_not_empty(&self) -> bool {
        self.ends_with(&["NotEmpty", "NotEmptyException"]) || self.is(&["DeleteConflict", "DependencyViolation"])
    }

    /// The caller lacks a right.
    pub(super) fn is_denied(&self) -> bool {
        self.code.starts_with("AccessDenied")
            || self.ends_with(&["UnauthorizedOperation", "AuthorizationError", "NotAuthorized"])
            || (self.status == 403 && self.code.is_empty())
    }

    /// The signature is of a time that AWS does not take.
    pub(super) fn is_skewed(&self) -> bool {
        let is_of_another_time = ["not yet current", "expired"].iter().any(|word| self.message.contains(word));
        self.is(&["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"])
            || (self.is(&["SignatureDoesNotMatch", "InvalidSignatureException"]) && is_of_another_time)
    }

    /// The credentials have expired.
    pub(super) fn is_expired(&self) -> bool {
        self.is(&["ExpiredToken", "ExpiredTokenException"])
    }

    /// AWS does not know the credentials.
    pub(super) fn is_unknown_caller(&self) -> bool {
        self.is(&["UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure"])
            || (self.is(&["SignatureDoesNotMatch", "InvalidSignatureException"]) && !self.is_skewed())
    }

    /// Too many calls.
    pub(super) fn is_throttled(&self) -> bool {
        self.status == 429
            || self.code.contains("Throttl")
            || self.is(&[
                "TooManyRequestsException",
                "RequestLimitExceeded",
                "BandwidthLimitExceeded",
                "ProvisionedThroughputExceededException",
                "SlowDown",
                "PriorRequestNotComplete",
                "TransactionInProgressException",
            ])
    }

    /// A failure of AWS, after which the call may have taken effect.
    pub(super) fn is_failure(&self) -> bool {
        self.status >= 500
    }

    /// The permission that the caller lacks, and on what, as AWS names them.
    pub(super) fn missing_right(&self) -> Option<(&str, Option<&str>)> {
        static RIGHT: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)(?: on (?:the )?resource: (\S+))?").ok()
        });
        let found = RIGHT.as_ref()?.captures(&self.message)?;
        let on = found.get(2).map(|on| on.as_str().trim_end_matches(['.', ',']));
        Some((found.get(1)?.as_str(), on))
    }
}

/// A code without what is around it: `com.amazonaws.sqs#QueueDoesNotExist`, `Code:http://..`, `Code;Sender`.
fn plain(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split([':', ';']).next().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Protocol = Protocol::Json { version: "1.0", target: "X" };
    const QUERY: Protocol = Protocol::Query { version: "1", item: "" };

    #[test]
    fn the_code_is_found_wherever_the_protocol_has_it() {
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>No.</Message></Error>\
                   <RequestId>7</RequestId></ErrorResponse>";
        for (protocol, header, body, code) in [
            (JSON, None, r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "x"}"#, "QueueDoesNotExist"),
            (JSON, Some("ThrottlingException:http://internal/"), "", "ThrottlingException"),
            (QUERY, None, xml, "AccessDenied"),
            (
                QUERY,
                None,
                "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code></Error></Errors></Response>",
                "InvalidGroup.NotFound",
            ),
            (Protocol::RestXml, None, "<Error><Code>NoSuchBucket</Code></Error>", "NoSuchBucket"),
            (QUERY, None, "<html>", ""),
        ] {
            assert_eq!(Refusal::of(400, protocol, header, body).code, code, "{body}");
        }
        assert_eq!(Refusal::of(403, QUERY, None, xml).request_id, "7");
    }

    #[test]
    fn a_missing_right_is_named_with_what_it_is_on() {
        let right = |message: &str| {
            let refusal = Refusal { message: message.to_owned(), ..Refusal::default() };
            refusal.missing_right().map(|(action, on)| (action.to_owned(), on.map(str::to_owned)))
        };
        let user = "User: arn:aws:iam::1:user/a is not authorized to perform:";
        assert_eq!(
            right(&format!(
                "{user} sqs:createqueue on resource: arn:aws:sqs:eu-west-1:1:q because no policy allows it"
            )),
            Some(("sqs:createqueue".to_owned(), Some("arn:aws:sqs:eu-west-1:1:q".to_owned())))
        );
        assert_eq!(
            right(&format!("{user} logs:PutRetentionPolicy")),
            Some(("logs:PutRetentionPolicy".to_owned(), None))
        );
        assert_eq!(right("Access denied"), None);
    }
}
