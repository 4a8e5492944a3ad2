//! `make bench`: what a user waits for, as tables.
//!
//! First the provider alone (start to handshake line, memory, GetProviderSchema), then terraform on the CT-scan
//! environment at several latencies, with the number of calls and the ratio to the shortest possible chain of calls.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use acceptance_tests::{CloudOptions, OrFail, Scene, Seed, Terraform, Workdir, World, provider, workspace};

/// What Terraform sets for every provider process (the protocol's magic cookie).
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
const STARTS: usize = 20;
const LATENCIES: [u64; 3] = [0, 50, 200];

fn main() {
    provider_alone();
    environment();
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
    /// How many calls must follow each other, whatever a provider does.
    chain: u64,
}

fn environment() {
    let terraform = Terraform::preferred();
    say(&format!("\nCT-scan (14 objects, 9 grants) with Terraform {}\n", terraform.version));
    say("| latency | operation | time | calls | chain | time / (chain x latency) |");
    say("|---|---|---|---|---|---|");
    for latency in LATENCIES {
        for row in measure(Duration::from_millis(latency)) {
            let bound = row.chain * latency;
            let ratio =
                if bound == 0 { String::new() } else { format!("{:.2}", milliseconds(row.time) / bound as f64) };
            let time = row.time.as_secs_f64();
            say(&format!("| {latency} ms | {} | {time:.2} s | {} | {} | {ratio} |", row.name, row.calls, row.chain));
        }
    }
}

fn measure(latency: Duration) -> Vec<Measured> {
    let scene = Scene { name: "bench".to_owned(), terraform: Terraform::preferred().clone() };
    let options = CloudOptions { latency: Some(latency), ..CloudOptions::default() };
    let world = World::new(&scene, Seed::ct_scan_project(), options);
    let source = workspace().join("examples/environments/ct-scan");
    for name in ["providers.tf", "main.tf", "runbooks.tf", "outputs.tf"] {
        let text = std::fs::read_to_string(source.join(name)).or_fail(format!("read {name}"));
        world.main.write(name, &text.replace("default     = true", "default     = false"));
    }
    let mut rows = Vec::new();
    let mut time = |name, chain, work: &dyn Fn(&Workdir)| {
        let mark = world.cloud.mark();
        let started = Instant::now();
        work(&world.main);
        let time = started.elapsed();
        rows.push(Measured { name, time, calls: world.cloud.requests_since(mark).len(), chain });
    };
    time("validate", 0, &|main| main.validate().expect_none());
    // Nothing is in the state, so nothing has to be read.
    time("plan of all that is new", 0, &|main| assert!(main.plan(&[]).succeeded()));
    // The bucket that the service mounts, the service, its operation twice, its settings, its policy read and written.
    time("apply", 7, &|main| drop(main.apply_plan().expect_success()));
    // The lists, then the policies of what they hold.
    time("plan again", 2, &|main| main.plan(&[]).expect_empty());
    // The service, its operation twice, then the bucket that it mounted; the refresh before it.
    time("destroy", 6, &|main| drop(main.destroy().expect_success()));
    rows
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn say(text: &str) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
