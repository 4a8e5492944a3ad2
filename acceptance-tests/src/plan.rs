//! A saved plan, as `terraform show -json` gives it.

use serde_json::Value;

use crate::{Difference, OrFail, differences};

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan(pub Value);

impl Plan {
    /// The changes of all resources, the ones that do nothing too.
    pub fn changes(&self) -> Vec<Change> {
        self.list("resource_changes")
    }

    /// What Terraform found changed outside of it.
    pub fn drift(&self) -> Vec<Change> {
        self.list("resource_drift")
    }

    /// The change of one resource.
    #[track_caller]
    pub fn change(&self, address: &str) -> Change {
        let found = self.changes().into_iter().find(|change| change.address == address);
        found.or_fail(format!("find {address} in the plan: {}", self.0))
    }

    /// A value of an output after the apply.
    pub fn output(&self, name: &str) -> Option<&Value> {
        self.0.pointer(&format!("/planned_values/outputs/{name}/value"))
    }

    fn list(&self, key: &str) -> Vec<Change> {
        let values = self.0.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        values.into_iter().map(Change::parse).collect()
    }
}

/// The planned change of one resource. Paths are JSON pointers: `/buckets/models/location`.
#[derive(Clone, Debug)]
pub struct Change {
    /// `mlops_stack.prod`
    pub address: String,
    /// `["no-op"]`, `["create"]`, `["update"]`, `["delete", "create"]` and so on.
    pub actions: Vec<String>,
    /// The id that it is imported by, if it is.
    pub importing: Option<String>,
    value: Value,
}

impl Change {
    fn parse(value: Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let actions = value.pointer("/change/actions").and_then(Value::as_array).cloned().unwrap_or_default();
        Self {
            address: text("/address").unwrap_or_default(),
            actions: actions.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            importing: text("/change/importing/id"),
            value,
        }
    }

    /// The value before, null when there was none.
    pub fn before(&self, path: &str) -> &Value {
        self.part("before", path)
    }

    /// The value after, null when it is unset or unknown.
    pub fn after(&self, path: &str) -> &Value {
        self.part("after", path)
    }

    /// Whether the value, or the thing that holds it, is known only after the apply.
    pub fn is_unknown(&self, path: &str) -> bool {
        let mut here = self.part("after_unknown", "");
        for step in path.split('/').skip(1) {
            if here == &Value::Bool(true) {
                return true;
            }
            here = child(here, step);
        }
        here == &Value::Bool(true)
    }

    /// Whether the value, or the thing that holds it, is sensitive.
    pub fn is_sensitive(&self, path: &str) -> bool {
        let mut here = self.part("after_sensitive", "");
        for step in path.split('/').skip(1) {
            if here == &Value::Bool(true) {
                return true;
            }
            here = child(here, step);
        }
        here == &Value::Bool(true)
    }

    /// Everything that differs between before and after, unknown values included (their after is null).
    pub fn differences(&self) -> Vec<Difference> {
        differences(self.part("before", ""), self.part("after", ""))
    }

    /// The paths of [`Change::differences`] below what the user declares: the computed summary attributes of a stack
    /// (`fingerprint`, `inventory`, `status`) are left out.
    pub fn changed_paths(&self) -> Vec<String> {
        let computed = ["/fingerprint", "/inventory", "/status"];
        let paths = self.differences().into_iter().map(|found| found.path);
        paths.filter(|path| !computed.iter().any(|summary| path.starts_with(summary))).collect()
    }

    fn part(&self, part: &str, path: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.value.pointer(&format!("/change/{part}{path}")).unwrap_or(&NULL)
    }
}

fn child<'a>(value: &'a Value, step: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    let step = step.replace("~1", "/").replace("~0", "~");
    match value {
        Value::Object(map) => map.get(&step).unwrap_or(&NULL),
        Value::Array(list) => step.parse().ok().and_then(|index: usize| list.get(index)).unwrap_or(&NULL),
        _ => &NULL,
    }
}
