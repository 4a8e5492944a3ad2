//! Differences of two JSON values, leaf by leaf, as JSON pointers.

use serde_json::Value;

/// One place where two values differ. A missing value is null.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, as a JSON pointer: `/buckets/models/location`.
    pub path: String,
    /// The value on the left.
    pub before: Value,
    /// The value on the right.
    pub after: Value,
}

/// All differences, in the order of the paths. Lists of another length differ as a whole.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", before, after, &mut found);
    found
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        (Value::Object(left), Value::Object(right)) => {
            let mut keys: Vec<&String> =
                left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))).collect();
            keys.sort();
            for key in keys {
                let inner = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                let null = Value::Null;
                walk(&inner, left.get(key).unwrap_or(&null), right.get(key).unwrap_or(&null), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (one, other)) in left.iter().zip(right).enumerate() {
                walk(&format!("{path}/{index}"), one, other, found);
            }
        }
        _ if before == after => {}
        _ => found.push(Difference { path: path.to_owned(), before: before.clone(), after: after.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_leaves_that_differ_are_named() {
        let before = json!({"a": {"b": 1, "c": 2}, "l": [1, 2], "gone": "x"});
        let after = json!({"a": {"b": 1, "c": 3}, "l": [1, 2], "k/y": true});
        let paths: Vec<_> = differences(&before, &after).into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["/a/c", "/gone", "/k~1y"]);
    }
}
