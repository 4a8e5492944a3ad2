//! Environment variables: the API keeps plain and secret ones in one list, the configuration in two maps.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Entries, Object, Value};

use super::names::CloudName;
use super::paths::Paths;
use crate::engine::marks::{Codec, refers};
use crate::engine::wire;

const SECRET: &str = "valueSource.secretKeyRef";

/// A variable whose value is a version of a secret.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct SecretEnv {
    /// The secret: the KEY of one of this stack, its name in this project, or `projects/P/secrets/NAME`.
    #[tf(required, ext(refers("secrets", "name")))]
    pub(in crate::google::kinds) secret: Value<CloudName>,
    /// The version: a number, an alias, or `latest`, which is looked up when an instance starts.
    #[tf(default = "latest")]
    pub(in crate::google::kinds) version: Value<String>,
}

fn variables<'j>(body: &'j Json, paths: &Paths) -> impl Iterator<Item = (&'j str, &'j Json)> {
    let elements = wire::get(body, path(paths)).and_then(Json::as_array).into_iter().flatten();
    elements.filter_map(|variable| Some((variable.get("name")?.as_str()?, variable)))
}

/// Where the list is.
fn path(paths: &Paths) -> &'static str {
    paths.env.first().copied().unwrap_or_default()
}

fn map(entries: Entries) -> Dynamic {
    if entries.is_empty() { Dynamic::Null } else { Dynamic::Map(entries) }
}

fn is_secret(variable: &Json) -> bool {
    wire::get(variable, SECRET).is_some()
}

/// Writes `wanted` into the list: the variables there keep their place, those that `ours` says are ours and are not
/// wanted go, new ones come last.
fn merge(body: &mut Json, path: &str, wanted: BTreeMap<&str, Json>, ours: impl Fn(&Json) -> bool) {
    let mut wanted = wanted;
    let mut list = Vec::new();
    for variable in wire::get(body, path).and_then(Json::as_array).into_iter().flatten() {
        let name = variable.get("name").and_then(Json::as_str).unwrap_or_default();
        match wanted.remove(name) {
            Some(new) => list.push(new),
            None if ours(variable) => {}
            None => list.push(variable.clone()),
        }
    }
    list.extend(wanted.into_values());
    wire::put(body, path, if list.is_empty() { Json::Null } else { Json::Array(list) });
}

/// Variables with a value of their own.
pub(in crate::google::kinds) struct Plain(pub(in crate::google::kinds) Paths);

impl Codec for Plain {
    fn read(&self, body: &Json) -> Dynamic {
        let plain = variables(body, &self.0).filter(|(_, variable)| wire::get(variable, "valueSource").is_none());
        let value = |variable: &Json| variable.get("value").and_then(Json::as_str).unwrap_or_default().to_owned();
        map(plain.map(|(name, variable)| (name.to_owned(), Dynamic::String(value(variable)))).collect())
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let entries = value.as_entries().into_iter().flatten();
        let wanted =
            entries.filter_map(|(name, value)| Some((name.as_str(), json!({"name": name, "value": value.as_str()?}))));
        merge(body, path(&self.0), wanted.collect(), |variable| wire::get(variable, "valueSource").is_none());
    }
    fn masks(&self) -> &'static [&'static str] {
        self.0.env
    }
    fn expresses(&self) -> &'static [&'static str] {
        self.0.plain_env
    }
}

/// Variables with a secret's value.
pub(in crate::google::kinds) struct Secret(pub(in crate::google::kinds) Paths);

impl Codec for Secret {
    fn read(&self, body: &Json) -> Dynamic {
        let text = |variable: &Json, field: &str| {
            let found = wire::get(variable, SECRET).and_then(|reference| reference.get(field)?.as_str());
            found.filter(|text| !text.is_empty()).map_or(Dynamic::Null, Dynamic::string)
        };
        let secret = |variable: &Json| {
            let version = match text(variable, "version") {
                Dynamic::Null => Dynamic::string("latest"),
                version => version,
            };
            let fields = [("secret", text(variable, "secret")), ("version", version)];
            Dynamic::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let secrets = variables(body, &self.0).filter(|(_, variable)| is_secret(variable));
        map(secrets.map(|(name, variable)| (name.to_owned(), secret(variable))).collect())
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let entries = value.as_entries().into_iter().flatten();
        let wanted = entries.filter_map(|(name, value)| {
            let version = value.get("version").as_str().unwrap_or("latest");
            let reference = json!({"secret": value.get("secret").as_str()?, "version": version});
            Some((name.as_str(), json!({"name": name, "valueSource": {"secretKeyRef": reference}})))
        });
        merge(body, path(&self.0), wanted.collect(), is_secret);
    }
    fn masks(&self) -> &'static [&'static str] {
        self.0.env
    }
    fn expresses(&self) -> &'static [&'static str] {
        self.0.secret_env
    }
}
