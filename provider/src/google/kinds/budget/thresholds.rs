//! Thresholds: the API keeps those of money spent and of money forecast in one list, the configuration in two.

use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Number};

use crate::engine::marks::Codec;
use crate::engine::wire;

/// Money spent: what a rule means that does not say.
pub(super) const CURRENT: &str = "CURRENT_SPEND";
/// Money forecast.
pub(super) const FORECAST: &str = "FORECASTED_SPEND";

const RULES: &str = "thresholdRules";

/// The rules of one basis.
pub(super) struct Thresholds(pub(super) &'static str);

fn percent(rule: &Json) -> Option<Number> {
    // Zero is left out.
    rule.get("thresholdPercent").map_or_else(|| "0".parse().ok(), |percent| percent.to_string().parse().ok())
}

impl Thresholds {
    fn is_of(&self, rule: &Json) -> bool {
        rule.get("spendBasis").and_then(Json::as_str).unwrap_or(CURRENT) == self.0
    }
}

impl Codec for Thresholds {
    fn read(&self, body: &Json) -> Dynamic {
        let rules = body.get(RULES).and_then(Json::as_array).into_iter().flatten().filter(|rule| self.is_of(rule));
        let percents: Vec<Dynamic> = rules.filter_map(percent).map(Dynamic::Number).collect();
        if percents.is_empty() { Dynamic::Null } else { Dynamic::List(percents) }
    }
    /// Rules that stay keep their place; new ones come last.
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let mut wanted: Vec<&Number> =
            value.as_elements().into_iter().flatten().filter_map(Dynamic::as_number).collect();
        let mut rules: Vec<Json> = body.get(RULES).and_then(Json::as_array).cloned().unwrap_or_default();
        rules.retain(|rule| {
            let here = percent(rule).and_then(|percent| wanted.iter().position(|wanted| **wanted == percent));
            !self.is_of(rule) || here.map(|at| wanted.remove(at)).is_some()
        });
        for percent in wanted {
            rules.push(json!({"thresholdPercent": wire::json_number(percent), "spendBasis": self.0}));
        }
        wire::put(body, RULES, if rules.is_empty() { Json::Null } else { Json::Array(rules) });
    }
    fn masks(&self) -> &'static [&'static str] {
        &[RULES]
    }
}
