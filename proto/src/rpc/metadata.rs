//! GetMetadata, GetProviderSchema, GetFunctions: what is on offer.

use std::collections::HashMap;
use std::sync::Arc;

use super::state::Shared;
use crate::core::fault::fault;
use crate::function::DynFunction;
use crate::proto::tfplugin6 as pb;
use crate::schema::validate::is_identifier;
use crate::schema::{SchemaRole, problems};
use crate::wire::to_wire;
use crate::{Diagnostics, Path, Provider};

fn capabilities<P: Provider>(shared: &Shared<P>) -> pb::ServerCapabilities {
    pb::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: shared.registry.resources.values().any(|entry| entry.moves.is_some()),
        generate_resource_config: true,
    }
}

pub(super) async fn metadata<P: Provider>(
    shared: Arc<Shared<P>>,
    _: pb::get_metadata::Request,
) -> pb::get_metadata::Response {
    use pb::get_metadata::{DataSourceMetadata, FunctionMetadata, ResourceMetadata};
    let registry = &shared.registry;
    let name = |name: &&str| (*name).to_owned();
    pb::get_metadata::Response {
        server_capabilities: Some(capabilities(&shared)),
        resources: registry.resources.keys().map(|n| ResourceMetadata { type_name: name(n) }).collect(),
        data_sources: registry.data_sources.keys().map(|n| DataSourceMetadata { type_name: name(n) }).collect(),
        functions: registry.functions.keys().map(|n| FunctionMetadata { name: name(n) }).collect(),
        ..Default::default()
    }
}

pub(super) async fn schemas<P: Provider>(
    shared: Arc<Shared<P>>,
    _: pb::get_provider_schema::Request,
) -> pb::get_provider_schema::Response {
    let registry = &shared.registry;
    let resource_schemas = registry.resources.iter().map(|(name, entry)| {
        ((*name).to_owned(), to_wire::schema(&entry.schema().object, entry.handler.schema_version()))
    });
    let data_source_schemas = registry
        .data_sources
        .iter()
        .map(|(name, entry)| ((*name).to_owned(), to_wire::schema(&entry.schema().object, 0)));
    pb::get_provider_schema::Response {
        provider: Some(to_wire::schema(&shared.schema().object, 0)),
        resource_schemas: resource_schemas.collect(),
        data_source_schemas: data_source_schemas.collect(),
        functions: function_map(&shared),
        diagnostics: to_wire::diagnostics(faults(&shared)),
        server_capabilities: Some(capabilities(&shared)),
        ..Default::default()
    }
}

pub(super) async fn functions<P: Provider>(
    shared: Arc<Shared<P>>,
    _: pb::get_functions::Request,
) -> pb::get_functions::Response {
    pb::get_functions::Response { functions: function_map(&shared), diagnostics: Vec::new() }
}

fn function_map<P: Provider>(shared: &Shared<P>) -> HashMap<String, pb::Function> {
    let functions = shared.registry.functions.iter();
    functions.map(|(name, function)| ((*name).to_owned(), to_wire::function(function.as_ref()))).collect()
}

/// Everything about the provider that Terraform would refuse or crash on.
pub(super) fn faults<P: Provider>(shared: &Shared<P>) -> Diagnostics {
    let registry = &shared.registry;
    let mut found: Vec<String> = registry.duplicates.iter().map(|name| format!("{name} is registered twice")).collect();
    let mut check = |name: &str, schema: &crate::ObjectSchema, role| {
        found.extend(problems(schema, role).into_iter().map(|problem| format!("in the schema of {name}, {problem}")));
    };
    check("the provider", &shared.schema().object, SchemaRole::Provider);
    for (name, entry) in &registry.resources {
        check(name, &entry.schema().object, SchemaRole::Resource);
        if let Some(identity) = entry.identity_schema() {
            check(&format!("the identity of {name}"), &identity.object, SchemaRole::Identity);
        }
    }
    for (name, entry) in &registry.data_sources {
        check(name, &entry.schema().object, SchemaRole::DataSource);
    }
    let types = registry.resources.keys().chain(registry.data_sources.keys());
    found.extend(
        types.filter(|name| !is_identifier(name)).map(|name| format!("{name:?} is not a valid name for a type")),
    );
    for (name, entry) in &registry.resources {
        if entry.handler.schema_version() < 0 {
            found.push(format!("the schema version of {name} is negative"));
        }
    }
    for (name, function) in &registry.functions {
        found.extend(
            function_problems(function.as_ref()).into_iter().map(|problem| format!("function {name}: {problem}")),
        );
    }
    let mut faults = Diagnostics::new();
    faults.extend(found.into_iter().map(|problem| fault(&Path::root(), problem)));
    faults
}

fn function_problems(function: &dyn DynFunction) -> Vec<String> {
    let mut found = Vec::new();
    if !is_identifier(function.name()) {
        found.push("this is not a valid name for a function".to_owned());
    }
    let (parameters, types) = (function.signature().parameters, function.types());
    if parameters.len() != types.len() {
        found.push(format!("there are {} parameters for {} arguments", parameters.len(), types.len()));
    }
    for (position, parameter) in parameters.iter().enumerate() {
        if !is_identifier(&parameter.name) {
            found.push(format!("{:?} is not a valid name for a parameter", parameter.name));
        }
        if parameters[..position].iter().any(|earlier| earlier.name == parameter.name) {
            found.push(format!("there are two parameters {:?}", parameter.name));
        }
    }
    if types.iter().rev().skip(1).any(|(_, variadic)| *variadic) {
        found.push("only the last parameter can be variadic".to_owned());
    }
    found
}
