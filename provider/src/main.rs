//! The provider's binary: serves, and nothing else.

use std::process::ExitCode;

use terraform_provider_mlops::provider::{ADDRESS, Mlops};
use tfplugin::serve::{ServeOptions, serve};

fn main() -> ExitCode {
    serve(Mlops, ServeOptions { address: ADDRESS, version: env!("CARGO_PKG_VERSION") })
}
