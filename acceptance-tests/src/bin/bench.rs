//! `make bench`: what a user waits for, as tables.
//!
//! First the provider alone (start to handshake line, memory, GetProviderSchema), then terraform on the CT-scan environment
//! (52 objects, and 10 and 100 times as many) and on the Plant Gateway at several latencies, with the number of calls, the
//! ratio to the shortest time in which they can be made, and the provider's memory; then apply and destroy of both where
//! operations take time. What the provider does alone, without Terraform: `provider/benches/scale.rs`.
//!
//! `bench 1 10` measures these sizes of the first only; `bench operations` measures the operations only.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use acceptance_tests::{
    CloudOptions, CriticalPath, Lag, OBJECTS_PER_COPY, OrFail, Request, Scene, Seed, Speed, Terraform, Workdir, World,
    critical_path, provider, workspace,
};

/// What Terraform sets for every provider process (the protocol's magic cookie).
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
const STARTS: usize = 20;
/// What is measured at which latencies in milliseconds.
const ENVIRONMENTS: &[(Environment, &[u64])] = &[
    (Environment::CtScan(1), &[0, 50, 200]),
    (Environment::CtScan(10), &[0, 50, 200]),
    (Environment::CtScan(100), &[0, 50]),
    (Environment::PlantGateway, &[0, 50, 200]),
];
/// How many calls the provider has in flight by default.
const PARALLELISM: u64 = 16;
/// How long operations take, in seconds.
const OPERATIONS: &[u64] = &[0, 3, 10];
/// What a call takes meanwhile.
const OPERATIONS_LATENCY: Duration = Duration::from_millis(50);
/// How long a new service account is unknown.
const NEW_ACCOUNTS: Duration = Duration::from_millis(100);
/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(10);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "operations") {
        return operations();
    }
    provider_alone();
    // Numbers choose the sizes, in copies of the 52 objects.
    environments(&arguments.iter().filter_map(|argument| argument.parse().ok()).collect::<Vec<usize>>());
    operations();
}

fn provider_alone() {
    let certificate = client_certificate();
    let mut starts: Vec<Duration> = Vec::new();
    let mut memory = 0;
    for _ in 0..STARTS {
        let (process, _, time) = start(Some(&certificate));
        memory = memory.max(resident_kilobytes(&process));
        end(process);
        starts.push(time);
    }
    let (process, line, _) = start(None);
    let schema = schema_times(&line);
    let memory_after = resident_kilobytes(&process);
    end(process);

    starts.sort();
    let size = std::fs::metadata(provider()).map(|file| file.len()).unwrap_or_default();
    say(&format!("provider {} ({:.1} MB)\n", provider().display(), size as f64 / 1e6));
    let median = starts.get(starts.len() / 2).copied().unwrap_or_default();
    let worst = starts.last().copied().unwrap_or_default();
    say("| start-up | measured | aim |");
    say("|---|---|---|");
    say(&format!("| exec to handshake line, median of {STARTS} | {:.1} ms | < 10 ms |", milliseconds(median)));
    say(&format!("| exec to handshake line, worst of {STARTS} | {:.1} ms | |", milliseconds(worst)));
    say(&format!("| resident memory at the handshake | {:.1} MB | < 15 MB |", memory as f64 / 1e3));
    if let Some((first, later, bytes)) = schema {
        say(&format!("| GetProviderSchema, first call ({} kB) | {:.1} ms | |", bytes / 1000, milliseconds(first)));
        say(&format!("| GetProviderSchema, later calls | {:.1} ms | |", milliseconds(later)));
    }
    say(&format!("| resident memory after it | {:.1} MB | |", memory_after as f64 / 1e3));
}

