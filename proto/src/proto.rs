//! The code generated from `plugin/*.proto`. Only `wire`, `rpc`, `serve` and tests look in here.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::unwrap_used, rustdoc::all)]

/// The Terraform plugin protocol.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// The protocol of the process that hosts plugins.
pub mod plugin {
    tonic::include_proto!("plugin");
}

/// The health check of gRPC servers.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
