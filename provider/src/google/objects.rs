//! The calls on the objects of one kind, after the kind's declaration of its API.

use std::sync::OnceLock;

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, ObjectSchema};

use super::api::etag::{AsApiError, Update as Outcome, read_modify_write};
use super::api::{ApiError, Found, List, Request, segment};
use super::names::{last_segment, own_name};
use super::patience;
use super::rest::{Guard, Naming, Parts, Patch, Rest, RestKind, Update};
use super::session::Run;
use crate::engine::error::{Answer, CallError};
use crate::engine::grants::Policies;
use crate::engine::marks::Volatile;
use crate::engine::objects::{
    Change, Collection, CreateError, Detail, LiveObject, NamedBy, Objects, Readiness, UpdateError,
};
use crate::engine::place::Place;
use crate::engine::run;
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};

/// What every answer that is an object has.
const NAMED: &[&str] = &["name"];

/// The objects of one kind.
pub struct RestObjects {
    kind: &'static dyn RestKind,
    rest: OnceLock<Rest>,
}

impl RestObjects {
    /// The objects of `kind`.
    pub const fn new(kind: &'static dyn RestKind) -> Self {
        Self { kind, rest: OnceLock::new() }
    }

    /// How the API is reached.
    pub fn rest(&self) -> &Rest {
        self.rest.get_or_init(|| self.kind.rest())
    }

    /// The path of the object with a relative name.
    pub(super) fn item_path(&self, relative_name: &str) -> String {
        let rest = self.rest();
        match rest.naming {
            Naming::Body => format!("{}/{}/{}", rest.version, rest.collection, segment(relative_name)),
            _ => format!("{}/{relative_name}", rest.version),
        }
    }

    fn collection_path(&self, location: &str, place: &Place) -> String {
        format!("{}/{}", self.rest().version, fill(self.rest().collection, location, place))
    }

    /// The collection of the component's object; `None` while it is not known.
    fn collection_of(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        let template = self.rest().collection;
        let location = self.kind.location(component, scope);
        let location = if template.contains("{location}") { location? } else { String::new() };
        Some(fill(template, &location, &scope.place))
    }

