//! One struct with every feature, and its whole schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use expect_test::expect;
use tfplugin::{Attribute, Choice, Dynamic, Number, Object, Scalar, Value};

use crate::schema_text::schema_text;

/// How often data is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Choice)]
pub(crate) enum StorageClass {
    /// Daily.
    Standard,
    /// Once a year.
    #[tf(name = "ARCHIVE")]
    Archived,
}

/// A length of time; `60m` and `1h` are equal.
#[derive(Clone, Debug)]
pub(crate) struct Minutes {
    pub spelling: String,
    pub minutes: u32,
}

impl PartialEq for Minutes {
    fn eq(&self, other: &Self) -> bool {
        self.minutes == other.minutes
    }
}

#[derive(Debug)]
pub(crate) struct NoMinutes;

impl fmt::Display for NoMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Write a number of minutes or hours, like 90m or 2h.")
    }
}

impl Scalar for Minutes {
    type Repr = String;
    type Error = NoMinutes;
    fn parse(spelling: String) -> Result<Self, NoMinutes> {
        let (number, unit) = spelling.split_at_checked(spelling.len().saturating_sub(1)).ok_or(NoMinutes)?;
        let number: u32 = number.parse().map_err(|_| NoMinutes)?;
        let minutes = match unit {
            "m" => number,
            "h" => number * 60,
            _ => return Err(NoMinutes),
        };
        Ok(Self { spelling, minutes })
    }
    fn repr(&self) -> String {
        self.spelling.clone()
    }
}

tfplugin::scalar!(Minutes);

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Rule {
    /// After how many days.
    #[tf(required)]
    pub age: Value<i64>,
    /// How many versions stay.
    #[tf(optional, computed)]
    pub count: Value<i64>,
    /// What moves.
    #[tf(optional)]
    pub classes: Value<BTreeSet<StorageClass>>,
}

