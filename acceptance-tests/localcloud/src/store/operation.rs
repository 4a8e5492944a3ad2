//! Long-running operations as the state keeps them.
//!
//! How they are started and polled: [`crate::operation`].

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::lag::Pending;

/// A long-running operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name, as the API returns it.
    pub name: String,
    /// `metadata`, absent where the API has none.
    pub metadata: Option<Value>,
    /// How long polls answer without `done`.
    #[serde(default)]
    pub pending: Pending,
    /// How it ends.
    pub end: End,
    /// The response is shown before the operation is done, as Firestore does.
    #[serde(default)]
    pub shows_response_early: bool,
    /// How it is written.
    #[serde(default)]
    pub form: Form,
}

/// How an API writes its operations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Form {
    /// `done`, with `response` or `error` beside it.
    #[default]
    Done,
    /// `status`: these fields, and in the end those of the second object as well, an `error` among them where it failed.
    Status(Value, Value),
}

/// The end of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// `done: true` with this `response`; null for an API that gives none.
    Response(Value),
    /// `done: true` with this `error`.
    Error(Value),
}

impl Operation {
    /// The operation as JSON, finished or not.
    pub fn body(&self, done: bool) -> Value {
        if let Form::Status(begun, ended) = &self.form {
            let mut body = begun.clone();
            if let (true, Some(body), Some(ended)) = (done, body.as_object_mut(), ended.as_object()) {
                body.extend(ended.clone());
            }
            return body;
        }
        let mut body = json!({"name": self.name});
        if let Some(metadata) = &self.metadata {
            body["metadata"] = metadata.clone();
        }
        if done {
            body["done"] = json!(true);
        }
        match &self.end {
            End::Response(response) if (done || self.shows_response_early) && !response.is_null() => {
                body["response"] = response.clone();
            }
            End::Error(error) if done => body["error"] = error.clone(),
            _ => {}
        }
        body
    }
}