/// Starts the provider as Terraform does; the process, its handshake line, and the time until that line.
fn start(certificate: Option<&str>) -> (Child, String, Duration) {
    let mut command = Command::new(provider());
    command.env(COOKIE.0, COOKIE.1).env("PLUGIN_PROTOCOL_VERSIONS", "5,6");
    match certificate {
        Some(pem) => command.env("PLUGIN_CLIENT_CERT", pem),
        None => command.env_remove("PLUGIN_CLIENT_CERT"),
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let started = Instant::now();
    let mut process = command.spawn().or_fail("start the provider");
    let mut line = String::new();
    let output = process.stdout.as_mut().or_fail("take the provider's output");
    BufReader::new(output).read_line(&mut line).or_fail("read the handshake line");
    let time = started.elapsed();
    assert!(line.starts_with("1|6|"), "the handshake line is {line:?}");
    (process, line, time)
}

fn end(mut process: Child) {
    process.kill().or_fail("end the provider");
    process.wait().or_fail("wait for the provider");
}

/// Times of the first and of later GetProviderSchema calls, and the size of the answer.
fn schema_times(line: &str) -> Option<(Duration, Duration, usize)> {
    let fields: Vec<&str> = line.trim().split('|').collect();
    let ["1", "6", "unix", socket, ..] = fields.as_slice() else {
        return None;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().or_fail("start a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().http2_prior_knowledge().unix_socket(*socket).no_proxy().build().ok()?;
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..11 {
            let started = Instant::now();
            let request = client
                .post("http://localhost/tfplugin6.Provider/GetProviderSchema")
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(vec![0_u8; 5]);
            bytes = request.send().await.ok()?.bytes().await.ok()?.len();
            times.push(started.elapsed());
        }
        let first = times.remove(0);
        times.sort();
        Some((first, times[times.len() / 2], bytes))
    })
}

/// A certificate as Terraform makes one: P-521, an authority of its own.
fn client_certificate() -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).or_fail("make a key");
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).or_fail("name the certificate");
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.self_signed(&key).or_fail("sign the certificate").pem()
}

fn resident_kilobytes(process: &Child) -> u64 {
    let output = Command::new("ps").args(["-o", "rss=", "-p", &process.id().to_string()]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}

/// One measured operation.
struct Measured {
    name: &'static str,
    time: Duration,
    calls: usize,
    /// From the first call to the answer of the last.
    span: Duration,
    /// The shortest time for it, whatever a provider does.
    path: CriticalPath,
    /// Of all providers that ran, at most.
    kilobytes: u64,
}

impl Measured {
    /// The shortest time in which these calls can be made: one behind the other where one needs the other, and no more
    /// at once than the provider may have in flight.
    fn bound(&self, latency: u64) -> u64 {
        let calls = u64::try_from(self.calls).unwrap_or(u64::MAX);
        whole_milliseconds(self.path.time).max(calls * latency / PARALLELISM)
    }
}

fn environments(chosen: &[usize]) {
    let terraform = Terraform::preferred();
    say(&format!("\nWith {terraform}, whose own time is in the third column\n"));
    say("| environment, latency | operation | time | calls | first call to last | bound | ratio | memory |");
    say("|---|---|---|---|---|---|---|---|");
    for (environment, latencies) in ENVIRONMENTS {
        let is_chosen = matches!(environment, Environment::CtScan(copies) if chosen.contains(copies));
        if !chosen.is_empty() && !is_chosen {
            continue;
        }
        for latency in *latencies {
            for row in measure(*environment, Duration::from_millis(*latency)) {
                print(*environment, *latency, &row);
            }
        }
    }
}

fn print(environment: Environment, latency: u64, row: &Measured) {
    let bound = row.bound(latency);
    let span = milliseconds(row.span);
    let (bound, ratio) =
        if bound == 0 { Default::default() } else { (format!("{bound} ms"), format!("{:.2}", span / bound as f64)) };
    say(&format!(
        "| {}, {latency} ms | {} | {:.2} s | {} | {span:.0} ms | {bound} | {ratio} | {:.0} MB |",
        environment.name(),
        row.name,
        row.time.as_secs_f64(),
        row.calls,
        row.kilobytes as f64 / 1e3
    ));
}

/// Apply and destroy with operations that take time, through `endpoints`: to a common `endpoint` on this machine the
/// provider's first polls come faster than to Google.
fn operations() {
    say(&format!("\nThrough `endpoints`, {} ms a call\n", OPERATIONS_LATENCY.as_millis()));
    say(
        "| environment, operations | operation | calls | first call to last | critical path | ratio | more than it | what it is |",
    );
    say("|---|---|---|---|---|---|---|---|");
    for environment in [Environment::CtScan(1), Environment::PlantGateway] {
        for seconds in OPERATIONS {
            let bench =
                Bench::start(environment, OPERATIONS_LATENCY, Duration::from_secs(*seconds), Reached::Endpoints);
            for row in [bench.apply(), bench.destroy()] {
                let (span, path) = (row.span.as_secs_f64(), row.path.time.as_secs_f64());
                say(&format!(
                    "| {}, {seconds} s | {} | {} | {span:.2} s | {path:.2} s | {:.2} | {:.2} s | {} |",
                    environment.name(),
                    row.name,
                    row.calls,
                    span / path,
                    span - path,
                    row.path
                ));
            }
        }
    }
}

fn measure(environment: Environment, latency: Duration) -> Vec<Measured> {
    let bench = Bench::start(environment, latency, Duration::ZERO, Reached::Endpoint);
    let (world, main) = (&bench.world, &bench.main);
    let mut rows = Vec::new();
    rows.push(bench.time("validate", Bound::Chain(0), &|| main.validate().expect_none()));
    // Nothing is in the state, so nothing has to be read.
    rows.push(bench.time("plan of all that is new", Bound::Chain(0), &|| assert!(main.plan(&[]).succeeded())));
    rows.push(bench.apply());
    // The lists, then what is inside of what they hold.
    rows.push(bench.time("refresh and plan", Bound::Chain(2), &|| main.plan(&[]).expect_empty()));
    let id = format!("{}/{}/{}", world.seed.project, environment.region(), environment.stack());
    let import = world.directory("import", &format!("import {{\n  to = mlops_stack.it\n  id = \"{id}\"\n}}\n"));
    import.write("main.tf", &environment.placed(&import.read("main.tf")));
    // The project, the lists, then the policies of what they hold.
    rows.push(bench.time("import, configuration generated", Bound::Chain(3), &|| {
        let planned = import.generate_config("generated.tf");
        assert!(planned.succeeded(), "{}", planned.diagnostics);
    }));
    rows.push(bench.destroy());
    rows
}

/// How the provider reaches localcloud.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// By one address for all hosts.
    Endpoint,
    /// By one for each host, as those with private access do.
    Endpoints,
}

