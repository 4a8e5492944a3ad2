//! The calls on databases and users. An instance does one thing at a time, so they are made one after another.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::{Map, Value as Json, json};
use tfplugin::{Attribute, Dynamic, ObjectSchema};

use super::SqlInstanceSpec;
use super::settings::{ROOT_PASSWORD, ROOT_USER};
use super::version::Family;
use crate::engine::wire::{self, text};
use crate::google::api::{ApiError, Found, Host, List, OperationApi, Request, segment};
use crate::google::session::Run;
use tfplugin::Object as _;

/// The fields of an instance's JSON with what is inside it.
pub(super) const FIELDS: &[&str] = &[DATABASES, USERS, ROOT_USER];
const DATABASES: &str = "databases";
const USERS: &str = "users";
/// The name under which the API lists a user whom it calls otherwise.
const LISTED: &str = "listed";

const API: OperationApi = OperationApi { host: Host::SQL_ADMIN, version: "v1" };

/// Whether the instance answers calls on what is inside it: one that is stopped does not.
fn is_running(instance: &Json) -> bool {
    !matches!(text(instance, "state"), "SUSPENDED" | "STOPPED" | "PENDING_CREATE" | "PENDING_DELETE" | "FAILED")
        && wire::get(instance, "settings.activationPolicy").and_then(Json::as_str) != Some("NEVER")
}

/// What tells a user from the others.
fn identity(user: &Json) -> (String, String) {
    (text(user, "name").to_owned(), text(user, "host").to_owned())
}

/// A user as it hangs in the JSON of its instance. MySQL lists IAM users by the first part of their emails.
fn hung(mut user: Json) -> Json {
    let email = text(&user, "iamEmail").to_owned();
    if !email.is_empty() {
        user[LISTED] = user["name"].take();
        user["name"] = json!(email);
    }
    user
}

fn in_map<'j>(items: impl IntoIterator<Item = &'j Json>) -> Json {
    wire::by_key(items.into_iter().cloned(), |item| {
        let (name, host) = identity(item);
        if host.is_empty() || host == "%" { name } else { format!("{name}_{host}") }
    })
}

async fn list(instance: &str, collection: &str, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    // These lists have no pages.
    run.list(List::new(Request::get(Host::SQL_ADMIN, format!("v1/{instance}/{collection}")), "items")).await
}

async fn users_of(instance: &str, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    Ok(list(instance, USERS, run).await?.into_iter().map(hung).collect())
}

/// Puts databases and users into the JSON of their instances.
pub(super) async fn read(instances: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let reads = instances.iter_mut().filter(|instance| is_running(instance)).map(|instance| async move {
        let name = super::id(text(instance, "name"), run.scope);
        let (databases, users) = futures::try_join!(list(&name, DATABASES, run), users_of(&name, run))?;
        instance[DATABASES] = in_map(&databases);
        instance[USERS] = in_map(&users);
        Ok(())
    });
    try_join_all(reads).await.map(|_: Vec<()>| ())
}

/// The objects of a map of children.
fn object_of(map: &str) -> Option<ObjectSchema> {
    let schema = SqlInstanceSpec::schema();
    let is_map = |attribute: &&Attribute| attribute.name == map;
    schema.attributes.iter().find(is_map).and_then(|attribute| Some(attribute.nested()?.1.clone()))
}

/// What a stopped instance has inside is what the `component` has: it cannot be asked.
pub(super) fn remember(instance: &mut Json, component: &Dynamic) {
    for map in [DATABASES, USERS] {
        let Some(object) = object_of(map).filter(|_| instance.get(map).is_none()) else { continue };
        let children = component.get(map).as_entries().into_iter().flatten();
        let children = children.map(|(key, child)| {
            let mut json = wire::create(&object, child);
            if text(&json, "name").is_empty() {
                json["name"] = json!(key.as_str());
            }
            (key.to_string(), json)
        });
        instance[map] = Json::Object(children.collect());
    }
}