    fn part_fields(&self) -> &'static [&'static str] {
        self.kind.parts().map_or(&[], Parts::fields)
    }

    fn is_deleted(&self, body: &Json) -> bool {
        self.kind.undeletion().is_some_and(|undeletion| undeletion.is_deleted(body))
    }

    /// The name of the object within the cloud, in canonical form, from its JSON.
    fn relative_name(&self, body: &Json, scope: &Scope) -> String {
        let full = wire::text(body, "name");
        match self.rest().naming {
            Naming::Body => full.to_owned(),
            Naming::Server => own_name(full, &scope.place).unwrap_or_else(|| full.to_owned()),
            Naming::Query(_) | Naming::Put | Naming::Inside => {
                let location = segment_after(full, "locations").unwrap_or(&scope.place.region);
                format!("{}/{}", fill(self.rest().collection, location, &scope.place), last_segment(full))
            }
        }
    }

    /// Takes in the JSON of an object.
    fn live(&self, object: &ObjectSchema, body: Json, scope: &Scope) -> LiveObject {
        let kind = self.kind;
        let mut component = wire::read(object, &body);
        let full = wire::text(&body, "name");
        let mut fill_in = |attribute: &'static str, value: Option<&str>| {
            if object.attribute(attribute).is_some()
                && let Some(value) = value
            {
                tree::set(&mut component, attribute, Dynamic::string(value));
            }
        };
        let naming = self.rest().naming;
        let name = self.relative_name(&body, scope);
        if naming != Naming::Server {
            fill_in("name", Some(&kind.name_of(last_segment(full))));
        }
        if naming != Naming::Body {
            fill_in("location", segment_after(full, "locations"));
            fill_in("id", Some(&name));
        }
        for (attribute, value) in kind.derive(&body, scope) {
            tree::set(&mut component, attribute, value);
        }
        for (attribute, value) in kind.predict(&component, scope) {
            if component.get(attribute).is_null() {
                tree::set(&mut component, attribute, value);
            }
        }
        let readiness = kind.gradual().map_or(Readiness::Ready, |gradual| gradual.readiness(&body));
        if let Readiness::Failed(_) = readiness {
            for attribute in object.attributes.iter().filter(|a| a.extensions.get::<Volatile>().is_some()) {
                tree::set(&mut component, attribute.name.clone(), Dynamic::Null);
            }
        }
        LiveObject { name, body, tree: component, readiness }
    }

    /// The JSON of an object with its parts; `None` where there is none.
    async fn body(&self, run: Run<'_>, name: &str, patience: fn(Request) -> Request) -> Result<Option<Json>, ApiError> {
        let request = Request::get(self.rest().host.clone(), self.item_path(name)).expects(NAMED);
        let found = run.call(patience(with_query(request, self.rest().query, run.scope))).await.found()?;
        let Some(body) = found.filter(|body| !self.is_deleted(body)) else { return Ok(None) };
        let mut bodies = [body];
        self.read_parts(run, &mut bodies).await?;
        let [body] = bodies;
        Ok(Some(body))
    }

    async fn get(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        name: &str,
        patience: fn(Request) -> Request,
    ) -> Result<Option<LiveObject>, ApiError> {
        Ok(self.body(run, name, patience).await?.map(|body| self.live(object, body, run.scope)))
    }

    /// Reads an object with the parts that `component` has of it, also those that lists do not show yet.
    async fn get_known(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        name: &str,
        component: &Dynamic,
    ) -> Result<Option<LiveObject>, ApiError> {
        let Some(mut body) = self.body(run, name, |request| request).await? else { return Ok(None) };
        if let Some(parts) = self.kind.parts() {
            parts.look_for(&mut body, component, run).await?;
        }
        Ok(Some(self.live(object, body, run.scope)))
    }

    /// What an update whose outcome its error does not tell has made of the object, as far as a last look can tell.
    async fn reached(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        (name, component): (&str, &Dynamic),
        error: ApiError,
    ) -> Stopped {
        match run.last_look(async |run| self.get_known(object, run, name, component).await).await {
            Ok(Some(found)) => Stopped::Partly(Box::new(found), error),
            Ok(None) | Err(_) => Stopped::Call(error),
        }
    }

    /// Whether a last look does not find the object.
    async fn is_gone(&self, run: Run<'_>, name: &str) -> bool {
        let request = Request::get(self.rest().host.clone(), self.item_path(name)).expects(NAMED);
        let request = with_query(request, self.rest().query, run.scope);
        match run.last_look(async |run| run.call(request).await).await {
            Ok(body) => self.is_deleted(&body),
            Err(error) => error.is_not_found(),
        }
    }

    async fn read_parts(&self, run: Run<'_>, bodies: &mut [Json]) -> Result<(), ApiError> {
        match self.kind.parts() {
            Some(parts) if !bodies.is_empty() => parts.read(bodies, run).await,
            _ => Ok(()),
        }
    }

    /// Writes the parts of `current` as `wanted` has them, and reads what became of it. `None` when it is gone.
    async fn write_parts(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        current: &LiveObject,
        mut wanted: Json,
    ) -> Result<Option<LiveObject>, Stopped> {
        if let Some(parts) = self.kind.parts()
            && let Err(error) = parts.write(&current.name, &current.body, &mut wanted, run).await
        {
            return Err(Stopped::Partly(Box::new(self.live(object, wanted, run.scope)), error));
        }
        self.confirm(object, run, self.live(object, wanted, run.scope)).await
    }

    /// Reads an object that is `written`. `None` when it is gone.
    async fn confirm(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        written: LiveObject,
    ) -> Result<Option<LiveObject>, Stopped> {
        let found = self.get_known(object, run, &written.name, &written.tree).await;
        found.map_err(|error| Stopped::Unread(Box::new(written), error))
    }

    /// Does what follows a change of the object, where it is due, and reads what came of it. An object that is not ready for all
    /// that has failed: who waits for it must not go on.
    async fn followed_up(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        found: LiveObject,
    ) -> Result<Option<LiveObject>, NotFollowed> {
        let Some(follow_up) = self.kind.follow_up().filter(|follow_up| follow_up.is_due(&found.body)) else {
            return Ok(Some(found));
        };
        let failed = |found: &LiveObject, error: CallError| NotFollowed { found: Box::new(found.clone()), error };
        if let Err(error) = follow_up.follow_up(&found.name, &found.body, run).await {
            return Err(failed(&found, error.into()));
        }
        match self.get(object, run, &found.name, |request| request).await {
            Ok(Some(now)) => match &now.readiness {
                Readiness::Failed(why) => Err(failed(&now, CallError::new(why.clone(), Answer::Other))),
                Readiness::Ready | Readiness::Pending => Ok(Some(now)),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(failed(&found, error.into())),
        }
    }

    /// The request of an update, without what the parts are.
    fn patch(&self, current: &LiveObject, mut patch: Patch, run: Run<'_>) -> Request {
        let rest = self.rest();
        self.kind.before_update(&current.body, &mut patch);
        let request = Request::patch(rest.host.clone(), self.item_path(&current.name)).sent_once();
        let request = if rest.operations.update { request } else { request.expects(NAMED) };
        match rest.update {
            Update::OneByOne { .. } => {
                request.query("updateMask", patch.mask.join(",")).json(wire::masked(&patch.body, &patch.mask))
            }
            Update::Mask { etag } => {
                let mut body = wire::masked(&patch.body, &patch.mask);
                if let (true, Some(etag)) = (etag, current.body.get("etag")) {
                    body["etag"] = etag.clone();
                }
                request.query("updateMask", patch.mask.join(",")).json(body)
            }
            Update::Whole => request.json(patch.body),
            Update::Wrapped(field) => request.json(json!({
                field: wire::masked(&patch.body, &patch.mask),
                "updateMask": patch.mask.join(","),
            })),
            Update::Merge(guard) => {
                let mut body = wire::merge_patch(&current.body, &patch.body, &patch.mask);
                let request = with_query(request, rest.query, run.scope);
                match guard {
                    Guard::Metageneration => request
                        .query("ifMetagenerationMatch", current.body["metageneration"].as_str().unwrap_or_default())
                        .json(body),
                    Guard::Nothing => request.json(body),
                    Guard::Field(path) => {
                        carry(path, &current.body, &mut body);
                        request.json(body)
                    }
                }
            }
        }
    }

    /// Sends an update field by field, each when the one before has come to its end.
    async fn write_one_by_one(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        current: &LiveObject,
        (mut patch, after): (Patch, &Dynamic),
        (together, verbs): (&[&str], &[(&str, &str)]),
    ) -> Result<(), Stopped> {
        let rest = self.rest();
        self.kind.before_update(&current.body, &mut patch);
        for (number, fields) in groups(&patch.mask, together).into_iter().enumerate() {
            let path = self.item_path(&current.name);
            let body = wire::masked(&patch.body, &fields);
            let verb = verbs.iter().find(|(field, _)| fields.iter().any(|changed| changed == field));
            let request = match verb {
                Some((_, verb)) => Request::post(rest.host.clone(), format!("{path}:{verb}")),
                None => Request::patch(rest.host.clone(), path).query("updateMask", fields.join(",")),
            };
            let request = with_secrets(request.sent_once().json(body), object, after);
            match run.call_and_wait(request, &rest.operation_api()).await {
                Ok(_) => {}
                Err(error) if number == 0 => return Err(error.into()),
                // The fields before this one are written.
                Err(error) => return Err(self.reached(object, run, (&current.name, &current.tree), error).await),
            }
        }
        Ok(())
    }

    /// Waits until no change of the object is under way, where the API makes one at a time.
    async fn idle(&self, run: Run<'_>, name: &str) -> Result<(), ApiError> {
        if !matches!(self.rest().update, Update::OneByOne { .. }) {
            return Ok(());
        }
        let is_pending =
            |body: &Json| self.kind.gradual().is_some_and(|gradual| gradual.readiness(body) == Readiness::Pending);
        let mut poll = 0;
        while self.body(run, name, |request| request).await?.as_ref().is_some_and(is_pending)
            && run.context.sleep(run.poll().wait(poll)).await.is_ok()
        {
            poll += 1;
        }
        Ok(())
    }

    /// Sends one update and what belongs to it; the object as it is then.
    async fn write(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        current: LiveObject,
        mut patch: Patch,
        after: &Dynamic,
    ) -> Result<Option<LiveObject>, Stopped> {
        let rest = self.rest();
        let parts = self.part_fields();
        let is_part = |path: &String| parts.contains(&path.split('.').next().unwrap_or_default());
        let has_parts = patch.mask.iter().any(is_part);
        let wanted = patch.body.clone();
        patch.mask.retain(|path| !is_part(path));
        if !patch.mask.is_empty() {
            if let Update::OneByOne { together, verbs } = rest.update {
                self.write_one_by_one(object, run, &current, (patch, after), (together, verbs)).await?;
                return self.confirm(object, run, self.live(object, wanted, run.scope)).await;
            }
            let request = with_secrets(self.patch(&current, patch, run), object, after);
            if rest.operations.update {
                run.call_and_wait(request, &rest.operation_api()).await?;
            } else {
                let body = run.write(request, &rest.host).await?;
                // The answer lacks what other calls keep.
                if self.kind.parts().is_none() {
                    return Ok(Some(self.live(object, body, run.scope)));
                }
            }
        }
        // The parts come last: what the next apply would do once more (a new version of a secret) is then done once.
        if has_parts {
            self.write_parts(object, run, &current, wanted).await
        } else {
            self.confirm(object, run, self.live(object, wanted, run.scope)).await
        }
    }
}

