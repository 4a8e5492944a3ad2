//! The calls on a pool's providers, and those that bring deleted ones back.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::{Map, Value as Json};
use tfplugin::Dynamic;

use crate::engine::wire::{self, text};
use crate::google::api::{ApiError, Found, Host, List, OperationApi, Request, segment};
use crate::google::names::last_segment;
use crate::google::session::Run;

/// Whether a pool or provider is deleted in all but its name.
pub(super) fn is_deleted(body: &Json) -> bool {
    text(body, "state") == "DELETED"
}

/// Brings back the deleted pool or provider `name`. `false`: there is none that is deleted.
pub(super) async fn revive(name: &str, run: Run<'_>) -> Result<bool, ApiError> {
    let found = run.call(Request::get(Host::IAM, format!("v1/{name}"))).await.found()?;
    if !found.as_ref().is_some_and(is_deleted) {
        return Ok(false);
    }
    let request = Request::post(Host::IAM, format!("v1/{name}:undelete")).json(Json::Object(Map::new()));
    run.call_and_wait(request, &OperationApi::IAM).await.map(|_| true)
}

/// Puts the providers into the JSON of their pools: with the short name in `name` and the full one in `id`.
pub(super) async fn read(pools: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let names: Vec<String> = pools.iter().map(|pool| text(pool, "name").to_owned()).collect();
    let lists = names.into_iter().map(|name| async move {
        let request = Request::get(Host::IAM, format!("v1/{name}/providers"));
        run.list(List::new(request, "workloadIdentityPoolProviders").page_size(100)).await
    });
    for (pool, providers) in pools.iter_mut().zip(try_join_all(lists).await?) {
        put(pool, providers.into_iter().filter(|provider| !is_deleted(provider)).map(short).collect());
    }
    Ok(())
}

/// The provider with its short name in `name` and the full one in `id`.
fn short(mut provider: Json) -> Json {
    let full = text(&provider, "name").to_owned();
    provider["name"] = Json::from(last_segment(&full));
    provider["id"] = Json::String(full);
    provider
}

fn put(pool: &mut Json, live: Vec<Json>) {
    if !live.is_empty() {
        pool["providers"] = wire::by_key(live, |provider| text(provider, "name").to_owned());
    }
}

/// Looks by name for the providers that the component has and that the list has not shown.
pub(super) async fn look_for(pool: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let (full, there) = (text(pool, "name").to_owned(), providers(pool));
    let known = component.get("providers").as_entries().into_iter().flatten();
    let names = known.map(|(key, provider)| provider.get("name").as_str().unwrap_or(key).to_owned());
    let missing: Vec<String> = names.filter(|name| !there.contains_key(name.as_str())).collect();
    let looks = missing.iter().map(|name| {
        let request = Request::get(Host::IAM, format!("v1/{full}/providers/{}", segment(name))).expects(&["name"]);
        async move { run.call(request).await.found() }
    });
    let found = try_join_all(looks).await?.into_iter().flatten().filter(|provider| !is_deleted(provider)).map(short);
    let all: Vec<Json> = there.into_values().cloned().chain(found).collect();
    put(pool, all);
    Ok(())
}

/// Makes the providers of the pool `pool` what `after` says, one after another: the API refuses changes side by side.
pub(super) async fn write(pool: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
    let (had, wanted) = (providers(before), providers(after));
    let mut made: BTreeMap<String, Json> =
        had.iter().map(|(name, provider)| ((*name).to_owned(), (*provider).clone())).collect();
    let result = sync(pool, &had, &wanted, &mut made, run).await;
    if result.is_err() {
        after["providers"] = made.into_iter().collect();
    }
    result
}

/// `made` is what there is at each moment.
async fn sync(
    pool: &str,
    had: &BTreeMap<&str, &Json>,
    wanted: &BTreeMap<&str, &Json>,
    made: &mut BTreeMap<String, Json>,
    run: Run<'_>,
) -> Result<(), ApiError> {
    for name in had.keys().filter(|name| !wanted.contains_key(*name)) {
        let request = Request::delete(Host::IAM, format!("v1/{pool}/providers/{name}"));
        run.call_and_wait(request, &OperationApi::IAM).await.found()?;
        made.remove(*name);
    }
    for (name, provider) in wanted {
        match had.get(name) {
            Some(current) => update(&format!("{pool}/providers/{name}"), current, provider, run).await?,
            None => create(pool, name, provider, run).await?,
        }
        made.insert((*name).to_owned(), (*provider).clone());
    }
    Ok(())
}

/// The providers in the JSON of a pool, by their short names.
fn providers(pool: &Json) -> BTreeMap<&str, &Json> {
    let providers = pool.get("providers").and_then(Json::as_object).into_iter().flatten();
    providers.map(|(_, provider)| (text(provider, "name"), provider)).collect()
}

/// Makes a provider. One that is there already is this pool's own all the same, and becomes what is wanted.
async fn create(pool: &str, name: &str, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let mut body = wanted.clone();
    wire::remove(&mut body, "name");
    let request = Request::post(Host::IAM, format!("v1/{pool}/providers"))
        .query("workloadIdentityPoolProviderId", name)
        .idempotent(true)
        .json(body);
    match run.call_and_wait(request, &OperationApi::IAM).await {
        Err(error) if error.is_already_exists() => {
            let full = format!("{pool}/providers/{name}");
            revive(&full, run).await?;
            let current = run.call(Request::get(Host::IAM, format!("v1/{full}"))).await?;
            update(&full, &current, wanted, run).await
        }
        result => result.map(drop),
    }
}

async fn update(name: &str, current: &Json, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let mask = mask(current, wanted);
    if mask.is_empty() {
        return Ok(());
    }
    let request = Request::patch(Host::IAM, format!("v1/{name}"))
        .query("updateMask", mask.join(","))
        .json(wire::masked(wanted, &mask));
    run.call_and_wait(request, &OperationApi::IAM).await.map(drop)
}

/// The fields in which `wanted` differs, those inside the kind of the provider one by one.
pub(super) fn mask(current: &Json, wanted: &Json) -> Vec<String> {
    const SETTINGS: [&str; 5] = ["attributeCondition", "attributeMapping", "description", "disabled", "displayName"];
    const KINDS: [(&str, &str); 5] = [
        ("aws", "accountId"),
        ("oidc", "allowedAudiences"),
        ("oidc", "issuerUri"),
        ("oidc", "jwksJson"),
        ("saml", "idpMetadataXml"),
    ];
    let inside = KINDS.iter().map(|(kind, field)| format!("{kind}.{field}"));
    let differs = |path: &String| {
        let value = |body| wire::get(body, path).filter(|value| !is_zero(value));
        value(current) != value(wanted)
    };
    SETTINGS.iter().map(|field| (*field).to_owned()).chain(inside).filter(differs).collect()
}

fn is_zero(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
