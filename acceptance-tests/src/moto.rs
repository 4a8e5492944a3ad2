//! An account of AWS on this machine: moto's server, with a log of the calls.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Mark, OrFail, S3};

/// A running moto.
#[derive(Debug)]
pub struct Moto {
    pub(crate) server: S3,
    log: PathBuf,
}

impl Moto {
    /// Starts it with these environment variables; the actions of all calls go into the file `log`.
    pub fn start(log: &Path, environment: &[(&str, &str)]) -> Self {
        // Of each service that is made, one task runs at once.
        let usual = [("MOTO_ECS_SERVICE_RUNNING", "1")];
        Self { server: S3::start_as(&[log], &[&usual[..], environment].concat()), log: log.to_owned() }
    }

    /// An account that goes on from here, and whose changes are its own. Its calls are in no log.
    pub fn branch(&self) -> Self {
        Self { server: self.server.branch(), log: PathBuf::new() }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// An account with nothing in it but its default network. The ids of what is made next are the same after every reset.
    pub fn reset(&self) {
        for path in ["/moto-api/reset", "/moto-api/seed?a=1"] {
            self.server.send_as("s3", "POST", path, &[], String::new());
        }
        self.form("ec2", &[("Action", "DescribeSubnets"), ("Version", "2016-11-15")]);
    }

    /// All that it holds, by service, account and region, in its own names.
    pub fn everything(&self) -> Value {
        let answer = self.server.send_as("s3", "GET", "/everything", &[], String::new());
        serde_json::from_str(&answer).or_fail("read all that moto holds")
    }

    /// A call of a service that takes forms: the fields of the form, `Action` and `Version` among them; the XML of its answer.
    pub fn form(&self, service: &str, fields: &[(&str, &str)]) -> String {
        let url = reqwest::Url::parse_with_params("http://form/", fields).or_fail("write a form");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.server.send_as(service, "POST", "/", &headers, url.query().unwrap_or_default().to_owned())
    }

    /// A call of a service in JSON: the action as its API names it; its answer.
    pub fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let answer = self.server.send_as(service, "POST", "/", &headers, body.to_string());
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).or_fail("read moto's answer") }
    }

    /// A call of S3; its answer.
    pub fn s3(&self, method: &str, path: &str, body: &str) -> String {
        self.server.send_as("s3", method, path, &[("content-type", "application/xml")], body.to_owned())
    }

    /// The present end of the list of calls.
    pub fn mark(&self) -> Mark {
        Mark(self.calls().len())
    }

    /// The actions of the calls since a mark.
    pub fn calls_since(&self, mark: Mark) -> Vec<String> {
        self.calls().split_off(mark.0)
    }

    /// Those among them that can change something, sorted.
    pub fn writes_since(&self, mark: Mark) -> Vec<String> {
        let mut calls = self.calls_since(mark);
        calls.retain(|call| !["Describe", "Get", "List", "GET "].iter().any(|verb| call.starts_with(verb)));
        calls.sort();
        calls
    }

    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
