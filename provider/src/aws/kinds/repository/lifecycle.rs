//! The rules by which images are deleted, as the configuration has them and as ECR's JSON text has them.
//!
//! ECR gives every rule a priority; here it is the place in the list. How images are counted is a type and a number there, and
//! one of two numbers here. What a rule says beyond that is kept.

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Object, Path, Value};

use crate::engine::marks::{Unordered, wire};

/// The field of a repository's JSON with its rules.
pub(super) const RULES: &str = "lifecycleRules";

/// The ways of counting that can be said here, in the words of ECR.
const COUNTS: [&str; 2] = ["imageCountMoreThan", "sinceImagePushed"];

/// A rule by which images are deleted.
#[derive(Object, Clone)]
pub(super) struct LifecycleRule {
    /// What the rule is for.
    #[tf(optional, ext(wire("description")))]
    description: Value<String>,
    /// Which images the rule is about, by their tags.
    #[tf(required, ext(wire("selection.tagStatus")))]
    tag_status: Value<TagStatus>,
    /// Beginnings of tags: of images with such tags, where `tag_status` is `tagged`.
    #[tf(optional, ext(wire("selection.tagPrefixList"), Unordered))]
    tag_prefixes: Value<Vec<String>>,
    /// Patterns of tags, in which `*` stands for any text, in place of `tag_prefixes`.
    #[tf(optional, ext(wire("selection.tagPatternList"), Unordered))]
    tag_patterns: Value<Vec<String>>,
    /// How many of the images stay, the newest ones.
    #[tf(optional, ext(wire("selection.imageCountMoreThan")))]
    count_more_than: Value<i64>,
    /// For how many days after the push images stay, in place of `count_more_than`.
    #[tf(optional, ext(wire("selection.sinceImagePushed")))]
    days_since_pushed: Value<i64>,
}

/// Which images a rule is about.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagStatus {
    /// All.
    #[tf(name = "any")]
    Any,
    /// Those with the tags that the rule names.
    #[tf(name = "tagged")]
    Tagged,
    /// Those without a tag.
    #[tf(name = "untagged")]
    Untagged,
}

/// Checks rules.
pub(super) fn validate(rules: &[LifecycleRule], path: &Path, diagnostics: &mut Diagnostics) {
    for (index, rule) in rules.iter().enumerate() {
        let path = path.index(index);
        if rule.count_more_than.is_null() == rule.days_since_pushed.is_null() {
            let detail = "A rule needs either count_more_than or days_since_pushed, and not both.";
            let path = path.attribute("count_more_than");
            diagnostics.push(Diagnostic::error("A lifecycle rule counts in one way", detail).at(path));
        }
        let has_tags = !rule.tag_prefixes.is_null() || !rule.tag_patterns.is_null();
        if let Some(status) = rule.tag_status.known()
            && has_tags != (*status == TagStatus::Tagged)
        {
            let detail = "tag_prefixes or tag_patterns go with tag_status = \"tagged\", which needs one of them.";
            let path = path.attribute("tag_status");
            diagnostics.push(Diagnostic::error("Tags and tag_status do not fit", detail).at(path));
        }
    }
}

/// Puts the rules of a policy's text into the repository's JSON.
pub(super) fn read(text: &str, repository: &mut Json) {
    let mut policy: Json = serde_json::from_str(text).unwrap_or_default();
    let mut rules: Vec<Json> = policy["rules"].as_array_mut().map(std::mem::take).unwrap_or_default();
    rules.sort_by_key(|rule| rule["rulePriority"].as_u64());
    repository[RULES] = rules.into_iter().map(shown).collect();
}

/// A rule of ECR's as it is shown here.
fn shown(mut rule: Json) -> Json {
    let is_expiry = rule["action"] == json!({ "type": "expire" });
    let Some(fields) = rule.as_object_mut() else { return rule };
    fields.remove("rulePriority");
    if is_expiry {
        fields.remove("action");
    }
    let Some(selection) = fields.get_mut("selection").and_then(Json::as_object_mut) else { return rule };
    let of_type = selection.get("countType").and_then(Json::as_str).unwrap_or_default().to_owned();
    if COUNTS.contains(&of_type.as_str()) {
        let number = selection.remove("countNumber").unwrap_or_default();
        selection.remove("countType");
        selection.remove("countUnit");
        selection.insert(of_type, number);
    }
    rule
}

/// The text of the policy with the rules of a repository's JSON; `None` where there are none.
pub(super) fn written(repository: &Json) -> Option<String> {
    let rules = repository.get(RULES)?.as_array().filter(|rules| !rules.is_empty())?;
    let rules: Vec<Json> = rules.iter().enumerate().map(|(index, rule)| told(index + 1, rule.clone())).collect();
    Some(json!({ "rules": rules }).to_string())
}

/// A rule as ECR takes it.
fn told(priority: usize, mut rule: Json) -> Json {
    rule["rulePriority"] = json!(priority);
    if rule.get("action").is_none() {
        rule["action"] = json!({ "type": "expire" });
    }
    let Some(selection) = rule.get_mut("selection").and_then(Json::as_object_mut) else { return rule };
    for word in COUNTS {
        if let Some(number) = selection.remove(word) {
            selection.insert("countType".to_owned(), json!(word));
            selection.insert("countNumber".to_owned(), number);
            if word == "sinceImagePushed" {
                selection.insert("countUnit".to_owned(), json!("days"));
            }
        }
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_in_the_order_of_their_priorities_and_written_as_they_were() {
        let expire = json!({ "type": "expire" });
        let any = json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10 });
        let old =
            json!({ "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7 });
        let policy = json!({ "rules": [
            { "rulePriority": 20, "selection": any, "action": expire },
            { "rulePriority": 1, "description": "old", "selection": old, "action": expire },
        ] });
        let mut repository = json!({});
        read(&policy.to_string(), &mut repository);
        assert_eq!(
            repository[RULES],
            json!([
                { "description": "old", "selection": { "tagStatus": "untagged", "sinceImagePushed": 7 } },
                { "selection": { "tagStatus": "any", "imageCountMoreThan": 10 } },
            ])
        );
        let written: Json = serde_json::from_str(&written(&repository).unwrap()).unwrap();
        assert_eq!(
            written,
            json!({ "rules": [
                { "rulePriority": 1, "description": "old", "selection": old, "action": expire },
                { "rulePriority": 2, "selection": any, "action": expire },
            ] })
        );
    }

    #[test]
    fn a_repository_without_rules_has_no_policy() {
        assert_eq!((written(&json!({})), written(&json!({ RULES: [] }))), (None, None));
    }
}
