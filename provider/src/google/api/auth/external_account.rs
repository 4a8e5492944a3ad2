//! External accounts: a token of another party (a pipeline's, a cluster's) is exchanged for one of Google's, after RFC 8693.
//! The other party's token is read anew for each exchange, because it is short-lived and rotated in place.

use std::path::PathBuf;

use async_trait::async_trait;
use reqwest::Url;
use serde_json::Value;

use super::SCOPE;
use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource, confidential_url};
use super::fields::Fields;
use crate::http::Secret;

/// An external account.
#[derive(Debug)]
pub(super) struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: Url,
    subject: Subject,
    format: Format,
    workforce_project: Option<String>,
}

/// Where the other party's token is.
#[derive(Debug)]
enum Subject {
    File(PathBuf),
    /// The headers may hold a secret: `Debug` of pairs would show it.
    Url {
        url: Url,
        headers: Headers,
    },
}

struct Headers(Vec<(String, String)>);

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// How it is written there.
#[derive(Debug)]
enum Format {
    Text,
    Json { field: String },
}

impl ExternalAccount {
    pub(super) fn read(fields: &Fields<'_>) -> Result<ExternalAccount, AuthError> {
        let source =
            fields.document.get("credential_source").ok_or_else(|| fields.malformed("credential_source is missing"))?;
        let source = Fields { place: fields.place, document: source };
        Ok(ExternalAccount {
            audience: fields.text("audience")?.to_owned(),
            subject_token_type: fields.text("subject_token_type")?.to_owned(),
            token_url: confidential_url(fields.place, "token_url", fields.text("token_url")?)?,
            subject: Subject::read(&source)?,
            format: Format::read(&source)?,
            workforce_project: fields.optional("workforce_pool_user_project").map(str::to_owned),
        })
    }

    async fn subject_token(&self, exchange: &Exchange) -> Result<Secret, AuthError> {
        let text = match &self.subject {
            Subject::File(path) => std::fs::read_to_string(path).map_err(|source| AuthError::Unreadable {
                place: exchange.place.clone(),
                path: path.display().to_string(),
                source,
            })?,
            Subject::Url { url, headers } => exchange.get("reading the subject token", url, &headers.0).await?,
        };
        let token = match &self.format {
            Format::Text => text.trim().to_owned(),
            Format::Json { field } => {
                let document: Option<Value> = serde_json::from_str(&text).ok();
                let token = document.as_ref().and_then(|document| document.get(field)).and_then(Value::as_str);
                token
                    .ok_or_else(|| exchange.malformed(format!("the subject token's document has no field {field}")))?
                    .to_owned()
            }
        };
        if token.is_empty() {
            return Err(exchange.malformed("the subject token is empty"));
        }
        Ok(Secret::new(token))
    }
}

#[async_trait]
impl TokenSource for ExternalAccount {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        let subject = self.subject_token(exchange).await?;
        let options =
            self.workforce_project.as_ref().map(|project| serde_json::json!({"userProject": project}).to_string());
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", self.audience.as_str()),
            ("scope", SCOPE),
            ("subject_token_type", self.subject_token_type.as_str()),
            ("subject_token", subject.reveal()),
        ];
        if let Some(options) = &options {
            form.push(("options", options));
        }
        let answer = exchange.post_form("token exchange", &self.token_url, &form).await?;
        exchange.oauth_token("token exchange", &answer)
    }

    async fn identity(&self, exchange: &Exchange, _: &str) -> Result<Secret, AuthError> {
        Err(exchange.no_identity("a federated identity has none of Google's unless it acts as a service account"))
    }
}

impl Subject {
    fn read(source: &Fields<'_>) -> Result<Subject, AuthError> {
        if let Some(file) = source.optional("file") {
            return Ok(Subject::File(file.into()));
        }
        if let Some(url) = source.optional("url") {
            let url = Url::parse(url).map_err(|_| source.malformed("credential_source.url is not a URL"))?;
            let headers = source.document.get("headers").and_then(Value::as_object).into_iter().flatten();
            let headers =
                headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
            return Ok(Subject::Url { url, headers: Headers(headers) });
        }
        let kind = ["executable", "environment_id", "certificate"]
            .into_iter()
            .find(|kind| source.document.get(kind).is_some());
        match kind {
            Some(kind) => Err(AuthError::Unsupported {
                place: source.place.to_owned(),
                kind: format!("credential_source.{kind}"),
            }),
            None => Err(source.malformed("credential_source has neither file nor url")),
        }
    }
}

impl Format {
    fn read(source: &Fields<'_>) -> Result<Format, AuthError> {
        let Some(format) = source.document.get("format") else { return Ok(Format::Text) };
        let format = Fields { place: source.place, document: format };
        match format.optional("type") {
            None | Some("text") => Ok(Format::Text),
            Some("json") => Ok(Format::Json { field: format.text("subject_token_field_name")?.to_owned() }),
            Some(other) => Err(AuthError::Unsupported {
                place: source.place.to_owned(),
                kind: format!("credential_source.format {other:?}"),
            }),
        }
    }
}
