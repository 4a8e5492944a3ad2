//! Bodies of the query protocol: JSON by the names of the API as the fields of a form.
//!
//! `{"Tags": [{"Key": "a"}]}` is `Tags.member.1.Key=a`, or `Tags.1.Key=a` where the service numbers items directly.

use serde_json::Value as Json;

/// The form of a call; `item` stands before the number of a list's item.
pub(super) fn encoded(action: &str, version: &str, item: &str, body: &Json) -> String {
    let mut fields = vec![("Action".to_owned(), action.to_owned()), ("Version".to_owned(), version.to_owned())];
    flatten("", body, item, &mut fields);
    let url = reqwest::Url::parse_with_params("http://form/", fields);
    let form = url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default();
    // As AWS's own tools write it: who takes a form apart and puts it together again gets what was signed.
    form.replace('*', "%2A").replace("%7E", "~")
}

fn flatten(name: &str, value: &Json, item: &str, fields: &mut Vec<(String, String)>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Json::Null => {}
        Json::String(text) => fields.push((name.to_owned(), text.clone())),
        Json::Bool(_) | Json::Number(_) => fields.push((name.to_owned(), value.to_string())),
        Json::Array(items) => {
            for (index, one) in items.iter().enumerate() {
                flatten(&below(&format!("{item}{}", index + 1)), one, item, fields);
            }
        }
        Json::Object(members) => {
            for (member, value) in members {
                flatten(&below(member), value, item, fields);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_counted_from_one_and_members_follow_dots() {
        let body =
            json!({"Tags": [{"Key": "a", "Value": "b c"}], "Force": true, "Max": 5, "Names": ["x", "y"], "No": null});
        assert_eq!(
            encoded("Do", "1", "member.", &body),
            "Action=Do&Version=1&Force=true&Max=5&Names.member.1=x&Names.member.2=y&Tags.member.1.Key=a\
             &Tags.member.1.Value=b+c"
        );
        assert_eq!(encoded("Do", "1", "", &json!({"Ids": ["x"]})), "Action=Do&Version=1&Ids.1=x");
    }
}
