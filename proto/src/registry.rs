//! What a provider offers, by name.
//!
//! Registration is explicit: a resource has an ability when its registration says so, and the compiler asks for the
//! trait then.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, OnceLock};

use crate::data_source::DataSource;
use crate::erased::{Ability, DynDataSource, DynGenerate, DynIdentified, DynImport, DynMove, DynResource, DynUpgrade};
use crate::function::{DynFunction, Function};
use crate::resource::{GenerateConfig, Identified, ImportState, MoveState, Resource, UpgradeState};
use crate::{ObjectSchema, Type};

/// Everything that a provider offers; [`crate::Provider::register`] fills it.
pub struct Registry<C> {
    pub(crate) resources: BTreeMap<&'static str, ResourceEntry<C>>,
    pub(crate) data_sources: BTreeMap<&'static str, DataSourceEntry<C>>,
    pub(crate) functions: BTreeMap<&'static str, Arc<dyn DynFunction>>,
    /// Names that were registered twice.
    pub(crate) duplicates: Vec<&'static str>,
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Self {
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            functions: BTreeMap::new(),
            duplicates: Vec::new(),
        }
    }
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// Adds a managed resource; its abilities are switched on at what is returned.
    pub fn resource<R: Resource<C>>(&mut self, resource: R) -> ResourceRegistration<'_, C, R> {
        let resource = Arc::new(resource);
        let name = resource.type_name();
        let entry = ResourceEntry::new(resource.clone());
        let entry = match self.resources.entry(name) {
            Entry::Vacant(vacant) => vacant.insert(entry),
            Entry::Occupied(occupied) => {
                self.duplicates.push(name);
                occupied.into_mut()
            }
        };
        ResourceRegistration { entry, resource }
    }

    /// Adds a data source.
    pub fn data_source<D: DataSource<C>>(&mut self, data_source: D) {
        let name = data_source.type_name();
        let entry = DataSourceEntry { handler: Arc::new(data_source), schema: OnceLock::new() };
        if self.data_sources.insert(name, entry).is_some() {
            self.duplicates.push(name);
        }
    }

    /// The schema of a managed resource.
    pub fn resource_schema(&self, type_name: &str) -> Option<&ObjectSchema> {
        self.resources.get(type_name).map(|entry| &entry.schema().object)
    }

    /// The schema of a data source.
    pub fn data_source_schema(&self, type_name: &str) -> Option<&ObjectSchema> {
        self.data_sources.get(type_name).map(|entry| &entry.schema().object)
    }

    /// Adds a function.
    pub fn function<F: Function>(&mut self, function: F) {
        let name = function.name();
        if self.functions.insert(name, Arc::new(function)).is_some() {
            self.duplicates.push(name);
        }
    }
}

/// A resource that was just added to a [`Registry`].
pub struct ResourceRegistration<'r, C, R> {
    entry: &'r mut ResourceEntry<C>,
    resource: Arc<R>,
}

impl<C: Send + Sync + 'static, R: Resource<C>> ResourceRegistration<'_, C, R> {
    /// It can be imported.
    pub fn importable(self) -> Self
    where
        R: ImportState<C>,
    {
        self.entry.import = Some(self.resource.clone());
        self
    }

    /// States of older schema versions can be brought up to date.
    pub fn upgradable(self) -> Self
    where
        R: UpgradeState<C>,
    {
        self.entry.upgrade = Some(Ability::new(&self.resource));
        self
    }

    /// It takes over the state of other types in `moved` blocks.
    pub fn movable(self) -> Self
    where
        R: MoveState<C>,
    {
        self.entry.moves = Some(Ability::new(&self.resource));
        self
    }

    /// It has an identity.
    pub fn identified(self) -> Self
    where
        R: Identified<C>,
    {
        self.entry.identified = Some(Ability::new(&self.resource));
        self
    }

    /// It writes its own configuration.
    pub fn generates_config(self) -> Self
    where
        R: GenerateConfig<C>,
    {
        self.entry.generate = Some(Ability::new(&self.resource));
        self
    }
}

/// A schema and the type of its values.
#[derive(Debug)]
pub(crate) struct TypedSchema {
    pub(crate) object: ObjectSchema,
    pub(crate) ty: Type,
}

impl TypedSchema {
    pub(crate) fn new(object: ObjectSchema) -> Self {
        Self { ty: object.type_expression(), object }
    }
}

pub(crate) struct ResourceEntry<C> {
    pub(crate) handler: Arc<dyn DynResource<C>>,
    pub(crate) import: Option<Arc<dyn DynImport<C>>>,
    pub(crate) upgrade: Option<Arc<dyn DynUpgrade>>,
    pub(crate) moves: Option<Arc<dyn DynMove>>,
    pub(crate) identified: Option<Arc<dyn DynIdentified>>,
    pub(crate) generate: Option<Arc<dyn DynGenerate>>,
    schema: OnceLock<TypedSchema>,
    identity_schema: OnceLock<TypedSchema>,
}

impl<C: Send + Sync + 'static> ResourceEntry<C> {
    fn new<R: Resource<C>>(resource: Arc<R>) -> Self {
        Self {
            handler: resource,
            import: None,
            upgrade: None,
            moves: None,
            identified: None,
            generate: None,
            schema: OnceLock::new(),
            identity_schema: OnceLock::new(),
        }
    }

    /// Made when it is first asked for: most processes use few of a provider's types.
    pub(crate) fn schema(&self) -> &TypedSchema {
        self.schema.get_or_init(|| TypedSchema::new(self.handler.schema()))
    }

    pub(crate) fn identity_schema(&self) -> Option<&TypedSchema> {
        let identified = self.identified.as_ref()?;
        Some(self.identity_schema.get_or_init(|| TypedSchema::new(identified.schema())))
    }
}

pub(crate) struct DataSourceEntry<C> {
    pub(crate) handler: Arc<dyn DynDataSource<C>>,
    schema: OnceLock<TypedSchema>,
}

impl<C> DataSourceEntry<C> {
    pub(crate) fn schema(&self) -> &TypedSchema {
        self.schema.get_or_init(|| TypedSchema::new(self.handler.schema()))
    }
}
