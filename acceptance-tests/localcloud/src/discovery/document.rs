//! One discovery document: its methods, their paths and its schemas.
//! A request is matched against the path templates segment by segment; the template with the most literal segments wins.
//! Nothing in here judges a request: that is the work of `schema` and `query`.

use std::collections::BTreeMap;

use serde_json::Value;

/// A parsed discovery document.
pub(super) struct Document {
    schemas: Value,
    parameters: BTreeMap<String, Value>,
    methods: Vec<Method>,
    /// Durations in days, hours and minutes are taken besides seconds.
    pub(super) long_durations: bool,
    /// Enumerations are compared without regard to case.
    pub(super) caseless_enums: bool,
}

/// One method of an API.
pub(super) struct Method {
    /// For example `run.projects.locations.services.create`.
    pub(super) id: String,
    /// Query parameters by name, as the document declares them.
    pub(super) query: BTreeMap<String, Value>,
    /// Name of the request schema.
    pub(super) request: Option<String>,
    /// Name of the response schema.
    pub(super) response: Option<String>,
    http_method: String,
    templates: Vec<Template>,
    media: Vec<Template>,
}

/// What a path and a method lead to.
pub(super) enum Route<'d> {
    /// This method.
    Found(&'d Method),
    /// An upload of media with this method: its body is no JSON of the request schema.
    Media(&'d Method),
    /// The path exists, for other HTTP methods.
    WrongMethod,
    /// No such path.
    Unknown,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    Rest,
}

#[derive(Debug)]
struct Template {
    segments: Vec<Segment>,
    verb: Option<String>,
    /// Ends with the name of an object in a bucket, which may hold slashes and colons.
    free_name: bool,
}

impl Document {
    /// Reads the parts that matter from a document's JSON.
    pub(super) fn parse(mut root: Value) -> Self {
        let name = text(&root, "name").unwrap_or_default().to_owned();
        let base = text(&root, "servicePath").unwrap_or_default().to_owned();
        let mut methods = Vec::new();
        collect(&root, &base, &mut methods);
        Document {
            schemas: root.get_mut("schemas").map(Value::take).unwrap_or_default(),
            parameters: object(&root, "parameters"),
            methods,
            long_durations: name == "artifactregistry",
            caseless_enums: name == "artifactregistry",
        }
    }

    /// The schema of that name.
    pub(super) fn schema(&self, name: &str) -> Option<&Value> {
        self.schemas.get(name)
    }

    /// The schema for a full protobuf name (`google.cloud.run.v2.Service`), whatever prefix the document gave it.
    pub(super) fn schema_of_message(&self, full_name: &str) -> Option<&Value> {
        let joined: String = full_name.split('.').map(capitalised).collect();
        let short = full_name.rsplit('.').next().unwrap_or(full_name);
        self.schema(&joined).or_else(|| self.schema(short))
    }

    /// A query parameter that the method or the whole API has.
    pub(super) fn query_parameter<'d>(&'d self, method: &'d Method, name: &str) -> Option<&'d Value> {
        method
            .query
            .get(name)
            .or_else(|| self.parameters.get(name))
            .or_else(|| self.parameters.get(name.strip_prefix('$')?))
    }

    /// Finds the method for a request path without its query, for example `/v2/projects/p/locations/l/services`.
    pub(super) fn route(&self, http_method: &str, path: &str) -> Route<'_> {
        let path = path.trim_start_matches('/');
        let mut best: Option<(usize, Route<'_>)> = None;
        let mut other_method = false;
        for method in &self.methods {
            let plain = method.templates.iter().map(|t| (t, false));
            let media = method.media.iter().map(|t| (t, true));
            for (template, is_media) in plain.chain(media) {
                let Some(score) = template.matches(path) else { continue };
                if method.http_method != http_method {
                    other_method = true;
                } else if best.as_ref().is_none_or(|(known, _)| score > *known) {
                    let route = if is_media { Route::Media(method) } else { Route::Found(method) };
                    best = Some((score, route));
                }
            }
        }
        match best {
            Some((_, route)) => route,
            None if other_method => Route::WrongMethod,
            None => Route::Unknown,
        }
    }
}

impl Template {
    /// `pattern_of` gives the regular expression of a path parameter, when the document has one.
    fn parse(path: &str, pattern_of: impl Fn(&str) -> Option<String>) -> Self {
        let mut expanded = String::new();
        let mut rest = path;
        while let Some(open) = rest.find('{') {
            let Some(length) = rest[open..].find('}') else { break };
            expanded.push_str(&rest[..open]);
            let variable = &rest[open + 1..open + length];
            let name = variable.trim_start_matches('+');
            let default = if OBJECTS.contains(&name) { ".*" } else { ANY };
            // Only what may hold slashes has a pattern of segments: that of a plain name says which letters it has.
            let pattern = pattern_of(name).filter(|_| variable.starts_with('+')).unwrap_or_else(|| default.to_owned());
            expanded.push_str(pattern.trim_start_matches('^').trim_end_matches('$'));
            rest = &rest[open + length + 1..];
        }
        expanded.push_str(rest);
        // The slash inside `[^/]+` is no separator.
        let marked = expanded.replace(ANY, "\u{1}");
        let (body, verb) = match marked.rsplit_once(':') {
            Some((body, verb)) if !verb.contains('/') => (body, Some(verb.to_owned())),
            _ => (marked.as_str(), None),
        };
        let segments = body
            .split('/')
            .map(|segment| match segment {
                ".*" | ".+" => Segment::Rest,
                "\u{1}" => Segment::One,
                other if other.contains(['\u{1}', '[', '(', '*', '+', '\\']) => Segment::One,
                other => Segment::Literal(other.to_owned()),
            })
            .collect();
        Template { segments, verb, free_name: OBJECTS.iter().any(|name| path.ends_with(&format!("{{{name}}}"))) }
    }

    /// How many literals matched, or `None` if the path is another.
    fn matches(&self, path: &str) -> Option<usize> {
        let last = path.rsplit('/').next().unwrap_or(path);
        let (path, bonus) = match &self.verb {
            Some(verb) => (path.strip_suffix(verb.as_str())?.strip_suffix(':')?, 1),
            None if last.contains(':') && !self.free_name => return None,
            None => (path, 0),
        };
        let parts: Vec<&str> = path.split('/').collect();
        let literals = walk(&self.segments, &parts)?;
        Some(literals + bonus)
    }
}

const ANY: &str = "[^/]+";

/// The path parameters of Cloud Storage that may hold slashes.
const OBJECTS: [&str; 3] = ["object", "sourceObject", "destinationObject"];

fn walk(segments: &[Segment], parts: &[&str]) -> Option<usize> {
    match (segments.split_first(), parts.split_first()) {
        (None, None) => Some(0),
        (Some((Segment::Literal(wanted), segments)), Some((part, parts))) if wanted == part => {
            walk(segments, parts).map(|n| n + 1)
        }
        (Some((Segment::One, segments)), Some((part, parts))) if !part.is_empty() => walk(segments, parts),
        (Some((Segment::Rest, segments)), Some(_)) => {
            (1..=parts.len()).rev().find_map(|taken| walk(segments, &parts[taken..]))
        }
        _ => None,
    }
}

fn collect(node: &Value, base: &str, into: &mut Vec<Method>) {
    for method in object(node, "methods").values() {
        into.push(method_of(method, base));
    }
    for resource in object(node, "resources").values() {
        collect(resource, base, into);
    }
}

fn method_of(method: &Value, base: &str) -> Method {
    let parameters = object(method, "parameters");
    let pattern_of = |name: &str| parameters.get(name).and_then(|p| text(p, "pattern")).map(str::to_owned);
    let path = text(method, "path").unwrap_or_default();
    let mut templates = vec![Template::parse(&format!("{base}{path}"), pattern_of)];
    if method.get("supportsMediaDownload").and_then(Value::as_bool) == Some(true) {
        templates.push(Template::parse(&format!("download/{base}{path}"), pattern_of));
    }
    let media = method
        .pointer("/mediaUpload/protocols")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|protocols| protocols.values())
        .filter_map(|protocol| text(protocol, "path"))
        .map(|path| Template::parse(path.trim_start_matches('/'), pattern_of))
        .collect();
    let schema_name = |key: &str| method.get(key).and_then(|s| text(s, "$ref")).map(str::to_owned);
    Method {
        id: text(method, "id").unwrap_or_default().to_owned(),
        request: schema_name("request"),
        response: schema_name("response"),
        http_method: text(method, "httpMethod").unwrap_or_default().to_owned(),
        templates,
        media,
        query: parameters
            .iter()
            .filter(|(_, p)| text(p, "location") == Some("query"))
            .map(|(name, p)| (name.clone(), p.clone()))
            .collect(),
    }
}