/// The fields of a mask, each on its own but for those that go `together`.
fn groups(mask: &[String], together: &[&str]) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    for field in mask.iter().filter_map(|path| path.split('.').next()) {
        let is_together = |other: &String| together.contains(&field) && together.contains(&other.as_str());
        if groups.iter().flatten().any(|other| other == field) {
            continue;
        }
        match groups.iter_mut().find(|group| group.iter().any(is_together)) {
            Some(group) => group.push(field.to_owned()),
            None => groups.push(vec![field.to_owned()]),
        }
    }
    groups
}

/// What follows a change did not come to its end.
struct NotFollowed {
    /// The object as it is.
    found: Box<LiveObject>,
    /// Why.
    error: CallError,
}

/// Why an update was not made.
enum Stopped {
    /// A call failed.
    Call(ApiError),
    /// Some of the parts were written, and then a call failed.
    Partly(Box<LiveObject>, ApiError),
    /// All was written, and what became of it could not be read.
    Unread(Box<LiveObject>, ApiError),
    /// These attributes are not what the state has, nor what is wanted.
    ByOthers(Box<LiveObject>, Vec<String>),
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        Self::Call(error)
    }
}

impl AsApiError for Stopped {
    fn as_api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Call(error) => Some(error),
            // Nothing of it is done twice.
            Self::Partly(..) | Self::Unread(..) | Self::ByOthers(..) => None,
        }
    }
}

