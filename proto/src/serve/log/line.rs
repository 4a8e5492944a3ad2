//! One log line: a JSON object in the form that go-plugin parses.
//!
//! `@message`, `@level` and `@timestamp` that are no strings crash Terraform, a timestamp with other than six fraction
//! digits is not parsed, and a line of more than 64 KiB is torn apart: none of these can leave here.

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Level;

/// Bytes of a line, the newline included; the reader's buffer has 65,536.
const LONGEST: usize = 60_000;
/// Bytes of one text in a line.
const LONGEST_TEXT: usize = 16_384;
/// Bytes of the message when the rest had to go; JSON may write a byte as six.
const LAST_RESORT: usize = 8_192;

/// What a line says.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// When.
    pub(super) timestamp: Timestamp,
    /// How important.
    pub(super) level: Level,
    /// Which part of the program says it.
    pub(super) module: String,
    /// What.
    pub(super) message: String,
    /// Of what.
    pub(super) fields: Map<String, Value>,
}

impl Entry {
    /// The line, newline included.
    pub(super) fn encode(self) -> String {
        let line = self.clone().with_short_texts().into_line();
        if line.len() <= LONGEST { line } else { self.last_resort().into_line() }
    }

    fn with_short_texts(mut self) -> Self {
        shorten(&mut self.message, LONGEST_TEXT);
        for value in self.fields.values_mut() {
            if let Value::String(text) = value {
                shorten(text, LONGEST_TEXT);
            }
        }
        self
    }

    fn last_resort(mut self) -> Self {
        shorten(&mut self.message, LAST_RESORT);
        shorten(&mut self.module, 256);
        self.fields = Map::from_iter([("fields_left_out".to_owned(), Value::from(self.fields.len()))]);
        self
    }

    fn into_line(self) -> String {
        let mut object = Map::new();
        for (name, value) in self.fields {
            // Names with @ are the reader's own.
            object.insert(name.trim_start_matches('@').to_owned(), value);
        }
        let texts = [
            ("@level", level(self.level).to_owned()),
            ("@message", self.message),
            ("@module", self.module),
            ("@timestamp", format!("{:.6}", self.timestamp)),
        ];
        object.extend(texts.map(|(name, text)| (name.to_owned(), Value::String(text))));
        let mut line = Value::Object(object).to_string();
        line.push('\n');
        line
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn shorten(text: &mut String, longest: usize) {
    if text.len() > longest {
        let kept = (0..=longest).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        let more = text.len() - kept;
        text.truncate(kept);
        text.push_str(&format!(" ... ({more} bytes more)"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(message: &str) -> Entry {
        Entry {
            timestamp: "2026-01-02T03:04:05.123456789Z".parse().unwrap(),
            level: Level::INFO,
            module: "here".to_owned(),
            message: message.to_owned(),
            fields: Map::new(),
        }
    }

    #[test]
    fn a_line_is_what_go_plugin_parses() {
        let line = entry("hello").encode();
        let wanted = "{\"@level\":\"info\",\"@message\":\"hello\",\"@module\":\"here\",\"@timestamp\":\"2026-01-02T03:04:05.123456Z\"}\n";
        assert_eq!(line, wanted);
    }

    #[test]
    fn a_whole_second_has_six_fraction_digits_too() {
        let line = Entry { timestamp: "2026-01-02T03:04:05Z".parse().unwrap(), ..entry("") }.encode();
        assert!(line.contains("05.000000Z"), "{line}");
    }

    #[test]
    fn a_field_cannot_take_the_place_of_the_message() {
        let fields = Map::from_iter([("@message".to_owned(), Value::from(7))]);
        let line = Entry { fields, ..entry("hello") }.encode();
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["@message"], &value["message"]), (&Value::from("hello"), &Value::from(7)));
    }

    #[test]
    fn a_long_message_is_cut_and_says_so() {
        let line = entry(&"\u{e9}".repeat(20_000)).encode();
        assert!(line.len() < LONGEST && line.contains("(23616 bytes more)"), "{}", line.len());
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,80}".prop_map(Value::from),
            (0_usize..100_000).prop_map(|length| Value::from("\u{1}".repeat(length))),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_line_is_one_line_with_strings_where_terraform_needs_them(
            message in prop_oneof![Just("\u{0}".repeat(70_000)), any::<String>()],
            module in any::<String>(),
            fields in prop::collection::btree_map(prop_oneof![Just("@level".to_owned()), Just("@timestamp".to_owned()), any::<String>()], value(), 0..6),
        ) {
            let fields = fields.into_iter().collect();
            let line = Entry { message, module, fields, ..entry("") }.encode();
            prop_assert!(line.len() <= LONGEST);
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
            let value: Value = serde_json::from_str(&line).unwrap();
            for name in ["@level", "@message", "@module", "@timestamp"] {
                prop_assert!(value[name].is_string(), "{}", name);
            }
        }
    }
}