/// Where the shortest time of an operation comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// So many calls behind each other.
    Chain(u32),
    /// What the APIs demand.
    Demanded,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Environment {
    /// So many copies of the CT-scan environment's 52 objects.
    CtScan(usize),
    /// The example of the Plant Gateway.
    PlantGateway,
}

impl Environment {
    fn name(self) -> String {
        match self {
            Self::CtScan(copies) => format!("{} objects", copies * OBJECTS_PER_COPY),
            Self::PlantGateway => "Plant Gateway".to_owned(),
        }
    }

    fn seed(self) -> Seed {
        match self {
            Self::CtScan(_) => Seed::ct_scan_project(),
            Self::PlantGateway => Seed::plant_gateway(),
        }
    }

    fn region(self) -> &'static str {
        match self {
            Self::CtScan(_) => "europe-west1",
            Self::PlantGateway => "asia-south1",
        }
    }

    /// The stack's name.
    fn stack(self) -> &'static str {
        match self {
            Self::CtScan(_) => "bench",
            Self::PlantGateway => "plant",
        }
    }

    /// The head of a configuration in this environment's region.
    fn placed(self, head: &str) -> String {
        head.replace("europe-west1", self.region())
    }

    /// Writes the stack beside the head of the configuration.
    fn write(self, work: &Workdir) {
        match self {
            Self::CtScan(copies) => {
                let stack =
                    serde_json::json!({ "resource": { "mlops_stack": { "it": acceptance_tests::copies(copies) } } });
                work.write("stack.tf.json", &stack.to_string());
            }
            Self::PlantGateway => {
                let folder = workspace().join("examples/environments/plant-gateway");
                let read = |name: &str| std::fs::read_to_string(folder.join(name)).or_fail(format!("read {name}"));
                work.write("stack.tf", &read("main.tf"));
                work.write("variables.tf", &read("variables.tf"));
                let values = ["database_password", "jwt_secret", "launchdarkly_sdk_key"];
                let values: String = values.iter().map(|name| format!("{name} = \"made-up\"\n")).collect();
                work.write("bench.auto.tfvars", &format!("{values}deletion_protection = false\n"));
            }
        }
    }
}

