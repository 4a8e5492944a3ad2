//! S3 on this machine: moto's server, in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use reqwest::StatusCode;

use crate::{OrFail, programs, workspace};

/// The region that buckets are made in.
const REGION: &str = "eu-west-1";

/// A running server on a port of its own, or a branch of one; ends when dropped, or with this process.
#[derive(Debug)]
pub struct S3 {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// The region that calls are signed for.
    pub(crate) region: &'static str,
    /// None of a branch, which is its server's.
    process: Option<Child>,
}

/// What a user of the server signs calls with.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: String,
}

impl S3 {
    /// Starts the server. It believes every caller until [`S3::enforce`].
    pub fn start() -> Self {
        Self::start_as(&[], &[])
    }

    /// The same with arguments and environment variables.
    pub(crate) fn start_as(arguments: &[&Path], environment: &[(&str, &str)]) -> Self {
        let script = workspace().join("acceptance-tests/tools/moto_server.py");
        programs::tools();
        let mut command = Command::new("python3");
        // It must not reach for credentials or settings of the person who runs the tests.
        command.arg(&script).args(arguments);
        command.env_remove("AWS_PROFILE").env_remove("INITIAL_NO_AUTH_ACTION_COUNT");
        command.envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = command.spawn().or_fail(format!("start {}", script.display()));
        let mut line = String::new();
        let output = process.stdout.take().or_fail("read the output of moto");
        BufReader::new(output).read_line(&mut line).or_fail("read the port of moto");
        let port: u16 = line.trim().parse().or_fail("start moto's server: see above");
        Self { url: format!("http://127.0.0.1:{port}"), region: REGION, process: Some(process) }
    }

    /// A server that goes on from here, and whose changes are its own.
    pub(crate) fn branch(&self) -> Self {
        let port = self.send("s3", "POST", "/branch", String::new());
        Self { url: format!("http://127.0.0.1:{port}"), region: self.region, process: None }
    }

    /// Makes a bucket in `eu-west-1`.
    pub fn make_bucket(&self, bucket: &str) {
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        self.send("s3", "PUT", &format!("/{bucket}"), place);
    }

    /// Lets a bucket keep old versions of its objects.
    pub fn keep_versions(&self, bucket: &str) {
        let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        self.send("s3", "PUT", &format!("/{bucket}?versioning"), versioning.to_owned());
    }

    /// Writes an object behind everybody's back.
    pub fn put(&self, bucket: &str, key: &str, content: &str) {
        self.send("s3", "PUT", &format!("/{bucket}/{key}"), content.to_owned());
    }

    /// The names of a bucket's objects, in order.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let listed = self.send("s3", "GET", &format!("/{bucket}?list-type=2"), String::new());
        let names = listed.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        names.map(str::to_owned).collect()
    }

    /// Makes a user who may do these actions (`s3:GetObject`) and nothing else.
    pub fn user(&self, name: &str, actions: &[&str]) -> AccessKey {
        let user = format!("&UserName={name}&Version=2010-05-08");
        self.send("iam", "POST", "/", format!("Action=CreateUser{user}"));
        let actions = actions.iter().map(|action| format!("%22{action}%22")).collect::<Vec<_>>().join(",");
        let policy = format!(
            "{{%22Version%22:%222012-10-17%22,%22Statement%22:[{{%22Effect%22:%22Allow%22,%22Action%22:[{actions}],%22Resource%22:%22*%22}}]}}"
        );
        self.send("iam", "POST", "/", format!("Action=PutUserPolicy{user}&PolicyName=p&PolicyDocument={policy}"));
        let answer = self.send("iam", "POST", "/", format!("Action=CreateAccessKey{user}"));
        let part = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>")).or_fail(format!("find {name} in {answer}"));
            rest.split('<').next().unwrap_or_default().to_owned()
        };
        AccessKey { id: part("AccessKeyId"), secret: part("SecretAccessKey") }
    }

    /// From here on callers must be users, and may do what their policies allow.
    pub fn enforce(&self) {
        self.send("s3", "POST", "/moto-api/reset-auth", "0".to_owned());
    }

    /// A call that is signed as far as the server wants it: with the service that it is meant for.
    fn send(&self, service: &str, method: &str, path: &str, body: String) -> String {
        // A form in a call of S3 would be taken apart before S3 sees it.
        let content = if service == "iam" { "application/x-www-form-urlencoded" } else { "application/octet-stream" };
        self.send_as(service, method, path, &[("content-type", content)], body)
    }

    /// The same with these headers.
    pub(crate) fn send_as(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> String {
        let (status, text) = self.attempt(service, method, path, headers, body).or_fail(format!("reach moto's {path}"));
        assert!(status.is_success(), "moto refuses {path}: {status} {text}");
        text
    }

    fn attempt(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(StatusCode, String), reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).or_fail("read the method");
        let scope = format!("nobody/20260101/{}/{service}/aws4_request", self.region);
        let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let url = format!("{}{path}", self.url);
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let call = async move {
            let client = reqwest::Client::builder().no_proxy().build()?;
            let mut request = client.request(method, url).header("authorization", signed);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let answer = request.body(body).send().await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
        };
        // On a thread of its own: the caller may be within a runtime, where nobody may wait.
        let answer = thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().or_fail("start a runtime");
            runtime.block_on(call)
        });
        answer.join().ok().or_fail("call moto")
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        match &mut self.process {
            // It may have ended by itself, which its output tells.
            Some(process) => {
                let _ = process.kill();
                let _ = process.wait();
            }
            // It ends without an answer, or has ended with its server.
            None => drop(self.attempt("s3", "POST", "/end", &[], String::new())),
        }
    }
}
