//! A provider in this process, for unit tests: what Terraform does, without Terraform.
//!
//! Configurations are JSON; [`UNKNOWN`] stands for what is known only after apply. Every call goes through the wire
//! format and the same rules as in production, and the harness holds plans to what Terraform demands.

mod config;
pub(crate) mod proposed;

use serde_json::Value as Json;
use tonic::Request;

pub use self::config::UNKNOWN;
use crate::core::conform::conform;
use crate::function::FunctionError;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::provider_server::Provider as Server;
use crate::registry::TypedSchema;
use crate::rpc::Service;
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, ObjectSchema, Path, Private, Provider};

/// A provider that answers a test.
///
/// Methods panic when the test itself is wrong: a type that the provider does not have, a configuration that does not
/// fit its schema.
pub struct TestProvider<P: Provider> {
    service: Service<P>,
}

/// A managed object as Terraform stores it.
#[derive(Clone, Debug)]
pub struct TestObject {
    /// The resource type.
    pub type_name: String,
    /// Its state.
    pub state: Dynamic,
    /// Its private data.
    pub private: Private,
    /// Whether its creation failed half-way.
    pub tainted: bool,
    identity: Option<pb::ResourceIdentityData>,
}

/// What a plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestAction {
    /// Nothing.
    NoOp,
    /// Makes an object.
    Create,
    /// Changes it in place.
    Update,
    /// Deletes it and makes another.
    Replace,
    /// Deletes it.
    Delete,
}

/// A plan to be looked at and applied.
#[derive(Clone, Debug)]
pub struct TestPlan {
    /// What it does.
    pub action: TestAction,
    /// What there will be; null when it is deleted.
    pub planned: Dynamic,
    /// Why it is replaced.
    pub requires_replace: Vec<Path>,
    /// Warnings.
    pub diagnostics: Diagnostics,
    /// Private data of the plan.
    pub private: Private,
    type_name: String,
    prior: Option<TestObject>,
    config: Dynamic,
    identity: Option<pb::ResourceIdentityData>,
}

/// What one PlanResourceChange answered.
struct Planned {
    value: Dynamic,
    private: Vec<u8>,
    requires_replace: Vec<Path>,
    diagnostics: Diagnostics,
    identity: Option<pb::ResourceIdentityData>,
}

/// A call to the service. It never answers with a gRPC error where it is implemented.
macro_rules! call {
    ($provider:expr, $method:ident, $request:expr) => {
        match Server::$method(&$provider.service, Request::new($request)).await {
            Ok(response) => response.into_inner(),
            Err(status) => panic!("{}: {status}", stringify!($method)),
        }
    };
}

impl<P: Provider> TestProvider<P> {
    /// A provider that is not configured yet.
    ///
    /// # Panics
    /// When Terraform would refuse its schemas.
    pub async fn new(provider: P) -> Self {
        let provider = Self { service: Service::new(provider) };
        let schemas = call!(provider, get_provider_schema, pb::get_provider_schema::Request {});
        let faults = from_wire::diagnostics(schemas.diagnostics);
        assert!(faults.is_empty(), "the provider's schemas are faulty: {faults:#?}");
        provider
    }

    /// Sends StopProvider.
    pub async fn stop(&self) {
        call!(self, stop_provider, pb::stop_provider::Request {});
    }

