//! The calls on the objects of one kind: what all kinds do alike, around the few calls that each declares ([`Api`]).

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::Value as Json;
use tfplugin::schema::Presence;
use tfplugin::{Dynamic, ObjectSchema};
use tracing::warn;

use super::api::{ApiError, Service};
use super::session::Run;
use super::terms::arn;
use super::{patience, tags};
use crate::engine::error::{Answer, CallError};
use crate::engine::grants::Policies;
use crate::engine::kind::Kind;
use crate::engine::marks::{InputOnly, NeverRead, OwnKeys, Wire};
use crate::engine::objects::{
    Change, Collection, CreateError, Detail, LiveObject, NamedBy, Objects, Readiness, UpdateError,
};
use crate::engine::place::Place;
use crate::engine::run;
use crate::engine::scope::Scope;
use crate::engine::{common, labels, tree, wire};

/// The computed attribute with the ARN of an object, in kinds that have one.
const ARN_ATTRIBUTE: &str = "arn";

/// How the API of a kind is called. An object is one JSON, with what several calls say of it: its tags are a map in
/// [`FIELD`](super::tags::FIELD).
#[async_trait]
pub trait Api: Kind {
    /// The service.
    fn service(&self) -> Service;

    /// The ARN of an object: see [`arn`].
    fn arn(&self) -> &'static str;

    /// The actions of IAM that whoever makes, reads, changes and deletes such objects may have to be allowed. An import also
    /// lists them.
    ///
    /// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
    fn actions(&self) -> &'static [&'static str];

    /// The name in an object's JSON.
    fn name_of<'b>(&self, body: &'b Json) -> &'b str;

    /// The name of the component's object, as [`Api::name_of`] has it; `None` while it is not known.
    fn object_name(&self, component: &Dynamic) -> Option<String> {
        tree::text(component, common::NAME).map(str::to_owned)
    }

    /// The attribute of the component with what stands in place of the name in the ARN of an object that exists, where AWS
    /// makes that up: `id`.
    fn named_in_arn_by(&self) -> Option<&'static str> {
        None
    }

    /// Whether the creation of an object that is there already is answered as if it had been made: then it is looked for
    /// first.
    fn creates_silently(&self) -> bool {
        false
    }

    /// Reads the object of that name; `known` is what the stack has it as.
    ///
    /// # Errors
    /// Of the calls, "not found" excepted.
    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError>;

    /// Reads all objects of the region.
    ///
    /// # Errors
    /// Of the calls.
    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError>;

    /// Creates an object with what one call can say of it.
    ///
    /// # Errors
    /// Of the call.
    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError>;

    /// Tells the API the rest of an object that was just created.
    ///
    /// # Errors
    /// Of the calls.
    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let _ = (body, run);
        Ok(())
    }

    /// Whether that takes more than the first call, so that an interrupted creation leaves less than was asked for.
    fn is_made_in_steps(&self, body: &Json) -> bool {
        let _ = body;
        false
    }

    /// Adds to an object's JSON what an update needs to know and the object does not keep.
    fn instruct(&self, component: &Dynamic, body: &mut Json) {
        let _ = (component, body);
    }

    /// Makes the object `before` what `after` says. `changed` has the paths that differ.
    ///
    /// # Errors
    /// Of the calls.
    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError>;

    /// Deletes the object of that name; `known` is what the stack has it as.
    ///
    /// # Errors
    /// Of the calls.
    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError>;
}

/// The paths of an object's JSON that an update writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed(Vec<String>);

impl From<Vec<String>> for Changed {
    fn from(paths: Vec<String>) -> Self {
        Self(paths)
    }
}

impl Changed {
    /// Whether something at or below `path` differs.
    pub fn has(&self, path: &str) -> bool {
        self.0.iter().any(|changed| is_below(path, changed))
    }

    /// Whether something differs that is neither at nor below `path`.
    pub fn is_beyond(&self, path: &str) -> bool {
        self.0.iter().any(|changed| !is_below(path, changed))
    }

