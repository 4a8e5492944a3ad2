//! Private data: what a provider keeps with a resource without showing it to the user.

use serde_json::{Map, Value};

/// A JSON object, stored by Terraform beside the state of a resource. Never put secrets in it: state files hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Private(Map<String, Value>);

impl Private {
    /// The entry `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Sets the entry `key`.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// Removes the entry `key`.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Reads stored bytes; anything but a JSON object (another provider's data after a move) is empty.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(serde_json::from_slice(bytes).unwrap_or_default())
    }

    /// The bytes to store; empty when there is nothing.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() { Vec::new() } else { Value::Object(self.0.clone()).to_string().into_bytes() }
    }
}