impl From<Stopped> for UpdateError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Call(error) => Self::Call(error.into()),
            Stopped::Partly(found, error) => Self::Partly { found, error: error.into() },
            Stopped::Unread(found, error) => Self::Unread { found, error: error.into() },
            Stopped::ByOthers(found, attributes) => Self::ByOthers { found, attributes },
        }
    }
}

/// The segment of a relative name that follows `word`: of `locations` the place.
fn segment_after<'n>(name: &'n str, word: &str) -> Option<&'n str> {
    let mut segments = name.split('/');
    segments.find(|segment| *segment == word)?;
    segments.next()
}

/// Copies the field at a dotted path, where `from` has it.
fn carry(path: &str, from: &Json, to: &mut Json) {
    let Some(value) = path.split('.').try_fold(from, |at, field| at.get(field)) else { return };
    let mut at = to;
    for field in path.split('.') {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[field];
    }
    *at = value.clone();
}

/// Fills `{project}` and `{location}` of a collection or path template.
pub fn fill(template: &str, location: &str, place: &Place) -> String {
    template.replace("{project}", &place.account).replace("{location}", location)
}

fn with_query(mut request: Request, query: &[(&str, &str)], scope: &Scope) -> Request {
    for (name, value) in query {
        request = request.query(name, fill(value, &scope.place.region, &scope.place));
    }
    request
}