/// By what tells them apart.
fn by_identity(instance: &Json, map: &str) -> BTreeMap<(String, String), Json> {
    let all = instance.get(map).and_then(Json::as_object).into_iter().flatten();
    all.map(|(_, item)| (identity(item), item.clone())).collect()
}

/// Makes databases and users of the instance `name` what `after` says; `before` is the instance as read.
pub(super) async fn write(name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
    let root = after.as_object_mut().and_then(|fields| fields.remove(ROOT_USER));
    // With its creation an instance is given the password itself.
    let is_new = after.as_object_mut().is_none_or(|fields| fields.remove(ROOT_PASSWORD).is_none());
    let (wants_databases, wants_users) = (after.get(DATABASES).is_some(), after.get(USERS).is_some());
    let mut had = before.clone();
    for (map, is_wanted) in [(DATABASES, wants_databases), (USERS, wants_users)] {
        // Some come with the instance.
        if is_wanted && had.get(map).is_none() && is_running(before) {
            let items = if map == USERS { users_of(name, run).await? } else { list(name, map, run).await? };
            had[map] = in_map(&items);
        }
    }
    let mut databases = by_identity(&had, DATABASES);
    let mut users = by_identity(&had, USERS);
    let result = sync(name, before, after, (&mut databases, &mut users), run).await;
    after[DATABASES] = in_map(databases.values());
    after[USERS] = in_map(users.values());
    result?;
    match root.as_ref().and_then(Json::as_str).filter(|_| !is_new) {
        Some(password) => set_root_password(name, text(before, "databaseVersion"), password, run).await,
        None => Ok(()),
    }
}

type Items = BTreeMap<(String, String), Json>;

/// `databases` and `users` are what there is at each moment. What was not there `before` is not the stack's to delete: some come
/// with the instance.
async fn sync(
    instance: &str,
    before: &Json,
    after: &Json,
    (databases, users): (&mut Items, &mut Items),
    run: Run<'_>,
) -> Result<(), ApiError> {
    if after.get(DATABASES).is_some() {
        let wanted = by_identity(after, DATABASES);
        for (identity, database) in &wanted {
            let made = match databases.get(identity) {
                None => make_database(instance, database, run).await?,
                Some(current) => change_database(instance, current, database, run).await?,
            };
            databases.insert(identity.clone(), made);
        }
        let gone = by_identity(before, DATABASES).into_keys().filter(|identity| !wanted.contains_key(identity));
        for identity in gone {
            let path = format!("v1/{instance}/databases/{}", segment(&identity.0));
            run.call_and_wait(Request::delete(Host::SQL_ADMIN, path), &API).await.found()?;
            databases.remove(&identity);
        }
    }
    if after.get(USERS).is_some() {
        let wanted = by_identity(after, USERS);
        let gone = by_identity(before, USERS).into_keys().filter(|identity| !wanted.contains_key(identity));
        for identity in gone {
            if let Some(user) = users.get(&identity) {
                delete_user(instance, user, run).await?;
            }
            users.remove(&identity);
        }
        for (identity, user) in &wanted {
            match users.get(identity) {
                None => make_user(instance, user, run).await?,
                // One that is made anew has nothing of the old one.
                Some(current) if user.get("kind").is_none() && is_other_type(current, user) => {
                    delete_user(instance, current, run).await?;
                    make_user(instance, user, run).await?;
                }
                Some(current) => change_user(instance, current, user, run).await?,
            }
            users.insert(identity.clone(), without_password(user));
        }
    }
    Ok(())
}

fn is_other_type(current: &Json, wanted: &Json) -> bool {
    let kind = |user: &Json| match text(user, "type") {
        "" => "BUILT_IN".to_owned(),
        kind => kind.to_owned(),
    };
    kind(current) != kind(wanted)
}

fn without_password(user: &Json) -> Json {
    let mut user = user.clone();
    wire::remove(&mut user, "password");
    user
}