    /// Configures the provider.
    pub async fn configure(&self, config: &Json) -> Diagnostics {
        let schema = self.service.shared().schema();
        let config = written(schema, config);
        let request = pb::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config: Some(encode(schema, &config)),
            client_capabilities: None,
        };
        from_wire::diagnostics(call!(self, configure_provider, request).diagnostics)
    }

    /// The schema of a resource: what a test that holds for all attributes walks.
    pub fn resource_schema(&self, type_name: &str) -> &ObjectSchema {
        &self.schema(type_name).object
    }

    fn schema(&self, type_name: &str) -> &TypedSchema {
        match self.service.shared().resource(type_name) {
            Ok(entry) => entry.schema(),
            Err(problem) => panic!("{}", problem.summary),
        }
    }

    /// Validates a resource's configuration.
    pub async fn validate(&self, type_name: &str, config: &Json) -> Diagnostics {
        let schema = self.schema(type_name);
        let request = pb::validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(encode(schema, &written(schema, config))),
            client_capabilities: Some(pb::ClientCapabilities {
                write_only_attributes_allowed: true,
                ..Default::default()
            }),
        };
        from_wire::diagnostics(call!(self, validate_resource_config, request).diagnostics)
    }

    /// Plans what makes `prior` (nothing: a creation) be as `config` says (null: a deletion).
    ///
    /// # Errors
    /// With the provider's diagnostics.
    pub async fn plan(
        &self,
        type_name: &str,
        prior: Option<&TestObject>,
        config: &Json,
    ) -> Result<TestPlan, Diagnostics> {
        let schema = self.schema(type_name);
        let config = written(schema, config);
        let tainted = prior.is_some_and(|prior| prior.tainted);
        let first = self.plan_change(type_name, prior.filter(|_| !tainted || config.is_null()), None, &config).await?;
        let prior_state = prior.map(|prior| prior.state.clone()).unwrap_or_default();
        let action = match prior {
            None => TestAction::Create,
            Some(_) if config.is_null() => TestAction::Delete,
            Some(_) if tainted || !first.requires_replace.is_empty() => TestAction::Replace,
            Some(_) if first.value == prior_state => TestAction::NoOp,
            Some(_) => TestAction::Update,
        };
        let mut diagnostics = first.diagnostics.clone();
        let requires_replace = first.requires_replace.clone();
        let last = if action == TestAction::Replace && !tainted {
            let second = self.plan_change(type_name, None, Some(&first), &config).await?;
            diagnostics.extend(second.diagnostics.clone());
            second
        } else {
            first
        };
        Ok(TestPlan {
            action,
            planned: last.value,
            requires_replace,
            diagnostics,
            private: Private::from_bytes(&last.private),
            type_name: type_name.to_owned(),
            prior: prior.cloned(),
            config,
            identity: last.identity,
        })
    }

    /// One PlanResourceChange; `first` is the plan that found out that the object must be replaced.
    async fn plan_change(
        &self,
        type_name: &str,
        prior: Option<&TestObject>,
        first: Option<&Planned>,
        config: &Dynamic,
    ) -> Result<Planned, Diagnostics> {
        let schema = self.schema(type_name);
        let prior_state = prior.map(|prior| prior.state.clone()).unwrap_or_default();
        let proposed =
            if config.is_null() { Dynamic::Null } else { proposed::proposed(&schema.object, &prior_state, config) };
        let private = prior.map(|prior| prior.private.to_bytes()).or(first.map(|first| first.private.clone()));
        let identity = prior.and_then(|prior| prior.identity.clone());
        let request = pb::plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(encode(schema, &prior_state)),
            proposed_new_state: Some(encode(schema, &proposed)),
            config: Some(encode(schema, config)),
            prior_private: private.unwrap_or_default(),
            prior_identity: identity.or(first.and_then(|first| first.identity.clone())),
            ..Default::default()
        };
        let response = call!(self, plan_resource_change, request);
        let diagnostics = from_wire::diagnostics(response.diagnostics);
        if diagnostics.has_error() {
            return Err(diagnostics);
        }
        Ok(Planned {
            value: decode(schema, response.planned_state.as_ref()),
            private: response.planned_private,
            requires_replace: response.requires_replace.iter().map(from_wire::path).collect(),
            diagnostics,
            identity: response.planned_identity,
        })
    }

    /// Applies a plan: the object that is stored then, and what was said. As in Terraform, the plan is made again
    /// first.
    ///
    /// # Panics
    /// When the second plan differs from the first, which Terraform answers with an error.
    pub async fn apply(&self, plan: TestPlan) -> (Option<TestObject>, Diagnostics) {
        let TestPlan { action, planned, type_name, prior, config, identity, private, .. } = plan;
        let mut diagnostics = Diagnostics::new();
        match action {
            TestAction::NoOp => return (prior, diagnostics),
            TestAction::Delete => {
                return self
                    .apply_change(&type_name, prior.as_ref(), &Dynamic::Null, &config, &private, identity)
                    .await;
            }
            TestAction::Create | TestAction::Update | TestAction::Replace => {}
        }
        assert!(config.is_wholly_known(), "a configuration with unknown values cannot be applied");
        let kept = if action == TestAction::Replace {
            let (left, problems) =
                self.apply_change(&type_name, prior.as_ref(), &Dynamic::Null, &Dynamic::Null, &private, None).await;
            diagnostics.extend(problems);
            if diagnostics.has_error() {
                return (left, diagnostics);
            }
            None
        } else {
            prior
        };
        let again = match self.plan_change(&type_name, kept.as_ref(), None, &config).await {
            Ok(again) => again,
            Err(problems) => {
                diagnostics.extend(problems);
                return (kept, diagnostics);
            }
        };
        assert_eq!(again.value, planned, "the plan of {type_name} is another one when it is made again");
        let private = Private::from_bytes(&again.private);
        let (object, problems) =
            self.apply_change(&type_name, kept.as_ref(), &planned, &config, &private, again.identity).await;
        diagnostics.extend(problems);
        (object, diagnostics)
    }

    async fn apply_change(
        &self,
        type_name: &str,
        prior: Option<&TestObject>,
        planned: &Dynamic,
        config: &Dynamic,
        private: &Private,
        identity: Option<pb::ResourceIdentityData>,
    ) -> (Option<TestObject>, Diagnostics) {
        let schema = self.schema(type_name);
        let prior_state = prior.map(|prior| prior.state.clone()).unwrap_or_default();
        let request = pb::apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(encode(schema, &prior_state)),
            planned_state: Some(encode(schema, planned)),
            config: Some(encode(schema, config)),
            planned_private: private.to_bytes(),
            planned_identity: identity,
            ..Default::default()
        };
        let response = call!(self, apply_resource_change, request);
        let diagnostics = from_wire::diagnostics(response.diagnostics);
        let state = decode(schema, response.new_state.as_ref());
        let object = Some(state).filter(|state| !state.is_null()).map(|state| TestObject {
            type_name: type_name.to_owned(),
            state,
            private: Private::from_bytes(&response.private),
            tainted: prior.is_none() && diagnostics.has_error(),
            identity: response.new_identity,
        });
        (object, diagnostics)
    }

    /// Plans and applies, and holds that a plan after it has nothing to do.
    ///
    /// # Panics
    /// When there are errors, or the second plan is not empty.
    pub async fn converge(&self, type_name: &str, prior: Option<&TestObject>, config: &Json) -> TestObject {
        let plan = match self.plan(type_name, prior, config).await {
            Ok(plan) => plan,
            Err(diagnostics) => panic!("the plan failed: {diagnostics:#?}"),
        };
        let (object, diagnostics) = self.apply(plan).await;
        assert!(!diagnostics.has_error(), "the apply failed: {diagnostics:#?}");
        let Some(object) = object else { panic!("nothing exists after the apply") };
        match self.plan(type_name, Some(&object), config).await {
            Ok(again) => assert_eq!(again.action, TestAction::NoOp, "a plan after the apply has changes: {again:#?}"),
            Err(diagnostics) => panic!("the plan after the apply failed: {diagnostics:#?}"),
        }
        object
    }

    /// Refreshes an object; nothing when it is gone.
    ///
    /// # Errors
    /// With the provider's diagnostics.
    pub async fn read(&self, object: &TestObject) -> Result<Option<TestObject>, Diagnostics> {
        let schema = self.schema(&object.type_name);
        let request = pb::read_resource::Request {
            type_name: object.type_name.clone(),
            current_state: Some(encode(schema, &object.state)),
            private: object.private.to_bytes(),
            current_identity: object.identity.clone(),
            ..Default::default()
        };
        let response = call!(self, read_resource, request);
        let diagnostics = from_wire::diagnostics(response.diagnostics);
        if diagnostics.has_error() {
            return Err(diagnostics);
        }
        let state = decode(schema, response.new_state.as_ref());
        Ok(Some(state).filter(|state| !state.is_null()).map(|state| TestObject {
            state,
            private: Private::from_bytes(&response.private),
            identity: response.new_identity,
            ..object.clone()
        }))
    }

    /// Imports an object by its id, and reads it as Terraform does. The diagnostics hold the import's warnings.
    ///
    /// # Errors
    /// With the provider's diagnostics.
    pub async fn import(&self, type_name: &str, id: &str) -> Result<(Option<TestObject>, Diagnostics), Diagnostics> {
        let request = pb::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        let response = call!(self, import_resource_state, request);
        let diagnostics = from_wire::diagnostics(response.diagnostics);
        if diagnostics.has_error() {
            return Err(diagnostics);
        }
        let [imported] = <[_; 1]>::try_from(response.imported_resources)
            .unwrap_or_else(|imported| panic!("{} objects were imported at once", imported.len()));
        let object = TestObject {
            type_name: imported.type_name,
            state: decode(self.schema(type_name), imported.state.as_ref()),
            private: Private::from_bytes(&imported.private),
            tainted: false,
            identity: imported.identity,
        };
        Ok((self.read(&object).await?, diagnostics))
    }

    /// The configuration that `-generate-config-out` would write.
    ///
    /// # Errors
    /// With the provider's diagnostics.
    pub async fn generate_config(&self, object: &TestObject) -> Result<Dynamic, Diagnostics> {
        let schema = self.schema(&object.type_name);
        let request = pb::generate_resource_config::Request {
            type_name: object.type_name.clone(),
            state: Some(encode(schema, &object.state)),
        };
        let response = call!(self, generate_resource_config, request);
        let diagnostics = from_wire::diagnostics(response.diagnostics);
        if diagnostics.has_error() { Err(diagnostics) } else { Ok(decode(schema, response.config.as_ref())) }
    }

    /// Reads a data source.
    ///
    /// # Errors
    /// With the provider's diagnostics.
    pub async fn data_source(&self, type_name: &str, config: &Json) -> Result<Dynamic, Diagnostics> {
        let schema = match self.service.shared().data_source(type_name) {
            Ok(entry) => entry.schema(),
            Err(problem) => panic!("{}", problem.summary),
        };
        let config = Some(encode(schema, &written(schema, config)));
        let validate =
            pb::validate_data_resource_config::Request { type_name: type_name.to_owned(), config: config.clone() };
        let diagnostics = from_wire::diagnostics(call!(self, validate_data_resource_config, validate).diagnostics);
        if diagnostics.has_error() {
            return Err(diagnostics);
        }
        let read = pb::read_data_source::Request { type_name: type_name.to_owned(), config, ..Default::default() };
        let response = call!(self, read_data_source, read);
        let diagnostics = from_wire::diagnostics(response.diagnostics);
        if diagnostics.has_error() { Err(diagnostics) } else { Ok(decode(schema, response.state.as_ref())) }
    }

    /// Calls a function.
    ///
    /// # Errors
    /// When the function fails.
    pub async fn call(&self, name: &str, arguments: &[Json]) -> Result<Dynamic, FunctionError> {
        let Some(function) = self.service.shared().registry.functions.get(name).cloned() else {
            panic!("there is no function {name:?}");
        };
        let types = function.types();
        let encoded = arguments.iter().enumerate().map(|(position, argument)| {
            let Some((ty, _)) = types.get(position).or(types.last()) else { panic!("{name} takes no arguments") };
            match to_wire::value(ty, &config::value(ty, argument)) {
                Ok(value) => value,
                Err(problem) => panic!("{}", problem.detail),
            }
        });
        let request = pb::call_function::Request { name: name.to_owned(), arguments: encoded.collect() };
        let response = call!(self, call_function, request);
        match response.error {
            Some(error) => Err(FunctionError {
                text: error.text,
                argument: error.function_argument.and_then(|argument| usize::try_from(argument).ok()),
            }),
            None => match from_wire::value(&function.result(), response.result.as_ref(), "result") {
                Ok(value) => Ok(value),
                Err(problem) => panic!("{}", problem.detail),
            },
        }
    }
}

/// A configuration as Terraform sends it: without blocks there are empty collections.
fn written(schema: &TypedSchema, config: &Json) -> Dynamic {
    match conform(&schema.object, config::value(&schema.ty, config)) {
        Ok(config) => config,
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn encode(schema: &TypedSchema, value: &Dynamic) -> pb::DynamicValue {
    match to_wire::value(&schema.ty, value) {
        Ok(value) => value,
        Err(problem) => panic!("{}", problem.detail),
    }
}

fn decode(schema: &TypedSchema, value: Option<&pb::DynamicValue>) -> Dynamic {
    match from_wire::value(&schema.ty, value, "answer") {
        Ok(value) => value,
        Err(problem) => panic!("{}", problem.detail),
    }
}