/// Masks write-only values in what errors may quote.
fn with_secrets(mut request: Request, object: &ObjectSchema, component: &Dynamic) -> Request {
    for attribute in object.attributes.iter().filter(|attribute| attribute.write_only) {
        let mut texts = Vec::new();
        tree::each_text(component.get(&attribute.name), &mut |text| texts.push(text.to_owned()));
        for text in texts {
            request = request.secret(text);
        }
    }
    request
}

#[async_trait]
impl Objects for RestObjects {
    fn api(&self) -> &str {
        self.rest().host.as_str()
    }

    fn name_pattern(&self) -> String {
        let rest = self.rest();
        let last = if rest.naming == Naming::Server { "ID" } else { "NAME" };
        let relative = if rest.collection.contains("projects/") {
            let collection = rest.collection.replace("{project}", "PROJECT").replace("{location}", "LOCATION");
            format!("{collection}/{last}")
        } else {
            last.to_owned()
        };
        self.rest().full_name.replace("{name}", &relative)
    }

    fn named_by(&self) -> NamedBy {
        if self.rest().naming == Naming::Server { NamedBy::Cloud } else { NamedBy::Configuration }
    }

    fn name(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        match self.rest().naming {
            Naming::Server => tree::text(component, "id").map(str::to_owned),
            Naming::Body => tree::text(component, "name").map(str::to_owned),
            Naming::Query(_) | Naming::Put | Naming::Inside => {
                let last = self.kind.last_segment(component, scope)?;
                Some(format!("{}/{last}", self.collection_of(component, scope)?))
            }
        }
    }

    fn full_name(&self, name: &str, _: &Place) -> String {
        self.rest().full_name.replace("{name}", name)
    }

    fn collection(&self, component: &Dynamic, scope: &Scope) -> Collection {
        // Nothing is listed, and no object has a name, where the place is not known.
        let place = self.kind.location(component, scope).unwrap_or_default();
        Collection { path: self.collection_path(&place, &scope.place), place }
    }

    async fn places(&self, run: &run::Run) -> Result<Vec<String>, CallError> {
        Ok(self.kind.locations(Run::of(run)?).await?)
    }

    async fn read(&self, object: &ObjectSchema, run: &run::Run, name: &str) -> Result<Option<LiveObject>, CallError> {
        Ok(self.get(object, Run::of(run)?, name, |request| request).await?)
    }

    async fn read_known(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        name: &str,
        component: &Dynamic,
    ) -> Result<Option<LiveObject>, CallError> {
        let run = Run::of(run)?;
        if let Some(found) = self.get_known(object, run, name, component).await? {
            return Ok(Some(found));
        }
        // What outlived the object stays the stack's, or nobody would ever delete it.
        let Some(parts) = self.kind.parts() else { return Ok(None) };
        Ok(parts.remains(name, component, run).await?.map(|body| self.live(object, body, run.scope)))
    }

    async fn look_for(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        name: &str,
    ) -> Result<Option<LiveObject>, CallError> {
        let patient = |request: Request| request.also_retry(patience::GLANCE, ApiError::is_not_found);
        Ok(self.get(object, Run::of(run)?, name, patient).await?)
    }

