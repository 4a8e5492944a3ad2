//! The state, as `terraform show -json` gives it.

use serde_json::Value;

use crate::OrFail;

/// A state.
#[derive(Clone, Debug)]
pub struct State(pub Value);

impl State {
    /// All resources of the root module.
    pub fn resources(&self) -> Vec<Resource> {
        let all =
            self.0.pointer("/values/root_module/resources").and_then(Value::as_array).cloned().unwrap_or_default();
        all.into_iter().map(Resource).collect()
    }

    /// One resource.
    #[track_caller]
    pub fn resource(&self, address: &str) -> Resource {
        let found = self.resources().into_iter().find(|resource| resource.address() == address);
        found.or_fail(format!("find {address} in the state: {}", self.0))
    }

    /// Whether the state holds nothing.
    pub fn is_empty(&self) -> bool {
        self.resources().is_empty()
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> Option<&Value> {
        self.0.pointer(&format!("/values/outputs/{name}/value"))
    }
}

/// One resource of the state.
#[derive(Clone, Debug)]
pub struct Resource(Value);

impl Resource {
    /// `mlops_stack.prod`
    pub fn address(&self) -> &str {
        self.text("/address")
    }

    /// `mlops_stack`
    pub fn kind(&self) -> &str {
        self.text("/type")
    }

    /// An attribute by its JSON pointer, null when unset.
    pub fn get(&self, path: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.0.pointer(&format!("/values{path}")).unwrap_or(&NULL)
    }

    /// An attribute that is a string.
    #[track_caller]
    pub fn str(&self, path: &str) -> &str {
        self.get(path).as_str().or_fail(format!("read the string {path} in {}", self.0))
    }

    /// Whether Terraform means to replace it.
    pub fn is_tainted(&self) -> bool {
        self.0.get("tainted") == Some(&Value::Bool(true))
    }

    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}
