//! What a thing is: every sort of attribute once.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Choice, Dynamic, Number, Object, Value};

use super::minutes::Minutes;

/// A kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Choice)]
pub(crate) enum Kind {
    /// Small.
    Small,
    /// Large.
    Large,
}

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Rule {
    /// After which time.
    #[tf(required)]
    pub after: Value<Minutes>,
    /// How often.
    #[tf(default = 1)]
    pub times: Value<i64>,
    /// Known to the server.
    #[tf(optional, computed)]
    pub label: Value<String>,
    /// Made by the server.
    #[tf(computed)]
    pub uid: Value<String>,
}

/// A thing.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Thing {
    /// Made by the server.
    #[tf(computed, ext(tfplugin::schema::Stable))]
    pub id: Value<String>,
    /// Its name.
    #[tf(required)]
    pub name: Value<String>,
    /// What the provider does wrong.
    #[tf(optional)]
    pub ctl: Value<String>,
    /// How long it lives.
    #[tf(default = "1h")]
    pub ttl: Value<Minutes>,
    /// A note.
    #[tf(optional)]
    pub note: Value<String>,
    /// A colour; the server has one.
    #[tf(optional, computed)]
    pub color: Value<String>,
    /// Where it is.
    #[tf(optional, requires_replace)]
    pub region: Value<String>,
    /// A secret.
    #[tf(optional, write_only)]
    pub password_wo: Value<String>,
    /// Which secret.
    #[tf(optional)]
    pub password_wo_version: Value<i64>,
    /// Exact.
    #[tf(optional)]
    pub amounts: Value<Vec<Number>>,
    /// Anything.
    #[tf(optional)]
    pub any: Value<Dynamic>,
    /// What kind.
    #[tf(optional)]
    pub kind: Value<Kind>,
    /// Something old.
    #[tf(optional, deprecated = "Use note.")]
    pub old: Value<String>,
    /// Where it may be.
    #[tf(optional)]
    pub zones: Value<BTreeSet<String>>,
    /// Times.
    #[tf(optional)]
    pub times: Value<BTreeMap<String, Minutes>>,
    /// How long to wait.
    #[tf(optional)]
    pub waits: Value<BTreeSet<Minutes>>,
    /// The main rule.
    #[tf(optional, computed)]
    pub main: Value<Rule>,
    /// Rules in order.
    #[tf(optional)]
    pub rules: Value<Vec<Rule>>,
    /// Rules by name.
    #[tf(optional)]
    pub named: Value<BTreeMap<String, Rule>>,
    /// Rules in no order.
    #[tf(optional)]
    pub pool: Value<Vec<Rule>>,
}
