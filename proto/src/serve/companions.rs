//! The services beside the provider's own that go-plugin expects of every server.
//!
//! Terraform opens the streams of stdio and broker at once and holds them open: they end when the process does, or a
//! graceful stop would wait for them for ever.

use std::convert::Infallible;
use std::pin::Pin;

use futures::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::proto::health::health_check_response::ServingStatus;
use crate::proto::health::health_server::{Health, HealthServer};
use crate::proto::health::{HealthCheckRequest, HealthCheckResponse};
use crate::proto::plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use crate::proto::plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::proto::plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::proto::plugin::{ConnInfo, Empty, StdioData};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The name under which go-plugin asks for a server's health.
const HEALTH_NAME: &str = "plugin";

/// Adds the services. `shutdown` is cancelled by the client's Shutdown; `ending` ends the open streams.
pub(super) fn add_to(routes: Routes, shutdown: &CancellationToken, ending: &CancellationToken) -> Routes {
    routes
        .add_service(GrpcControllerServer::new(Controller { shutdown: shutdown.clone() }))
        .add_service(GrpcStdioServer::new(Stdio { ending: ending.clone() }))
        .add_service(GrpcBrokerServer::new(Broker { ending: ending.clone() }))
        .add_service(HealthServer::new(AlwaysWell { ending: ending.clone() }))
}

struct Controller {
    shutdown: CancellationToken,
}

#[async_trait]
impl GrpcController for Controller {
    /// The answer is a stream in flight: a graceful stop sends it before it ends the connection.
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

struct Stdio {
    ending: CancellationToken,
}

#[async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Answers<StdioData>;

    /// Nothing ever comes: what is logged goes to stderr itself.
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(silence(self.ending.clone())))
    }
}

struct Broker {
    ending: CancellationToken,
}

#[async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Answers<ConnInfo>;

    /// Reads and offers nothing: no provider needs a second connection.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let offers = request.into_inner().filter_map(|_| std::future::ready(None));
        let ending = self.ending.clone();
        Ok(Response::new(Box::pin(offers.take_until(async move { ending.cancelled().await }))))
    }
}

struct AlwaysWell {
    ending: CancellationToken,
}

#[async_trait]
impl Health for AlwaysWell {
    type WatchStream = Answers<HealthCheckResponse>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match status(&request.into_inner().service) {
            ServingStatus::Serving => Ok(Response::new(answer(ServingStatus::Serving))),
            _ => Err(Status::not_found("there is no such service here")),
        }
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let now = answer(status(&request.into_inner().service));
        let later = silence(self.ending.clone());
        Ok(Response::new(Box::pin(stream::once(std::future::ready(Ok(now))).chain(later))))
    }
}

fn status(service: &str) -> ServingStatus {
    match service {
        "" | HEALTH_NAME => ServingStatus::Serving,
        _ => ServingStatus::ServiceUnknown,
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

/// Nothing, until `ending`.
fn silence<T: Send + 'static>(ending: CancellationToken) -> Answers<T> {
    let nothing = stream::once(async move { ending.cancelled().await })
        .filter_map(|()| std::future::ready(None::<Result<T, Infallible>>));
    Box::pin(nothing.map(|item| item.map_err(|never| match never {})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_health_of_the_plugin_is_asked_for_by_its_name() {
        let health = AlwaysWell { ending: CancellationToken::new() };
        let ask = |service: &str| Request::new(HealthCheckRequest { service: service.to_owned() });
        assert_eq!(health.check(ask("plugin")).await.unwrap().into_inner(), answer(ServingStatus::Serving));
        assert_eq!(health.check(ask("fish")).await.unwrap_err().code(), tonic::Code::NotFound);
    }

    #[tokio::test]
    async fn the_stream_of_output_ends_with_the_process_and_not_before() {
        let ending = CancellationToken::new();
        let mut output = Stdio { ending: ending.clone() }.stream_stdio(Request::new(())).await.unwrap().into_inner();
        assert!(futures::poll!(output.next()).is_pending());
        ending.cancel();
        assert!(output.next().await.is_none());
    }
}
