//! The resource `probe_crate`: blocks, an identity, and a generated configuration.

use std::collections::BTreeMap;

use tfplugin::resource::*;
use tfplugin::{Context, Diagnostic, Diagnostics, Dynamic, Object, Private, Resource, Value};

use super::remote::{Remote, fill};

/// An item in a crate.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Item {
    /// Its key.
    #[tf(required)]
    pub key: Value<String>,
    /// Made by the server.
    #[tf(computed)]
    pub uid: Value<String>,
}

/// Where a crate is kept.
#[derive(Clone, Debug, Default, PartialEq, Object)]
#[tf(nested)]
pub(crate) struct Shelf {
    /// Which.
    #[tf(default = "top")]
    pub level: Value<String>,
}

/// A crate: in the old syntax, with blocks.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Crate {
    /// Made by the server.
    #[tf(computed, ext(tfplugin::schema::Stable))]
    pub id: Value<String>,
    /// A label.
    #[tf(required)]
    pub label: Value<String>,
    /// In order.
    #[tf(block(min = 1, max = 3))]
    pub item: Vec<Item>,
    /// In no order.
    #[tf(block(set))]
    pub spare: Vec<Item>,
    /// By name.
    #[tf(block(map))]
    pub named: BTreeMap<String, Item>,
    /// At most one.
    #[tf(block(single))]
    pub lid: Option<Shelf>,
    /// Always there.
    #[tf(block(group))]
    pub shelf: Shelf,
}

/// What names a crate.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct CrateIdentity {
    /// Its id.
    #[tf(required)]
    pub id: Value<String>,
    /// Its house.
    #[tf(optional)]
    pub house: Value<String>,
}

pub(crate) struct Crates;

impl Crates {
    fn store(remote: &Remote, mut planned: Crate, id: Option<String>) -> Crate {
        let mut remote = remote.0.lock().unwrap();
        let id = id.unwrap_or_else(|| {
            remote.made += 1;
            format!("crate-{}", remote.made)
        });
        planned.id = Value::Known(id.clone());
        let items = planned.item.iter_mut().chain(&mut planned.spare).chain(planned.named.values_mut());
        items.for_each(|item| fill(&mut item.uid, "uid"));
        remote.crates.insert(id, planned.clone());
        planned
    }
}

impl Resource<Remote> for Crates {
    type State = Crate;

    fn type_name(&self) -> &'static str {
        "probe_crate"
    }

    async fn read(&self, request: ReadRequest<Crate>, context: Context<Remote>) -> ReadResponse<Crate> {
        let client = match context.client() {
            Ok(client) => client,
            Err(problem) => {
                return ReadResponse { state: None, private: request.private, diagnostics: problem.into() };
            }
        };
        let state = client.0.lock().unwrap().crates.get(request.state.id.known().unwrap()).cloned();
        ReadResponse { state, private: request.private, diagnostics: Diagnostics::new() }
    }

    async fn create(&self, request: CreateRequest<Crate>, context: Context<Remote>) -> ApplyResponse<Crate> {
        let made = Self::store(context.client().unwrap(), request.planned, None);
        if made.label.known().is_some_and(|label| label == "together") {
            let together = context.client().unwrap().1.clone();
            together.wait().await;
        }
        if made.label.known().is_some_and(|label| label == "slow") {
            context.stop().cancelled().await;
            let diagnostics = Diagnostic::error("Interrupted", "The crate exists.").into();
            return ApplyResponse { state: Some(made), private: request.private, diagnostics };
        }
        ApplyResponse { state: Some(made), private: request.private, diagnostics: Diagnostics::new() }
    }

    async fn update(&self, request: UpdateRequest<Crate>, context: Context<Remote>) -> ApplyResponse<Crate> {
        let id = request.prior.id.into_known();
        let made = Self::store(context.client().unwrap(), request.planned, id);
        ApplyResponse { state: Some(made), private: request.private, diagnostics: Diagnostics::new() }
    }

    async fn delete(&self, request: DeleteRequest<Crate>, context: Context<Remote>) -> DeleteResponse<Crate> {
        context.client().unwrap().0.lock().unwrap().crates.remove(request.state.id.known().unwrap());
        DeleteResponse { remaining: None, private: request.private, diagnostics: Diagnostics::new() }
    }
}

impl ImportState<Remote> for Crates {
    async fn import(&self, request: ImportRequest, _: Context<Remote>) -> ImportResponse<Crate> {
        let id = match request.id {
            ImportId::Text(id) => id,
            ImportId::Identity(identity) => identity.get("id").as_str().unwrap().to_owned(),
        };
        let state = Some(Crate { id: Value::Known(id), ..Crate::default() });
        ImportResponse { state, private: Private::default(), diagnostics: Diagnostics::new() }
    }
}

impl Identified<Remote> for Crates {
    type Identity = CrateIdentity;
    fn identity(&self, state: &Crate) -> Option<CrateIdentity> {
        Some(CrateIdentity { id: state.id.clone(), house: Value::Known("main".to_owned()) })
    }
}

impl GenerateConfig<Remote> for Crates {
    fn generate_config(&self, state: &Crate) -> Dynamic {
        state.encode()
    }
}
