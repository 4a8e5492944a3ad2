//! Whom the provider talks to: those who are configured, and nobody else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use acceptance_tests::{Scene, Workdir, World, on_every_terraform};

on_every_terraform! {
    nothing_is_contacted_but_what_is_configured,
}

/// A proxy that lets nothing through, and notes who was asked for.
struct Proxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = [0; 512];
                let length = stream.read(&mut head).unwrap_or_default();
                let line = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
                notes.lock().unwrap().push(line);
                let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { address, asked }
    }

    /// What is not on this machine can be reached through this proxy alone.
    fn before(&self, work: &Workdir) -> Workdir {
        ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]
            .iter()
            .fold(work.clone(), |work, name| work.with_env(name, &self.address))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn phase(world: &World, criterion: &str) -> String {
    format!(
        "resource \"mlops_stack\" \"it\" {{\n  name = \"it\"\n  deletion_protection = false\n  buckets = {{ models = {{ name = \"ml-test-models\" }} }}\n}}\n\
         resource \"mlops_phase_checkpoint\" \"it\" {{\n  store = \"file://{}\"\n  project_name = \"P\"\n  phase = \"1\"\n  title = \"T\"\n  \
         status = \"completed\"\n  criteria = {{ it = {criterion} }}\n}}\n",
        world.path().join("checkpoints").display()
    )
}

fn nothing_is_contacted_but_what_is_configured(scene: Scene) {
    let world = scene.small_world();
    let proxy = Proxy::start();
    let work = proxy.before(&world.main);
    world.config(&phase(&world, "{ manual = { approved_by = \"ada\" } }"));
    work.apply(&[]).expect_success();
    work.plan(&[]).expect_empty();
    work.destroy().expect_success();
    assert_eq!(proxy.asked(), [] as [String; 0]);
    // A criterion names an address: that one is asked for, which shows that the proxy sees what there is to see.
    world.config(&phase(&world, "{ http = { url = \"https://api.example.com/health\" } }"));
    work.apply(&[]).expect_failure().error(&["api.example.com"]);
    let asked = proxy.asked();
    assert!(
        !asked.is_empty() && asked.iter().all(|line| line.starts_with("CONNECT api.example.com:443 ")),
        "{asked:?}"
    );
}