    async fn list(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        place: &str,
        detail: Detail<'_>,
    ) -> Result<Vec<LiveObject>, CallError> {
        let (run, rest) = (Run::of(run)?, self.rest());
        let request = Request::get(rest.host.clone(), self.collection_path(place, &run.scope.place));
        let list = List::new(with_query(request, rest.list_query, run.scope), rest.items);
        let list = match rest.page_size {
            (_, 0) => list,
            (parameter, size) => list.page_size_as(parameter, size),
        };
        let live = |body: Json| {
            let live = self.live(object, body, run.scope);
            if matches!(detail, Detail::Whole) { live } else { live.without_body() }
        };
        let known = |body: &Json| match detail {
            Detail::Known(known) => known.get(self.relative_name(body, run.scope).as_str()).copied(),
            Detail::Whole | Detail::Tree => None,
        };
        let is_wanted =
            |body: &Json| !self.is_deleted(body) && (!matches!(detail, Detail::Known(_)) || known(body).is_some());
        let Some(parts) = self.kind.parts() else {
            return Ok(run.list_as(list, |body| is_wanted(&body).then(|| live(body))).await?);
        };
        // The parts of an object take calls of their own.
        let mut bodies = run.list_as(list, |body| is_wanted(&body).then_some(body)).await?;
        self.read_parts(run, &mut bodies).await?;
        let late = bodies.iter_mut().filter_map(|body| Some((known(body)?, body)));
        try_join_all(late.map(|(component, body)| parts.look_for(body, component, run))).await?;
        Ok(bodies.into_iter().map(live).collect())
    }

    fn policies(&self) -> Option<&dyn Policies> {
        self.rest().iam.map(|_| self as &dyn Policies)
    }