/// Makes a database. One that is there after all, because an answer was lost, is this instance's own.
async fn make_database(instance: &str, wanted: &Json, run: Run<'_>) -> Result<Json, ApiError> {
    let name = text(wanted, "name");
    let mut body = json!({ "name": name });
    for field in ["charset", "collation"] {
        wire::put(&mut body, field, wanted.get(field).cloned().unwrap_or_default());
    }
    let path = format!("v1/{instance}/databases");
    let request = Request::post(Host::SQL_ADMIN, path.clone()).idempotent(true).json(body);
    let made = run.call_and_wait(request, &API).await;
    let there = run.call(Request::get(Host::SQL_ADMIN, format!("{path}/{}", segment(name)))).await.found()?;
    match (made, there) {
        (Ok(_), there) => Ok(there.unwrap_or_else(|| wanted.clone())),
        (Err(error), Some(there)) if error.is_invalid() || error.is_already_exists() || error.may_have_happened() => {
            change_database(instance, &there, wanted, run).await
        }
        (Err(error), _) => Err(error),
    }
}

async fn change_database(instance: &str, current: &Json, wanted: &Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut change = Map::new();
    for field in ["charset", "collation"] {
        if let Some(value) = wanted.get(field).filter(|value| !value.is_null() && current.get(field) != Some(value)) {
            change.insert(field.to_owned(), value.clone());
        }
    }
    if !change.is_empty() {
        let path = format!("v1/{instance}/databases/{}", segment(text(wanted, "name")));
        run.call_and_wait(Request::patch(Host::SQL_ADMIN, path).json(Json::Object(change)), &API).await?;
    }
    Ok(wanted.clone())
}

fn with_password(request: Request, user: &Json) -> Request {
    match user.get("password").and_then(Json::as_str) {
        Some(password) => request.secret(password),
        None => request,
    }
}

/// The query that names a user.
fn of_user(request: Request, user: &Json) -> Request {
    let listed = text(user, LISTED);
    let name = if listed.is_empty() { text(user, "name") } else { listed };
    request.query("name", name).query_opt("host", Some(text(user, "host")).filter(|host| !host.is_empty()))
}

fn body_of(user: &Json) -> Json {
    let mut body = json!({});
    for field in ["name", "host", "type", "password"] {
        wire::put(&mut body, field, user.get(field).cloned().unwrap_or_default());
    }
    body
}

/// Makes a user. One that is there after all, because an answer was lost, is given its password.
async fn make_user(instance: &str, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let request = Request::post(Host::SQL_ADMIN, format!("v1/{instance}/users")).idempotent(true);
    let request = with_password(request, wanted).json(body_of(wanted));
    match run.call_and_wait(request, &API).await {
        Err(error) if error.is_already_exists() || error.may_have_happened() => {
            let there = users_of(instance, run).await?.into_iter().find(|user| identity(user) == identity(wanted));
            match there {
                Some(there) if !is_other_type(&there, wanted) => change_user(instance, &there, wanted, run).await,
                _ => Err(error),
            }
        }
        result => result.map(drop),
    }
}

/// Gives a user the password that `wanted` has, if it has one: a change without would take it away.
async fn change_user(instance: &str, current: &Json, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    if wanted.get("password").and_then(Json::as_str).is_none() {
        return Ok(());
    }
    let request = Request::put(Host::SQL_ADMIN, format!("v1/{instance}/users"));
    let request = with_password(of_user(request, current), wanted).json(body_of(wanted));
    run.call_and_wait(request, &API).await.map(drop)
}

async fn delete_user(instance: &str, user: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let request = of_user(Request::delete(Host::SQL_ADMIN, format!("v1/{instance}/users")), user);
    run.call_and_wait(request, &API).await.found().map(drop)
}

async fn set_root_password(instance: &str, version: &str, password: &str, run: Run<'_>) -> Result<(), ApiError> {
    let Some((name, host)) = Family::of(version).map(Family::root) else { return Ok(()) };
    let mut user = json!({"name": name, "password": password});
    if let Some(host) = host {
        user["host"] = json!(host);
    }
    change_user(instance, &user, &user, run).await
}