/// A world with an environment in its configuration.
struct Bench {
    world: World,
    main: Workdir,
    speed: Speed,
}

impl Bench {
    fn start(environment: Environment, latency: Duration, operations: Duration, reached: Reached) -> Self {
        let scene = Scene { name: "bench".to_owned(), terraform: Terraform::preferred().clone() };
        let options = CloudOptions {
            latency: Some(latency),
            operations: Some(Lag::Time(operations)),
            new_accounts: Some(Lag::Time(NEW_ACCOUNTS)),
            ..CloudOptions::default()
        };
        let world = World::new(&scene, environment.seed(), options);
        environment.write(&world.main);
        world.main.write("main.tf", &environment.placed(&world.header()));
        let main = match reached {
            Reached::Endpoint => world.main.sibling(&world.main.path),
            Reached::Endpoints => {
                let address = |host: &&str| format!("    \"{host}\" = \"{}/{host}\"\n", world.cloud.url);
                let hosts: String = localcloud::host_names().iter().map(address).collect();
                let head = world.header().replacen(
                    "europe-west1\"\n",
                    &format!("europe-west1\"\n  endpoints = {{\n{hosts}  }}\n"),
                    1,
                );
                world.main.write("main.tf", &environment.placed(&head));
                world.main.with_env("MLOPS_ENDPOINT", "")
            }
        };
        Self { world, main, speed: Speed { latency, operations, new_accounts: NEW_ACCOUNTS } }
    }

    fn apply(&self) -> Measured {
        assert!(self.main.plan(&[]).succeeded());
        self.time("apply", Bound::Demanded, &|| drop(self.main.apply_plan().expect_success()))
    }

    /// Planned beforehand, like the apply: between the reads and the deletions Terraform takes its own time.
    fn destroy(&self) -> Measured {
        assert!(self.main.plan(&["-destroy"]).succeeded());
        self.time("destroy", Bound::Demanded, &|| drop(self.main.apply_plan().expect_success()))
    }

    fn time(&self, name: &'static str, path: Bound, work: &dyn Fn()) -> Measured {
        let cloud = &self.world.cloud;
        let before = cloud.snapshot();
        let mark = cloud.mark();
        let watch = Watch::start(self.world.path());
        let started = Instant::now();
        work();
        let time = started.elapsed();
        let kilobytes = watch.end();
        let calls: Vec<Request> = cloud.requests_since(mark);
        let span = match (calls.first(), calls.last()) {
            (Some(first), Some(last)) => {
                Duration::from_millis(last.at_ms.saturating_sub(first.at_ms)) + self.speed.latency
            }
            _ => Duration::ZERO,
        };
        let path = match path {
            Bound::Chain(calls) => CriticalPath { steps: Vec::new(), time: self.speed.latency * calls },
            Bound::Demanded => critical_path(&before, &cloud.snapshot(), &calls, self.speed),
        };
        Measured { name, time, calls: calls.len(), span, path, kilobytes }
    }
}

/// Looks at the memory of the providers that run out of a world's folder.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Watch {
    fn start(folder: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (folder, stopped) = (folder.to_owned(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut most = 0;
            while !stopped.load(Ordering::Relaxed) {
                most = most.max(largest_provider(&folder));
                std::thread::sleep(LOOK);
            }
            most
        });
        Self { stop, thread }
    }

    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// The peak memory of the largest provider out of `folder`, in kB; 0 where the system does not tell.
fn largest_provider(folder: &Path) -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = processes.filter(|process| {
        // By the name that it was started under: what lies there is a link.
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let program = line.split(|byte| *byte == 0).next().unwrap_or_default();
        Path::new(OsStr::from_bytes(program)).starts_with(folder)
    });
    let peak = |process: std::fs::DirEntry| {
        let status = std::fs::read_to_string(process.path().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    };
    ours.filter_map(peak).max().unwrap_or_default()
}

fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn say(text: &str) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
