//! The generated server trait, answered.

use std::sync::Arc;

use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::state::Shared;
use crate::Provider;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::provider_server::Provider as Server;

/// A provider as a gRPC service. Clones share everything.
pub struct Service<P: Provider>(Arc<Shared<P>>);

impl<P: Provider> Clone for Service<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Provider> Service<P> {
    /// The service of `provider`. Nothing but registration happens here: the process must answer at once.
    pub fn new(provider: P) -> Self {
        Self(Arc::new(Shared::new(provider)))
    }

    /// A stop holds until the provider is configured again: for processes that serve one run after the other.
    #[must_use]
    pub fn restarting(self) -> Self {
        self.0.restart_on_configure();
        self
    }

    /// The process runs in the directory of the configuration: [`Provider::validate_files`] is called.
    #[must_use]
    pub fn beside_the_configuration(self) -> Self {
        self.0.check_files();
        self
    }

    pub(crate) fn shared(&self) -> &Shared<P> {
        &self.0
    }

    /// Cancelled when Terraform asks to stop. Cancelling it has the same effect.
    pub fn stop_token(&self) -> CancellationToken {
        self.0.stop_token()
    }
}

/// The streams of calls that are not implemented.
type NoStream<T> = BoxStream<'static, Result<T, Status>>;

fn unimplemented<T>(call: &str) -> Result<Response<T>, Status> {
    Err(Status::unimplemented(format!("this provider does not implement {call}")))
}

/// Methods whose answer is made by the module of their name.
macro_rules! answered {
    ($($method:ident($module:ident) by $answer:path;)*) => { $(
        fn $method<'life0, 'async_trait>(
            &'life0 self,
            request: Request<pb::$module::Request>,
        ) -> futures::future::BoxFuture<'async_trait, Result<Response<pb::$module::Response>, Status>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            let shared = self.0.clone();
            Box::pin(async move { Ok(Response::new($answer(shared, request.into_inner()).await)) })
        }
    )* };
}

/// Methods of features that this SDK does not offer, as the protocol wants them answered.
macro_rules! not_offered {
    ($($method:ident($request:ty) -> $response:ty;)*) => { $(
        fn $method<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> futures::future::BoxFuture<'async_trait, Result<Response<$response>, Status>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { unimplemented(stringify!($method)) })
        }
    )* };
}

impl<P: Provider> Server for Service<P> {
    type ListResourceStream = NoStream<pb::list_resource::Event>;
    type ReadStateBytesStream = NoStream<pb::read_state_bytes::Response>;
    type InvokeActionStream = NoStream<pb::invoke_action::Event>;

    answered! {
        get_metadata(get_metadata) by super::metadata::metadata;
        get_provider_schema(get_provider_schema) by super::metadata::schemas;
        get_resource_identity_schemas(get_resource_identity_schemas) by super::identity::schemas;
        get_functions(get_functions) by super::metadata::functions;
        validate_provider_config(validate_provider_config) by super::validate::provider;
        configure_provider(configure_provider) by super::configure::configure;
        stop_provider(stop_provider) by super::configure::stop;
        validate_resource_config(validate_resource_config) by super::validate::resource;
        upgrade_resource_state(upgrade_resource_state) by super::upgrade::upgrade;
        upgrade_resource_identity(upgrade_resource_identity) by super::identity::upgrade;
        read_resource(read_resource) by super::read::read;
        plan_resource_change(plan_resource_change) by super::plan::plan;
        apply_resource_change(apply_resource_change) by super::apply::apply;
        import_resource_state(import_resource_state) by super::import::import;
        move_resource_state(move_resource_state) by super::move_state::move_state;
        generate_resource_config(generate_resource_config) by super::generate_config::generate;
        validate_data_resource_config(validate_data_resource_config) by super::validate::data_source;
        read_data_source(read_data_source) by super::data_source::read;
        call_function(call_function) by super::function::call;
    }

    not_offered! {
        validate_ephemeral_resource_config(pb::validate_ephemeral_resource_config::Request)
            -> pb::validate_ephemeral_resource_config::Response;
        open_ephemeral_resource(pb::open_ephemeral_resource::Request) -> pb::open_ephemeral_resource::Response;
        renew_ephemeral_resource(pb::renew_ephemeral_resource::Request) -> pb::renew_ephemeral_resource::Response;
        close_ephemeral_resource(pb::close_ephemeral_resource::Request) -> pb::close_ephemeral_resource::Response;
        validate_list_resource_config(pb::validate_list_resource_config::Request)
            -> pb::validate_list_resource_config::Response;
        list_resource(pb::list_resource::Request) -> Self::ListResourceStream;
        validate_action_config(pb::validate_action_config::Request) -> pb::validate_action_config::Response;
        plan_action(pb::plan_action::Request) -> pb::plan_action::Response;
        invoke_action(pb::invoke_action::Request) -> Self::InvokeActionStream;
        validate_state_store_config(pb::validate_state_store::Request) -> pb::validate_state_store::Response;
        configure_state_store(pb::configure_state_store::Request) -> pb::configure_state_store::Response;
        read_state_bytes(pb::read_state_bytes::Request) -> Self::ReadStateBytesStream;
        write_state_bytes(Streaming<pb::write_state_bytes::RequestChunk>) -> pb::write_state_bytes::Response;
        lock_state(pb::lock_state::Request) -> pb::lock_state::Response;
        unlock_state(pb::unlock_state::Request) -> pb::unlock_state::Response;
        get_states(pb::get_states::Request) -> pb::get_states::Response;
        delete_state(pb::delete_state::Request) -> pb::delete_state::Response;
    }
}
