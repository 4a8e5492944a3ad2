//! The program around a provider: handshake, transport, logs, signals, end.
//!
//! [`serve`] is all that a provider's `main` calls. Nothing here knows a resource.

mod accept;
mod clients;
mod companions;
mod connection;
mod handshake;
mod listen;
mod log;
mod panic;
mod process;
mod reattach;
mod stop;
mod tls;
mod tracked;

use std::ffi::OsString;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

use crate::Provider;
use crate::proto::tfplugin6::provider_server::ProviderServer;
use handshake::Invitation;
pub use listen::ListenError;
pub use process::ServeError;
use process::{Start, Work};
pub use tls::TlsError;
use tracked::Tracked;

/// Bytes of the largest message taken: a state can be large, and gRPC's own limit of 4 MiB is not meant for it.
const LARGEST_MESSAGE: usize = 256 << 20;

/// What the program is called by.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServeOptions {
    /// The provider's source address, whole: `registry.terraform.io/NAMESPACE/TYPE`.
    pub address: &'static str,
    /// The provider's version, for crash reports.
    pub version: &'static str,
}

/// Serves `provider` until Terraform ends it; a provider's `main` returns what this returns.
///
/// Started by Terraform it answers the handshake. With `-debug` it prints the line that lets Terraform use this very
/// process, and serves until Ctrl-C. Started in any other way it says on stderr what it is, and fails.
///
/// While it serves, stdout belongs to the handshake: print nothing. Log with `tracing`; what Terraform is asked to show
/// (`TF_LOG`, `TF_LOG_PROVIDER`, `TF_LOG_PROVIDER_<TYPE>`, `TF_LOG_SDK`) goes to stderr.
pub fn serve<P: Provider>(provider: P, options: ServeOptions) -> ExitCode {
    panic::install(format!("{} {}", options.address, options.version));
    let environment = |name: &str| std::env::var(name).ok();
    let Some(start) = start(std::env::args_os().skip(1), environment) else {
        eprintln!("{}", about(options));
        return ExitCode::FAILURE;
    };
    log::install(options.address.rsplit('/').next().unwrap_or_default(), environment);
    if start == Start::Debug {
        eprintln!("Serving until Ctrl-C. Run Terraform in another shell with the variable that follows.");
    }
    match run(provider, options, start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Terraform shows what follows these words, and nothing else that a dying plugin says.
            eprintln!("fatal error: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run<P: Provider>(provider: P, options: ServeOptions, start: Start) -> Result<(), ServeError> {
    let runtime = runtime().map_err(ServeError::System)?;
    let service = crate::rpc::Service::new(provider);
    let service = match start {
        Start::Debug => service.restarting(),
        Start::Invited(_) => service.beside_the_configuration(),
    };
    let running = TaskTracker::new();
    let stop = {
        // The token of the moment: in a process for several runs each has its own.
        let service = service.clone();
        Box::new(move || service.stop_token().cancel())
    };
    let server =
        ProviderServer::new(service).max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(usize::MAX);
    let work =
        Work { routes: Routes::new(Tracked::new(server, running.clone())), stop, running, source: options.address };
    let result = runtime.block_on(process::run(start, work));
    // A handler that blocks a thread does not block the end.
    runtime.shutdown_background();
    result
}

/// Handlers wait for a network nearly all the time. More than one thread, since one that computes must not hold up
/// Terraform's word to stop; not a thread per core, since Terraform starts several of these processes at once.
fn runtime() -> std::io::Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
    // Deep values are walked by recursion. Pages of a stack that are not touched cost nothing.
    Builder::new_multi_thread().worker_threads(threads).thread_stack_size(8 << 20).enable_all().build()
}

fn start(mut arguments: impl Iterator<Item = OsString>, environment: impl Fn(&str) -> Option<String>) -> Option<Start> {
    match arguments.next() {
        Some(flag) if flag == "-debug" || flag == "--debug" => Some(Start::Debug),
        Some(_) => None,
        None => Invitation::read(environment).map(Start::Invited),
    }
}

fn about(options: ServeOptions) -> String {
    let ServeOptions { address, version } = options;
    format!(
        "This is the Terraform provider {address} {version}.\n\
         Terraform starts it by itself: name it in the required_providers of a configuration, and run terraform init.\n\
         To try a build of your own, name its folder in dev_overrides of Terraform's CLI configuration, or start it with\n\
         -debug and run Terraform with the variable that it prints."
    )
}

/// An error with its causes, each after the other.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_started_by_hand_is_told_what_it_is() {
        assert_eq!(start([].into_iter(), |_| None), None);
        assert!(about(ServeOptions { address: "example.com/a/b", version: "1" }).contains("example.com/a/b 1"));
    }

    #[test]
    fn debug_is_spelt_with_one_dash_or_two() {
        for flag in ["-debug", "--debug"] {
            assert_eq!(start([OsString::from(flag)].into_iter(), |_| None), Some(Start::Debug));
        }
    }

    #[test]
    fn an_argument_that_means_nothing_is_refused() {
        let invited = |_: &str| Some("d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2".to_owned());
        assert_eq!(start([OsString::from("-help")].into_iter(), invited), None);
    }

    #[test]
    fn an_error_is_printed_with_its_causes() {
        let error = ServeError::System(std::io::Error::other("no descriptors"));
        assert_eq!(chain(&error), "the system refuses what every provider needs: no descriptors");
    }
}