fn object(node: &Value, key: &str) -> BTreeMap<String, Value> {
    let members = node.get(key).and_then(Value::as_object);
    members.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The string under `key`.
pub(super) fn text<'v>(node: &'v Value, key: &str) -> Option<&'v str> {
    node.get(key).and_then(Value::as_str)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(path: &str, pattern: &str) -> Template {
        Template::parse(path, |_| Some(pattern.to_owned()))
    }

    #[test]
    fn a_verb_belongs_to_the_template_and_not_to_the_name() {
        let get = template("v2/{+name}", "^projects/[^/]+/services/[^/]+$");
        let policy = template("v2/{+resource}:getIamPolicy", "^projects/[^/]+/services/[^/]+$");
        assert!(get.matches("v2/projects/p/services/s").is_some());
        assert!(get.matches("v2/projects/p/services/s:getIamPolicy").is_none());
        assert!(policy.matches("v2/projects/p/services/s:getIamPolicy").is_some());
        assert!(policy.matches("v2/projects/p/services/s").is_none());
    }

    #[test]
    fn an_object_name_may_hold_slashes_and_colons() {
        let object = Template::parse("storage/v1/b/{bucket}/o/{object}", |_| None);
        assert!(object.matches("storage/v1/b/x/o/a/b:c").is_some());
        let copy = Template::parse(
            "b/{sourceBucket}/o/{sourceObject}/copyTo/b/{destinationBucket}/o/{destinationObject}",
            |_| None,
        );
        assert!(copy.matches("b/x/o/a/b/copyTo/b/y/o/c/d:e").is_some());
    }

    #[test]
    fn the_letters_of_a_plain_name_are_no_part_of_the_path() {
        let get = template("global/urlMaps/{urlMap}", "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?|[1-9][0-9]{0,19}");
        assert!(get.matches("global/urlMaps/web").is_some());
        assert!(get.matches("global/urlMaps").is_none());
    }

    #[test]
    fn a_rest_pattern_takes_at_least_one_segment() {
        let descriptor = template("v3/{+name}", "^projects/[^/]+/metricDescriptors/.*$");
        assert!(descriptor.matches("v3/projects/p/metricDescriptors/a.com/b/c").is_some());
        assert!(descriptor.matches("v3/projects/p/metricDescriptors").is_none());
    }
}
