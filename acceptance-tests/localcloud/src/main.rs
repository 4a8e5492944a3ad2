//! The command line of localcloud: the Google Cloud APIs, or the front before moto.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use localcloud::discovery::Discovery;
use localcloud::{Lag, Seed, Server, Settings, aws, lag};

/// The Google Cloud REST APIs of a deployment, on this machine.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Write the port into this file once the server answers
    #[arg(long)]
    port_file: Option<PathBuf>,
    /// A new, empty project to start with, by its id; may be repeated
    #[arg(long, value_name = "ID")]
    project: Vec<String>,
    /// An environment to start with; may be repeated
    #[arg(long)]
    seed: Vec<PathBuf>,
    /// Keep the state in this file over a restart; where it knows a seed's project, it wins
    #[arg(long)]
    state: Option<PathBuf>,
    /// Folder of API discovery documents: refuse what the real API would refuse
    #[arg(long)]
    discovery: Option<PathBuf>,
    /// Each API call takes at least this long, such as 50ms
    #[arg(long, value_parser = parse_latency)]
    latency: Option<Duration>,
    /// How long a long-running operation takes, such as 3s; a bare number counts polls
    #[arg(long, value_name = "TIME")]
    operations: Option<Lag>,
    /// How long a new service account is unknown, such as 2s; a bare number counts calls
    #[arg(long, value_name = "TIME")]
    new_accounts: Option<Lag>,
    /// How long a new subscription is not seen, such as 3s; a bare number counts reads
    #[arg(long, value_name = "TIME")]
    new_subscriptions: Option<Lag>,
    /// Append one JSON line for each API call to this file
    #[arg(long)]
    log: Option<PathBuf>,
    /// Take callers for people with application default credentials: some APIs then want X-Goog-User-Project
    #[arg(long)]
    user_credentials: bool,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// A front before a moto that runs: it logs the calls, takes its time, and spoils those that a fault is armed for
    Aws(Front),
}

#[derive(Debug, clap::Args)]
struct Front {
    /// Where moto listens, such as http://127.0.0.1:5000
    #[arg(long, value_name = "URL")]
    moto: String,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Write the port into this file once the front answers
    #[arg(long)]
    port_file: Option<PathBuf>,
    /// Each call takes at least this long, such as 50ms
    #[arg(long, value_parser = parse_latency)]
    latency: Option<Duration>,
    /// Append one JSON line for each call to this file
    #[arg(long)]
    log: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut args = Args::parse();
    let ran = match args.other.take() {
        Some(Other::Aws(front)) => serve_front(front),
        None => run(args),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            eprintln!("localcloud: {text}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let usual = Settings::default();
    let settings = Settings {
        operations: args.operations.unwrap_or(usual.operations),
        new_accounts: args.new_accounts.unwrap_or(usual.new_accounts),
        new_subscriptions: args.new_subscriptions.unwrap_or(usual.new_subscriptions),
        user_credentials: args.user_credentials,
        ..usual
    };
    let mut builder = Server::builder().listen(args.listen).settings(settings);
    let mut project = None;
    let new = args.project.iter().enumerate().map(|(number, id)| Ok(Seed::new_project(id, number)));
    for seed in new.chain(args.seed.iter().map(|path| Seed::from_file(path))) {
        let seed = seed?;
        project.get_or_insert_with(|| seed.project.project_id.clone());
        builder = builder.seed(seed);
    }
    if let Some(path) = args.state {
        builder = builder.state(path);
    }
    if let Some(folder) = &args.discovery {
        builder = builder.check(Arc::new(Discovery::open(folder)?));
    }
    if let Some(latency) = args.latency {
        builder = builder.latency(latency);
    }
    if let Some(path) = args.log {
        builder = builder.log(path);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let handle = builder.spawn().await?;
        if let Some(path) = &args.port_file {
            localcloud::write_whole(path, format!("{}\n", handle.address().port()).as_bytes())?;
        }
        eprintln!("localcloud serves at {}", handle.url());
        eprintln!("  point a provider at it:  export MLOPS_ENDPOINT={}", handle.url());
        if let Some(project) = project {
            eprintln!("                           export GOOGLE_PROJECT={project}");
        }
        eprintln!("  and a gcs backend:       export STORAGE_EMULATOR_HOST={}", handle.address());
        eprintln!("  see what it holds:       curl {}/_localcloud/snapshot", handle.url());
        stop_signal().await?;
        handle.stop()?;
        Ok(())
    })
}

fn serve_front(args: Front) -> Result<(), Box<dyn std::error::Error>> {
    let usual = aws::Settings::before(&args.moto);
    let latency = args.latency.unwrap_or(usual.latency);
    let settings = aws::Settings { listen: args.listen, latency, log: args.log, ..usual };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let front = settings.spawn().await?;
        if let Some(path) = &args.port_file {
            localcloud::write_whole(path, format!("{}\n", front.address().port()).as_bytes())?;
        }
        eprintln!("localcloud stands before {} at {}", args.moto, front.url());
        eprintln!("  point a provider at it:  export AWS_ENDPOINT_URL={}", front.url());
        eprintln!("  see what was called:     curl {}/_localcloud/requests", front.url());
        stop_signal().await?;
        Ok(())
    })
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// `50ms`, or `2s`; milliseconds where no unit is said.
fn parse_latency(text: &str) -> Result<Duration, String> {
    let milliseconds = || text.parse().ok().map(Duration::from_millis);
    lag::time(text).or_else(milliseconds).ok_or_else(|| "expected a number and ms or s, such as 50ms".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_units() {
        assert_eq!(parse_latency("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(parse_latency("2s"), Ok(Duration::from_secs(2)));
        assert!(parse_latency("2h").is_err());
    }
}
