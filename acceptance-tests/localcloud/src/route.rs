//! An API host: how its calls are written, whose project they are about, and which handler answers which path.
//!
//! The hosts themselves: [`crate::api`].

use std::collections::BTreeMap;
use std::fmt;

use crate::call::{Call, Outcome, decode};
use crate::error::ErrorStyle;

type Handler = Box<dyn Fn(&mut Call<'_>) -> Outcome + Send + Sync>;
type ProjectOf = fn(&Call<'_>) -> Option<String>;

/// One API host.
pub struct Api {
    /// Such as `run.googleapis.com`.
    pub(crate) host: &'static str,
    pub(crate) style: ErrorStyle,
    pub(crate) always_on: bool,
    pub(crate) wants_quota_project: bool,
    pub(crate) project_of: ProjectOf,
    routes: Vec<Route>,
}

struct Route {
    method: &'static str,
    template: Vec<Segment>,
    verb: Option<&'static str>,
    handler: Handler,
}

enum Segment {
    Literal(&'static str),
    Variable(&'static str),
    Rest(&'static str),
}

impl Api {
    /// An API without routes.
    pub fn new(host: &'static str) -> Self {
        Self {
            host,
            style: ErrorStyle::Rpc,
            always_on: false,
            wants_quota_project: false,
            project_of: |call| call.params.get("project").cloned(),
            routes: Vec::new(),
        }
    }

    /// How its errors are written.
    #[must_use]
    pub fn style(mut self, style: ErrorStyle) -> Self {
        self.style = style;
        self
    }

    /// It needs not be switched on in a project.
    #[must_use]
    pub fn always_on(mut self) -> Self {
        self.always_on = true;
        self
    }

    /// Its calls are about no project: a person's credentials alone do not say who pays for them.
    #[must_use]
    pub fn wants_quota_project(mut self) -> Self {
        self.wants_quota_project = true;
        self
    }

    /// How the project (id or number) that a call is about is found; the path variable `project` when not set. None: no project is checked.
    #[must_use]
    pub fn project_of(mut self, project_of: ProjectOf) -> Self {
        self.project_of = project_of;
        self
    }

    /// Adds a route. `template`: `/v2/projects/{project}/locations/{location}/services/{service}:setIamPolicy`; a last
    /// `{name=**}` takes all that is left. Routes with a verb are tried first, then the order of registration decides.
    #[must_use]
    pub fn on(
        mut self,
        method: &'static str,
        template: &'static str,
        handler: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        let (path, verb) = match template.rsplit_once(':') {
            Some((path, verb)) if !verb.contains('}') => (path, Some(verb)),
            _ => (template, None),
        };
        let template = path.trim_start_matches('/').split('/').map(segment).collect();
        self.routes.push(Route { method, template, verb, handler: Box::new(handler) });
        self
    }

    /// The handler for a request, and what its path variables hold.
    pub(crate) fn route(&self, method: &str, path: &str) -> Option<(&Handler, BTreeMap<String, String>)> {
        let with_verb = self.routes.iter().filter(|route| route.verb.is_some());
        // What stands behind a colon is a verb and no part of a name: an unknown one must not find the object's own route.
        let last = path.rsplit('/').next().unwrap_or(path);
        let may_be_plain = self.style != ErrorStyle::Rpc || !last.contains(':');
        let plain = self.routes.iter().filter(|route| route.verb.is_none() && may_be_plain);
        with_verb
            .chain(plain)
            .filter(|route| route.method == method)
            .find_map(|route| Some((&route.handler, route.matches(path)?)))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("host", &self.host).field("routes", &self.routes.len()).finish()
    }
}

fn segment(text: &'static str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => match name.strip_suffix("=**") {
            Some(name) => Segment::Rest(name),
            None => Segment::Variable(name),
        },
        None => Segment::Literal(text),
    }
}

impl Route {
    /// `path` is percent-encoded: an encoded slash belongs to its segment.
    fn matches(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut path = path.trim_start_matches('/');
        if let Some(verb) = self.verb {
            path = path.strip_suffix(verb)?.strip_suffix(':')?;
        }
        let mut segments = path.split('/');
        let mut params = BTreeMap::new();
        for wanted in &self.template {
            match wanted {
                Segment::Literal(text) => {
                    if decode(segments.next()?) != *text {
                        return None;
                    }
                }
                Segment::Variable(name) => {
                    let value = decode(segments.next()?);
                    if value.is_empty() {
                        return None;
                    }
                    params.insert((*name).to_owned(), value);
                }
                Segment::Rest(name) => {
                    let rest: Vec<String> = segments.by_ref().map(decode).collect();
                    if rest.is_empty() {
                        return None;
                    }
                    params.insert((*name).to_owned(), rest.join("/"));
                }
            }
        }
        segments.next().is_none().then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Reply;

    fn api() -> Api {
        Api::new("h")
            .on("GET", "/v1/a/{a}", |_| Ok(Reply::no_content()))
            .on("POST", "/v1/a/{a}:doIt", |_| Ok(Reply::no_content()))
            .on("GET", "/v1/r/{rest=**}", |_| Ok(Reply::no_content()))
    }

    fn params(method: &str, path: &str) -> Option<BTreeMap<String, String>> {
        api().route(method, path).map(|(_, params)| params)
    }

    #[test]
    fn variables_are_decoded_and_an_encoded_slash_stays_in_its_segment() {
        assert_eq!(params("GET", "/v1/a/x%2Fy%40z").map(|p| p["a"].clone()), Some("x/y@z".to_owned()));
        assert!(params("GET", "/v1/a/x/y").is_none());
    }

    #[test]
    fn verbs_are_no_part_of_the_name() {
        assert_eq!(params("POST", "/v1/a/x:doIt").map(|p| p["a"].clone()), Some("x".to_owned()));
        assert!(params("POST", "/v1/a/x").is_none());
        assert!(params("GET", "/v1/a/x:another").is_none());
        assert_eq!(params("GET", "/v1/a/x%3Ay").map(|p| p["a"].clone()), Some("x:y".to_owned()));
    }

    #[test]
    fn rest_takes_all_segments() {
        assert_eq!(params("GET", "/v1/r/x/y").map(|p| p["rest"].clone()), Some("x/y".to_owned()));
    }
}