/// Where the field lives in an API.
#[derive(Debug, PartialEq)]
struct Wire(&'static str);

/// A struct with everything.
///
/// In *two* paragraphs.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(deprecated = "Use something.")]
pub(crate) struct Everything {
    /// Unique.
    #[tf(required, requires_replace, ext(Wire("name")))]
    pub name: Value<String>,
    /// A keyword in Rust.
    #[tf(optional, deprecated = "Use kind.")]
    pub r#type: Value<String>,
    /// Called otherwise.
    #[tf(optional, name = "on")]
    pub enabled: Value<bool>,
    /// The server says.
    #[tf(computed)]
    pub size: Value<Number>,
    /// A share.
    #[tf(default = 0.5)]
    pub share: Value<f64>,
    /// A count.
    #[tf(default = 3)]
    pub instances: Value<i64>,
    /// Anything.
    #[tf(optional)]
    pub anything: Value<Dynamic>,
    /// A class.
    #[tf(default = StorageClass::Standard)]
    pub class: Value<StorageClass>,
    /// A class by its spelling.
    #[tf(default = "ARCHIVE")]
    pub old_class: Value<StorageClass>,
    /// A length.
    #[tf(default = "60m")]
    pub timeout: Value<Minutes>,
    /// A password.
    #[tf(optional, sensitive, write_only)]
    pub password_wo: Value<String>,
    /// Arguments.
    #[tf(default = ["serve", "all"])]
    pub args: Value<Vec<Value<String>>>,
    /// Ports.
    #[tf(default = [("http", 80)])]
    pub ports: Value<BTreeMap<String, i64>>,
    /// Lengths.
    #[tf(optional)]
    pub lengths: Value<Vec<Minutes>>,
    /// The main rule.
    #[tf(optional, computed)]
    pub rule: Value<Rule>,
    /// Rules in order.
    #[tf(optional)]
    pub rules: Value<Vec<Rule>>,
    /// Rules by name.
    #[tf(optional)]
    pub named_rules: Value<BTreeMap<String, Value<Rule>>>,
    /// Deeper than nested attributes go.
    #[tf(optional)]
    pub deep: Value<BTreeMap<String, Vec<Rule>>>,
    /// Old syntax, in order.
    #[tf(block(min = 1, max = 3))]
    pub listed: Vec<Rule>,
    /// Old syntax, without order.
    #[tf(block(set), deprecated = "Use rules.")]
    pub unordered: Vec<Rule>,
    /// Old syntax, by label.
    #[tf(block(map))]
    pub labelled: BTreeMap<String, Rule>,
    /// Old syntax, perhaps.
    #[tf(block(single))]
    pub perhaps: Option<Rule>,
    /// Old syntax, always.
    #[tf(block(group))]
    pub always: Rule,
    /// Old syntax, perhaps unknown.
    #[tf(block)]
    pub dynamic: Value<Vec<Value<Rule>>>,
}

#[test]
fn the_schema_says_all_that_the_declaration_says() {
    expect![[r##"
        # "A struct with everything.\n\nIn *two* paragraphs." deprecated="Use something."
        anything: dynamic Optional "Anything."
        args: list of string OptionalComputed default=["serve", "all"] "Arguments."
        class: string OptionalComputed default="STANDARD" choices=STANDARD|ARCHIVE "A class."
        deep: map of list of object Optional "Deeper than nested attributes go."
        instances: number OptionalComputed default=3 "A count."
        lengths: list of string Optional "Lengths."
        name: string Required requires_replace "Unique."
        named_rules: nested Map Optional "Rules by name."
          # "One rule."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        old_class: string OptionalComputed default="ARCHIVE" choices=STANDARD|ARCHIVE "A class by its spelling."
        on: bool Optional "Called otherwise."
        password_wo: string Optional sensitive write_only "A password."
        ports: map of number OptionalComputed default={ http = 80 } "Ports."
        rule: nested OptionalComputed "The main rule."
          # "One rule."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        rules: nested List Optional "Rules in order."
          # "One rule."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        share: number OptionalComputed default=0.5 "A share."
        size: number Computed "The server says."
        timeout: string OptionalComputed default="60m" "A length."
        type: string Optional deprecated="Use kind." "A keyword in Rust."
        always {} Group
          # "Old syntax, always."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        dynamic {} List { min: 0, max: 0 }
          # "Old syntax, perhaps unknown."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        labelled {} Map
          # "Old syntax, by label."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        listed {} List { min: 1, max: 3 }
          # "Old syntax, in order."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        perhaps {} Single
          # "Old syntax, perhaps."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
        unordered {} Set { min: 0, max: 0 }
          # "Old syntax, without order." deprecated="Use rules."
          age: number Required "After how many days."
          classes: set of string Optional choices=STANDARD|ARCHIVE "What moves."
          count: number OptionalComputed "How many versions stay."
    "##]]
    .assert_eq(&schema_text(&Everything::schema()));
}

#[test]
fn attributes_and_blocks_are_sorted_by_name() {
    let schema = Everything::schema();
    assert!(schema.attributes.is_sorted_by(|a, b| a.name < b.name));
    assert!(schema.blocks.is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn extensions_stay_with_their_attribute() {
    let schema = Everything::schema();
    let wire = |name: &str| schema.attribute(name).and_then(|attribute: &Attribute| attribute.extensions.get::<Wire>());
    assert_eq!(wire("name"), Some(&Wire("name")));
    assert_eq!(wire("size"), None);
}

#[test]
fn a_name_is_taken_from_the_declaration() {
    assert_eq!(tfplugin::name!(Everything.enabled), "on");
    assert_eq!(tfplugin::name!(Everything.r#type), "type");
}

#[test]
fn the_rules_of_a_collection_are_those_of_its_elements() {
    let schema = Everything::schema();
    let rules = schema.attribute("lengths").unwrap().rules;
    assert!((rules.equal)(&Dynamic::string("60m"), &Dynamic::string("1h")));
    assert!((rules.check)(&Dynamic::string("soon")).unwrap_err().contains("90m or 2h"));
}