    async fn create(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        component: &Dynamic,
    ) -> Result<LiveObject, CreateError> {
        let asked = |error: ApiError| CreateError::Asked(error.into());
        let accepted = |error: ApiError| CreateError::Accepted(error.into());
        let (run, rest) = (Run::of(run).map_err(CreateError::Asked)?, self.rest());
        let whole = wire::create(object, component);
        let mut body = whole.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|field, _| !self.part_fields().contains(&field.as_str()));
        }
        let last = self.kind.last_segment(component, run.scope).unwrap_or_default();
        let location = self.kind.location(component, run.scope).unwrap_or_default();
        let path = self.collection_path(&location, &run.scope.place);
        let mut request = Request::post(rest.host.clone(), path.clone());
        request = match rest.naming {
            Naming::Query(parameter) => request.query(parameter, last),
            Naming::Body => {
                body["name"] = json!(last);
                with_query(request, rest.list_query, run.scope)
            }
            Naming::Put => Request::put(rest.host.clone(), format!("{path}/{last}")),
            Naming::Inside | Naming::Server => request,
        };
        self.kind.before_create(&mut body, run.scope);
        let mut preceding = Vec::new();
        if let Some(parts) = self.kind.parts() {
            preceding = parts.precede(&whole, &mut body, run).await.map_err(asked)?;
        }
        // A second creation of the same name is refused by the API, and then looked at: it may be the first one's effect.
        let request = with_secrets(request, object, component).idempotent(rest.naming != Naming::Server).json(body);
        let request = if rest.operations.create { request } else { request.expects(NAMED) };
        let answer = match run.write(request, &rest.host).await {
            Ok(answer) => answer,
            Err(error) => {
                if let (Some(parts), false) = (self.kind.parts(), error.may_have_happened()) {
                    parts.retract(preceding, run).await;
                }
                return Err(asked(error));
            }
        };
        if rest.operations.create {
            run.wait(answer, &rest.operation_api()).await.map_err(accepted)?;
        } else if rest.naming != Naming::Inside {
            let mut bodies = [answer];
            if self.kind.parts().is_some_and(Parts::come_with_creation) {
                // The object is made: what is not told now, the next refresh learns.
                let _ = self.read_parts(run, &mut bodies).await;
            }
            let [answer] = bodies;
            return Ok(self.live(object, answer, run.scope));
        }
        let name = self.name(component, run.scope).unwrap_or_default();
        let read = Request::get(rest.host.clone(), self.item_path(&name))
            .expects(NAMED)
            .also_retry(patience::NEW_OBJECT, ApiError::is_not_found);
        let made = self.live(object, run.call(read).await.map_err(accepted)?, run.scope);
        let finished = self.followed_up(object, run, made.clone()).await;
        let finished = finished.map_err(|failed| CreateError::Accepted(failed.error))?;
        Ok(finished.unwrap_or(made))
    }

    async fn create_children(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        component: &Dynamic,
        created: LiveObject,
    ) -> Result<LiveObject, UpdateError> {
        let run = Run::of(run)?;
        let mut wanted = created.body.clone();
        let mut has_parts = false;
        if let Json::Object(fields) = wire::create(object, component) {
            for (field, value) in fields.into_iter().filter(|(field, _)| self.part_fields().contains(&field.as_str())) {
                wanted[field] = value;
                has_parts = true;
            }
        }
        if !has_parts {
            return Ok(created);
        }
        match self.write_parts(object, run, &created, wanted).await {
            Ok(Some(written)) => Ok(written),
            // It was made a moment ago: a replica does not know it yet.
            Ok(None) => {
                let patient = |request: Request| request.also_retry(patience::NEW_OBJECT, ApiError::is_not_found);
                match self.get(object, run, &created.name, patient).await {
                    Ok(found) => Ok(found.unwrap_or(created)),
                    Err(error) => Err(Stopped::Unread(Box::new(created), error).into()),
                }
            }
            Err(Stopped::Partly(_, error)) if error.may_have_happened() => {
                Err(self.reached(object, run, (&created.name, component), error).await.into())
            }
            Err(stopped) => Err(stopped.into()),
        }
    }

    async fn update(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        name: &str,
        change: Change<'_>,
    ) -> Result<Option<LiveObject>, UpdateError> {
        let run = Run::of(run)?;
        let mut looks = 0;
        loop {
            let plan = |current: &Option<LiveObject>| {
                let Some(current) = current else { return Ok(None) };
                let others = change.made_by_others(object, &current.tree);
                if !others.is_empty() {
                    return Err(Stopped::ByOthers(Box::new(current.clone()), others));
                }
                let mut patch = Patch { body: current.body.clone(), mask: Vec::new() };
                patch.mask = wire::update(object, change.before, change.after, &mut patch.body);
                Ok((!patch.mask.is_empty()).then(|| (current.clone(), patch)))
            };
            let outcome = read_modify_write(
                run.context,
                run.write_policies(),
                || async {
                    self.idle(run, name).await?;
                    Ok(self.get_known(object, run, name, change.before).await?)
                },
                plan,
                |(current, patch)| self.write(object, run, current, patch, change.after),
            )
            .await;
            match outcome {
                Ok(Outcome::Unchanged(current) | Outcome::Written(current)) => {
                    let Some(current) = current else { return Ok(None) };
                    let finished = self.followed_up(object, run, current).await;
                    return finished.map_err(|NotFollowed { found, error }| UpdateError::Unread { found, error });
                }
                // A replica that lags behind shows what was there before the state was read.
                Err(Stopped::ByOthers(..)) if looks < patience::STALE_LOOKS => {
                    let pause = run.poll().wait(looks);
                    looks += 1;
                    if run.context.sleep(pause).await.is_err() {
                        looks = patience::STALE_LOOKS;
                    }
                }
                Err(Stopped::Call(error) | Stopped::Partly(_, error)) if error.may_have_happened() => {
                    return Err(self.reached(object, run, (name, change.before), error).await.into());
                }
                Err(stopped) => return Err(stopped.into()),
            }
        }
    }

    async fn settle(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        mut found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError> {
        let run = Run::of(run)?;
        let policy = run.poll();
        let mut poll = 0;
        while found.readiness == Readiness::Pending && run.context.sleep(policy.wait(poll)).await.is_ok() {
            match self.get(object, run, &found.name, |request| request).await? {
                Some(now) => found = now,
                None => return Ok(None),
            }
            poll += 1;
        }
        Ok(Some(found))
    }

    async fn repair(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError> {
        let Some(found) = self.settle(object, run, found).await? else { return Ok(None) };
        if self.kind.follow_up().is_some_and(|follow_up| follow_up.is_due(&found.body)) {
            return self.followed_up(object, Run::of(run)?, found).await.map_err(|failed| failed.error);
        }
        let (Readiness::Failed(_), Some(patch)) = (&found.readiness, self.kind.repair(&found.body)) else {
            return Ok(Some(found));
        };
        let (run, rest) = (Run::of(run)?, self.rest());
        let request = Request::patch(rest.host.clone(), self.item_path(&found.name))
            .query("updateMask", patch.mask.join(","))
            .json(wire::masked(&patch.body, &patch.mask));
        run.call_and_wait(request, &rest.operation_api()).await?;
        Ok(self.get(object, run, &found.name, |request| request).await?)
    }

    async fn revive(&self, run: &run::Run, name: &str) -> Result<bool, CallError> {
        match self.kind.undeletion() {
            Some(undeletion) => Ok(undeletion.undelete(name, Run::of(run)?).await?),
            None => Ok(false),
        }
    }

    async fn delete(&self, run: &run::Run, name: &str, component: &Dynamic) -> Result<(), CallError> {
        let (run, rest) = (Run::of(run)?, self.rest());
        self.kind.before_delete(component, run).await?;
        self.idle(run, name).await?;
        let request = Request::delete(rest.host.clone(), self.item_path(name));
        match run.delete(&request, &rest.operation_api(), rest.operations.delete).await.found() {
            // A deletion whose answer was lost or made no sense may have happened all the same.
            Err(error) if error.may_have_happened() && self.is_gone(run, name).await => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::kinds::kind;

    #[test]
    fn fields_are_written_one_by_one_but_for_those_that_belong_together() {
        let mask = ["labels.a", "labels.b", "replicaCount", "memorySizeGb", "readReplicasMode"].map(str::to_owned);
        let groups = groups(&mask, &["readReplicasMode", "replicaCount"]);
        assert_eq!(groups, [vec!["labels"], vec!["replicaCount", "readReplicasMode"], vec!["memorySizeGb"]]);
    }

    #[test]
    fn what_guards_an_update_is_carried_as_it_was_read() {
        let read = json!({"fingerprint": "abc=", "settings": {"settingsVersion": "7", "tier": "a"}});
        let mut body = json!({"settings": {"tier": "b"}});
        carry("settings.settingsVersion", &read, &mut body);
        carry("fingerprint", &read, &mut body);
        carry("labelFingerprint", &read, &mut body);
        assert_eq!(body, json!({"fingerprint": "abc=", "settings": {"settingsVersion": "7", "tier": "b"}}));
    }

    #[test]
    fn an_object_whose_location_is_not_known_has_no_name() {
        let scope = Scope {
            place: Place { account: "p".to_owned(), number: None, region: "europe-west1".to_owned() },
            ..Scope::default()
        };
        let at = |location: Dynamic| {
            Dynamic::Object([("name".to_owned(), Dynamic::string("api")), ("location".to_owned(), location)].into())
        };
        let name = |of: &str, location: Dynamic| kind(of).unwrap().object_name(&at(location), &scope);
        assert_eq!(name("services", Dynamic::Unknown), None);
        assert_eq!(
            (name("services", Dynamic::Null).as_deref(), name("registries", Dynamic::string("EU")).as_deref()),
            (Some("projects/p/locations/europe-west1/services/api"), Some("projects/p/locations/eu/repositories/api"))
        );
        assert_eq!(name("firestore_databases", Dynamic::Unknown).as_deref(), Some("projects/p/databases/api"));
    }
}