    /// The fields of the object at `path` that differ.
    pub fn fields<'c>(&'c self, path: &'c str) -> impl Iterator<Item = &'c str> {
        let below = move |changed: &'c String| changed.strip_prefix(path)?.strip_prefix('.')?.split('.').next();
        self.0.iter().filter_map(below)
    }
}

/// Whether `changed` is at or below `path`.
fn is_below(path: &str, changed: &str) -> bool {
    changed.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The objects of one kind.
pub struct AwsObjects {
    api: &'static dyn Api,
}

impl AwsObjects {
    /// The objects of the kind `api`.
    pub const fn new(api: &'static dyn Api) -> Self {
        Self { api }
    }

    /// Takes in the JSON of an object.
    fn live(&self, object: &ObjectSchema, body: Json, scope: &Scope) -> LiveObject {
        let name = self.api.name_of(&body).to_owned();
        let mut component = wire::read(object, &body);
        for (attribute, value) in self.api.derive(&body, scope) {
            tree::set(&mut component, attribute, value);
        }
        for (attribute, value) in self.api.predict(&component, scope) {
            if component.get(attribute).is_null() {
                tree::set(&mut component, attribute, value);
            }
        }
        let readiness = self.api.gradual().map_or(Readiness::Ready, |gradual| gradual.readiness(&body));
        LiveObject { name, body, tree: component, readiness }
    }

    async fn get(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        name: &str,
        known: Option<&Dynamic>,
    ) -> Result<Option<LiveObject>, ApiError> {
        Ok(self.api.read(name, known, run).await?.map(|body| self.live(object, body, run.scope)))
    }

    /// Reads an object until what is read `fits`, for `within` at most; what was read last, then.
    async fn await_fit(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        (name, known): (&str, Option<&Dynamic>),
        within: std::time::Duration,
        fits: impl Fn(Option<&LiveObject>) -> bool,
    ) -> Result<Option<LiveObject>, ApiError> {
        let began = run.context.clock.now();
        let mut looks = 0;
        loop {
            let found = self.get(object, run, name, known).await?;
            let is_over = run.context.clock.now().saturating_duration_since(began) >= within;
            if is_over || fits(found.as_ref()) || run.pause(looks).await.is_err() {
                return Ok(found);
            }
            looks += 1;
        }
    }

    /// Reads an object until no change of it is under way.
    async fn settled(
        &self,
        object: &ObjectSchema,
        run: Run<'_>,
        mut found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError> {
        let mut looks = 0;
        while found.readiness == Readiness::Pending && run.pause(looks).await.is_ok() {
            match self.get(object, run, &found.name, Some(&found.tree)).await? {
                Some(now) => found = now,
                None => return Ok(None),
            }
            looks += 1;
        }
        Ok(Some(found))
    }

    /// What an update that failed has made of the object, as far as a last look can tell.
    async fn reached(&self, object: &ObjectSchema, run: Run<'_>, name: &str, error: ApiError) -> UpdateError {
        match run.last_look(async |run| self.get(object, run, name, None).await).await {
            Ok(Some(found)) => UpdateError::Partly { found: Box::new(found), error: error.into() },
            Ok(None) | Err(_) => UpdateError::Call(error.into()),
        }
    }
}

/// Whether the attributes that a change is about are in `found` as they shall be.
fn is_reached(object: &ObjectSchema, change: Change<'_>, found: &Dynamic) -> bool {
    let is_seen = |attribute: &&tfplugin::Attribute| {
        let marks = &attribute.extensions;
        attribute.presence.is_configurable()
            && marks.get::<Wire>().is_some()
            && marks.get::<InputOnly>().is_none()
            && marks.get::<NeverRead>().is_none()
            // Others may have theirs beside them.
            && wire::children(attribute).is_none()
    };
    object.attributes.iter().filter(is_seen).all(|attribute| {
        let value = |of: &Dynamic| of.get(&attribute.name).clone();
        let (before, after, found) = (value(change.before), value(change.after), value(found));
        let found = match attribute.extensions.get::<OwnKeys>() {
            Some(OwnKeys) => labels::tracked(&found, &tree::union(&before, &after)),
            None => found,
        };
        // What the cloud decides is whatever is found.
        let is_open = after.is_unknown() || (after.is_null() && attribute.presence == Presence::OptionalComputed);
        is_open || wire::equal(attribute, &before, &after) || wire::equal(attribute, &after, &found)
    })
}

#[async_trait]
impl Objects for AwsObjects {
    fn api(&self) -> &str {
        self.api.service().name
    }

    fn name_pattern(&self) -> String {
        let pattern = self.api.arn().replace("{partition}", "aws").replace("{region}", "REGION");
        pattern.replace("{account}", "ACCOUNT").replace("{name}", "NAME")
    }

    fn are_read_by_name(&self) -> bool {
        true
    }

    fn are_in_region(&self) -> bool {
        !self.api.service().is_global
    }

    fn named_by(&self) -> NamedBy {
        NamedBy::Configuration
    }

    fn name(&self, component: &Dynamic, _: &Scope) -> Option<String> {
        self.api.object_name(component)
    }

    fn full_name(&self, name: &str, place: &Place) -> String {
        arn(self.api.arn(), place, name)
    }

    /// The ARN that AWS gave the object, if it is known to have one.
    fn inventory_name(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        let (attribute, is_whole) = match self.api.named_in_arn_by() {
            Some(attribute) => (attribute, false),
            None => (ARN_ATTRIBUTE, true),
        };
        match component.get(attribute) {
            Dynamic::String(text) if is_whole => Some(text.clone()),
            Dynamic::String(text) => Some(arn(self.api.arn(), &scope.place, text)),
            Dynamic::Unknown => None,
            _ => Some(self.full_name(&self.name(component, scope)?, &scope.place)),
        }
    }

    fn collection(&self, _: &Dynamic, scope: &Scope) -> Collection {
        let region = &scope.place.region;
        Collection { path: arn(self.api.arn(), &scope.place, "*"), place: region.clone() }
    }

    async fn places(&self, run: &run::Run) -> Result<Vec<String>, CallError> {
        Ok(vec![run.scope.place.region.clone()])
    }

    async fn read(&self, object: &ObjectSchema, run: &run::Run, name: &str) -> Result<Option<LiveObject>, CallError> {
        Ok(self.get(object, Run::of(run)?, name, None).await?)
    }

    async fn read_known(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        name: &str,
        component: &Dynamic,
    ) -> Result<Option<LiveObject>, CallError> {
        Ok(self.get(object, Run::of(run)?, name, Some(component)).await?)
    }

    async fn look_for(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        name: &str,
    ) -> Result<Option<LiveObject>, CallError> {
        Ok(self.await_fit(object, Run::of(run)?, (name, None), patience::GLANCE, |found| found.is_some()).await?)
    }

    async fn list(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        _: &str,
        detail: Detail<'_>,
    ) -> Result<Vec<LiveObject>, CallError> {
        let run = Run::of(run)?;
        if let Detail::Known(known) = detail {
            // A list would tell the names only, and those of the whole account: what is known is asked for by name.
            let reads = known.iter().map(|(name, component)| self.get(object, run, name, Some(*component)));
            let found = try_join_all(reads).await?;
            return Ok(found.into_iter().flatten().map(LiveObject::without_body).collect());
        }
        let live = |body: Json| {
            let live = self.live(object, body, run.scope);
            if matches!(detail, Detail::Whole) { live } else { live.without_body() }
        };
        Ok(self.api.list(run).await?.into_iter().map(live).collect())
    }

    fn policies(&self) -> Option<&dyn Policies> {
        None
    }

    async fn create(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        component: &Dynamic,
    ) -> Result<LiveObject, CreateError> {
        let accepted = |error: ApiError| CreateError::Accepted(error.into());
        let run = Run::of(run).map_err(CreateError::Asked)?;
        let mut body = wire::create(object, component);
        if self.api.is_made_in_steps(&body) {
            tags::mark_unfinished(&mut body);
        }
        let name = self.api.object_name(component).unwrap_or_default();
        let name = name.as_str();
        if self.api.creates_silently() {
            let found = self.get(object, run, name, None).await;
            if found.map_err(|error| CreateError::Asked(error.into()))?.is_some() {
                let text = format!("{} exists already", arn(self.api.arn(), &run.scope.place, name));
                return Err(CreateError::Asked(CallError::new(text, Answer::AlreadyExists)));
            }
        }
        self.api.create(&body, run).await.map_err(|error| CreateError::Asked(error.into()))?;
        self.api.complete(&body, run).await.map_err(accepted)?;
        let found =
            self.await_fit(object, run, (name, Some(component)), patience::WRITTEN, |found| found.is_some()).await;
        match found.map_err(accepted)? {
            Some(found) => Ok(found),
            None => {
                let text = format!("{} was made and cannot be read", arn(self.api.arn(), &run.scope.place, name));
                Err(CreateError::Accepted(CallError::new(text, Answer::Other).may_have_happened(true)))
            }
        }
    }

    async fn create_children(
        &self,
        _: &ObjectSchema,
        _: &run::Run,
        _: &Dynamic,
        created: LiveObject,
    ) -> Result<LiveObject, UpdateError> {
        Ok(created)
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
        let current = loop {
            let found = self.get(object, run, name, Some(change.before)).await.map_err(CallError::from)?;
            let Some(found) = found else { return Ok(None) };
            let attributes = change.made_by_others(object, &found.tree);
            if attributes.is_empty() {
                break found;
            }
            // Reads may lag behind, and then show what was there before the state was read.
            if looks == patience::STALE_LOOKS || run.pause(looks).await.is_err() {
                return Err(UpdateError::ByOthers { found: Box::new(found), attributes });
            }
            looks += 1;
        };
        let mut after = current.body.clone();
        let mut changed = Changed::from(wire::update(object, change.before, change.after, &mut after));
        changed.0.extend(tags::finish(&mut after));
        if changed.0.is_empty() {
            return Ok(Some(current));
        }
        self.api.instruct(change.after, &mut after);
        if let Err(error) = self.api.update(&current.body, &after, &changed, run).await {
            return Err(self.reached(object, run, name, error).await);
        }
        let fits = |found: Option<&LiveObject>| found.is_none_or(|found| is_reached(object, change, &found.tree));
        let found = self.await_fit(object, run, (name, Some(change.after)), patience::WRITTEN, fits).await;
        let written = self.live(object, after, run.scope);
        match found {
            Ok(Some(found)) if !is_reached(object, change, &found.tree) => {
                warn!(name, "what was written is not read back yet");
                Ok(Some(written))
            }
            // Tags are there at once, whatever somebody else has under way.
            Ok(Some(found)) if !changed.is_beyond(tags::FIELD) => {
                Ok(Some(LiveObject { readiness: Readiness::Ready, ..found }))
            }
            Ok(Some(found)) => Ok(self.settled(object, run, found).await?),
            Ok(None) => Ok(None),
            Err(error) => Err(UpdateError::Unread { found: Box::new(written), error: error.into() }),
        }
    }

    async fn repair(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError> {
        let aws = Run::of(run)?;
        let mut after = found.body.clone();
        if let Some(mark) = tags::finish(&mut after) {
            self.api.update(&found.body, &after, &Changed(vec![mark]), aws).await?;
            let readiness = found.readiness.clone();
            return self.settle(object, run, LiveObject { readiness, ..self.live(object, after, aws.scope) }).await;
        }
        self.settle(object, run, found).await
    }

    async fn settle(
        &self,
        object: &ObjectSchema,
        run: &run::Run,
        found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError> {
        self.settled(object, Run::of(run)?, found).await
    }

    async fn revive(&self, _: &run::Run, _: &str) -> Result<bool, CallError> {
        Ok(false)
    }

    async fn delete(&self, run: &run::Run, name: &str, component: &Dynamic) -> Result<(), CallError> {
        let run = Run::of(run)?;
        let Err(error) = self.api.delete(name, component, run).await else { return Ok(()) };
        let is_gone = async |run: Run<'_>| matches!(self.api.read(name, Some(component), run).await, Ok(None));
        // It may be what followed the deletion that failed.
        if error.is_not_found() || run.last_look(is_gone).await {
            return Ok(());
        }
        Err(error.into())
    }
}
