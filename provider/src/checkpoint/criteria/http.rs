//! A web server answers as it should.
//!
//! Redirects are not followed: a token must not travel to another server, and a login page that answers 200 proves
//! nothing. Whoever expects a redirect names its status.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Url};

use super::{Finding, Tools, chain, sentences};
use crate::google::api::IdentityError;
use crate::google::api::Secret;
use crate::google::api::host::is_loopback;
use crate::http::Pools;
use crate::types;

/// How often it is tried when nothing is said.
const ATTEMPTS: u32 = 3;
/// How long one attempt may take when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The first wait between two attempts; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How much of a body is read, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// The criterion as it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) url: &'a str,
    pub(super) method: Option<&'a str>,
    pub(super) status: Option<u16>,
    pub(super) body_pattern: Option<&'a str>,
    pub(super) headers: &'a BTreeMap<String, String>,
    pub(super) timeout: Option<&'a str>,
    pub(super) attempts: Option<u32>,
    pub(super) identity_token: bool,
    pub(super) audience: Option<&'a str>,
}

/// Tries it until the answer is as wanted, or no attempt is left.
pub(super) async fn check(wanted: &Wanted<'_>, tools: &Tools<'_>, pools: &Pools) -> Finding {
    let probe = match Probe::new(wanted) {
        Ok(probe) => probe,
        Err(problem) => return Finding::failed(problem),
    };
    let mut token = None;
    let mut wait = FIRST_WAIT;
    let mut made = 0;
    loop {
        made += 1;
        let seen = probe.attempt(tools, pools, &mut token).await;
        let finding = probe.judge(&seen, made, token.as_ref());
        if finding.passed || made >= probe.attempts || tools.calls.sleep(wait).await.is_err() {
            return finding;
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// The criterion as it is checked.
#[derive(Debug)]
struct Probe {
    url: Url,
    method: Method,
    status: u16,
    body: Option<Regex>,
    headers: HeaderMap,
    timeout: Duration,
    attempts: u32,
    audience: Option<String>,
}

/// What one attempt saw.
#[derive(Debug)]
enum Seen {
    Answer { status: u16, millis: u128, body: String, leads_to: Option<String> },
    NoToken(IdentityError),
    NotConfigured(String),
    NoAnswer(reqwest::Error),
}

impl Probe {
    fn new(wanted: &Wanted<'_>) -> Result<Self, String> {
        let url = Url::parse(wanted.url).map_err(|error| format!("url is not a URL: {error}."))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("url begins with {}://; it must begin with https:// or http://.", url.scheme()));
        }
        let method = wanted.method.unwrap_or("GET").to_ascii_uppercase();
        let method =
            method.parse().map_err(|_| format!("method {method:?} is not a method of HTTP, such as GET or HEAD."))?;
        let body = wanted.body_pattern.map(Regex::new).transpose();
        let body = body.map_err(|error| format!("body_pattern is not a regular expression: {error}."))?;
        let timeout = wanted.timeout.map(str::parse::<types::Duration>).transpose();
        let timeout = timeout.map_err(|error| format!("timeout: {error}."))?;
        let headers = headers(wanted.headers)?;
        let mut audience = None;
        if wanted.identity_token {
            if headers.contains_key(AUTHORIZATION) {
                return Err(
                    "identity_token and a header Authorization exclude one another: remove one of them.".to_owned()
                );
            }
            if url.scheme() != "https" && !is_loopback(&url) {
                return Err("With identity_token the url must begin with https://: a token is not sent in the clear."
                    .to_owned());
            }
            audience = Some(wanted.audience.map_or_else(|| url.origin().ascii_serialization(), str::to_owned));
        }
        Ok(Self {
            url,
            method,
            status: wanted.status.unwrap_or(200),
            body,
            headers,
            timeout: timeout.map_or(TIMEOUT, |timeout| timeout.to_std()),
            attempts: wanted.attempts.unwrap_or(ATTEMPTS).max(1),
            audience,
        })
    }

    /// Asks once. The token is fetched by the first attempt that gets one.
    async fn attempt(&self, tools: &Tools<'_>, pools: &Pools, token: &mut Option<Secret>) -> Seen {
        if let (Some(audience), None) = (&self.audience, &token) {
            let client = match tools.session.google.client() {
                Ok(client) => client,
                Err(missing) => return Seen::NotConfigured(missing.to_string()),
            };
            match client.identity_token(tools.calls, audience).await {
                Ok(fetched) => *token = Some(fetched),
                Err(error) => return Seen::NoToken(error),
            }
        }
        let clock = &tools.calls.clock;
        let began = clock.now();
        match self.ask(pools, self.timeout.min(tools.calls.remaining()), token.as_ref()).await {
            Ok((status, body, leads_to)) => {
                let millis = clock.now().saturating_duration_since(began).as_millis();
                Seen::Answer { status, millis, body, leads_to }
            }
            Err(error) => Seen::NoAnswer(error.without_url()),
        }
    }

    async fn ask(
        &self,
        pools: &Pools,
        limit: Duration,
        token: Option<&Secret>,
    ) -> Result<(u16, String, Option<String>), reqwest::Error> {
        let mut request = pools.for_url(&self.url)?.request(self.method.clone(), self.url.clone()).timeout(limit);
        request = request.headers(self.headers.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token.reveal());
        }
        if matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            request = request.header(CONTENT_LENGTH, "0");
        }
        let mut answer = request.send().await?;
        let leads_to =
            answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).map(|place| self.place(place));
        let mut body = Vec::new();
        while body.len() < LARGEST_BODY {
            let Some(chunk) = answer.chunk().await? else { break };
            body.extend_from_slice(&chunk);
        }
        Ok((answer.status().as_u16(), String::from_utf8_lossy(&body).into_owned(), leads_to))
    }

    /// Where a redirect leads, without the query: it may hold a secret.
    fn place(&self, location: &str) -> String {
        match self.url.join(location) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => "no URL".to_owned(),
        }
    }

    fn judge(&self, seen: &Seen, made: u32, token: Option<&Secret>) -> Finding {
        let times = if made == 1 { String::new() } else { format!(", after {made} attempts") };
        let (status, millis, body, leads_to) = match seen {
            Seen::Answer { status, millis, body, leads_to } => (*status, millis, body, leads_to),
            Seen::NoToken(IdentityError::Auth(error)) => {
                return Finding::failed(format!(
                    "No identity token{times}: {}",
                    sentences(&chain(error), Some(&error.advice()))
                ));
            }
            Seen::NoToken(IdentityError::Interrupted(why)) => return Finding::interrupted(*why),
            Seen::NotConfigured(missing) => return Finding::failed(format!("No identity token: {missing}.")),
            Seen::NoAnswer(error) => return self.unanswered(error, &times),
        };
        let seen = format!("HTTP {status} in {millis} ms{times}");
        if status != self.status {
            let mut observed = format!("{seen}, expected {}.", self.status);
            if let Some(place) = leads_to {
                observed += &format!(" It leads to {place}; redirects are not followed, so set url to that address.");
            }
            if matches!(status, 401 | 403) {
                observed += match token {
                    Some(_) => {
                        " The account of the identity token may not call it: on Cloud Run it needs roles/run.invoker."
                    }
                    None => " For a private service on Cloud Run set identity_token = true.",
                };
            }
            return Finding::failed(observed + &size(body));
        }
        match &self.body {
            Some(pattern) if !pattern.is_match(body) => {
                Finding::failed(format!("{seen}, but the body does not match {:?}.{}", pattern.as_str(), size(body)))
            }
            _ => Finding::held(seen),
        }
    }

    fn unanswered(&self, error: &reqwest::Error, times: &str) -> Finding {
        let server = self.url.origin().ascii_serialization();
        let cause = chain(error);
        Finding::failed(if error.is_connect() {
            format!("No connection to {server}{times}: {cause}. Check that it runs and can be reached from here.")
        } else if error.is_timeout() {
            format!("No answer from {server} within {:?}{times}. Raise timeout if it may take longer.", self.timeout)
        } else {
            format!("No complete answer from {server}{times}: {cause}.")
        })
    }
}

/// How much the server said. What it said is not told: evidence is stored and shown, and bodies hold what is nobody's
/// business there.
fn size(body: &str) -> String {
    match body.len() {
        0 => " The body is empty.".to_owned(),
        bytes => format!(" The body has {bytes} bytes; it may say more."),
    }
}

fn headers(wanted: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in wanted {
        let header: HeaderName = name.parse().map_err(|_| format!("headers: {name:?} is not the name of a header."))?;
        // The value may be a secret, and is not told.
        let value: HeaderValue = value
            .parse()
            .map_err(|_| format!("headers: the value of {name:?} has characters that no header can have."))?;
        headers.insert(header, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
