//! `make bench`: the provider in this process at 52, 520 and 5,200 objects, against localcloud in the same process.
//!
//! Terraform's own time is not in these figures. A plan is pure: what it takes is the engine's and the SDK's work.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use acceptance_tests::{OBJECTS_PER_COPY, copies};
use localcloud::{Handle, Seed, Server};
use serde_json::json;
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::{TestAction, TestObject, TestProvider};

const TYPE: &str = "mlops_stack";
const PROJECT: &str = "dtu-mlops-data-482907";
const REGION: &str = "europe-west1";

fn main() {
    // Cargo passes `--bench`; numbers choose the copies.
    let chosen: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let counts = if chosen.is_empty() { vec![1, 10, 100] } else { chosen };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(&format!("no runtime: {error}")),
    };
    say("| objects | operation, in process, no latency | time | calls |");
    say("|---|---|---|---|");
    for count in counts {
        runtime.block_on(measure(count));
    }
}

async fn measure(count: usize) {
    let cloud = cloud().await;
    let provider = provider(&cloud).await;
    let config = copies(count);
    let objects = count * OBJECTS_PER_COPY;
    let mut changed = config.clone();
    changed["labels"] = json!({ "environment": "bench", "team": "ml" });
    let row = |name: &str, time: Duration, calls: usize| {
        say(&format!("| {objects} | {name} | {:.0} ms | {calls} |", time.as_secs_f64() * 1e3));
    };

    let started = Instant::now();
    let problems = provider.validate(TYPE, &config).await;
    row("validate", started.elapsed(), 0);
    assert!(!problems.has_error(), "{problems:#?}");

    let (time, plan) = timed(provider.plan(TYPE, None, &config)).await;
    row("plan of all that is new", time, 0);
    let plan = plan.unwrap_or_else(|problems| panic!("{problems:#?}"));

    cloud.clear_requests();
    let (time, (object, problems)) = timed(provider.apply(plan)).await;
    row("apply", time, cloud.requests().len());
    assert!(!problems.has_error(), "{problems:#?}");
    let object: TestObject = object.unwrap_or_else(|| panic!("nothing exists after the apply"));

    cloud.clear_requests();
    let (time, read) = timed(provider.read(&object)).await;
    row("refresh", time, cloud.requests().len());
    let object = read.ok().flatten().unwrap_or_else(|| panic!("nothing was read"));

    let (time, plan) = timed(provider.plan(TYPE, Some(&object), &config)).await;
    row("plan of no change", time, 0);
    assert_eq!(plan.map(|plan| plan.action).ok(), Some(TestAction::NoOp));

    let (time, plan) = timed(provider.plan(TYPE, Some(&object), &changed)).await;
    row("plan of one more label on everything", time, 0);
    assert_eq!(plan.map(|plan| plan.action).ok(), Some(TestAction::Update));

    cloud.clear_requests();
    let (time, imported) = timed(provider.import(TYPE, &format!("{PROJECT}/{REGION}/bench"))).await;
    row("import, with its read", time, cloud.requests().len());
    let imported = match imported {
        Ok((Some(object), _)) => object,
        other => panic!("nothing was imported: {other:#?}"),
    };
    let (time, generated) = timed(provider.generate_config(&imported)).await;
    row("generate the configuration", time, 0);
    assert!(generated.is_ok());
    let lines = |object: &TestObject| object.state.get("inventory").as_elements().map_or(0, <[_]>::len);
    assert_eq!(lines(&imported), objects, "the import holds other objects than were made");
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let started = Instant::now();
    let done = work.await;
    (started.elapsed(), done)
}

async fn cloud() -> Handle {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../acceptance-tests/environments/ct-scan-project.json");
    let seed = Seed::from_file(&seed).unwrap_or_else(|error| panic!("{}: {error}", seed.display()));
    Server::builder().seed(seed).spawn().await.unwrap_or_else(|error| panic!("{error}"))
}

async fn provider(cloud: &Handle) -> TestProvider<Mlops> {
    let provider = TestProvider::new(Mlops).await;
    let settings = json!({ "project": PROJECT, "region": REGION, "endpoint": cloud.url() });
    let problems = provider.configure(&settings).await;
    assert!(!problems.has_error(), "{problems:#?}");
    provider
}

fn say(text: &str) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
