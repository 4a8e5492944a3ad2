//! How the provider gets to a user: mirrors, a private registry, `make install`; and what is refused on the way.
//!
//! Each test publishes what `release/` makes of the provider under test, and lets `terraform init` fetch it.

pub(crate) mod key;
pub(crate) mod release;
pub(crate) mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acceptance_tests::{Diagnostics, OrFail, Scene, Version, Workdir, World, on_every_terraform};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use key::Key;
use release::{Release, Sealed};
use server::Server;

on_every_terraform! {
    a_filesystem_mirror_installs_it,
    a_network_mirror_installs_it,
    a_private_registry_installs_it_and_its_signature_is_checked,
    make_install_needs_no_configuration,
    a_tampered_zip_of_a_mirror_is_refused,
    a_tampered_zip_of_a_registry_is_refused,
    tampered_checksums_are_refused,
    a_tampered_signature_is_refused,
    a_signature_by_another_key_is_refused,
}

/// `source` of a configuration without a host.
const SOURCE: &str = "mlops-rs/mlops";

fn a_filesystem_mirror_installs_it(scene: Scene) {
    let release = release::of_the_provider(Sealed::Unsigned);
    let project = Project::new(scene, SOURCE);
    project.configure(&format!("filesystem_mirror {{ path = \"{}\" }}", release.published("mirror").display()));
    project.init().expect_success();
    project.expect_working_plan();
    assert_eq!(project.locked().get("h1"), Some(&vec![project.h1()]));
}

fn a_network_mirror_installs_it(scene: Scene) {
    let release = release::of_the_provider(Sealed::Unsigned);
    let Some(server) = Server::start(&release.published("")) else { return };
    let project = Project::new(scene, SOURCE).trusting(&server);
    project.configure(&format!("network_mirror {{ url = \"{}/mirror/\" }}", server.url));
    project.init().expect_success();
    project.expect_working_plan();
    let locked = project.locked();
    assert_eq!(locked.get("h1"), Some(&vec![project.h1()]));
    // Terraform locks the mirror's word on the zip only when it is signed; where it is locked, it is that of this zip.
    let [zip, _] = release.mirrored().map(|zip| hex(&Sha256::digest(read(&zip))));
    assert!(locked.get("zh").is_none_or(|hashes| *hashes == [zip]), "{locked:?}");
}

fn a_private_registry_installs_it_and_its_signature_is_checked(scene: Scene) {
    let Some(key) = Key::make() else { return };
    let release = release::of_the_provider(Sealed::By(&key));
    let Some(server) = Server::start(&release.published("")) else { return };
    let project = Project::new(scene, &format!("{}/{SOURCE}", server.host)).trusting(&server);
    project.configure("direct {}");
    let init = project.init();
    init.expect_success();
    project.expect_working_plan();
    // All checksums of the signed list are locked, so that other platforms' packages are known too.
    let locked = project.locked();
    assert_eq!(locked.get("h1"), Some(&vec![project.h1()]));
    assert_eq!(locked.get("zh"), Some(&release.checksums()));
    assert!(
        init.output.contains(&key.short_id()),
        "terraform does not name the key {}:\n{}",
        key.short_id(),
        init.output
    );
}

fn make_install_needs_no_configuration(scene: Scene) {
    let project = Project::new(scene, SOURCE);
    release::make_install(project.world.path());
    project.configure_nothing();
    project.init().expect_success();
    project.expect_working_plan();
    assert_eq!(project.locked().get("h1"), Some(&vec![project.h1()]));
}

fn a_tampered_zip_of_a_mirror_is_refused(scene: Scene) {
    let release = Release::of_a_stub(Sealed::Unsigned);
    release.mirrored().iter().for_each(|zip| release::tamper(zip));
    let Some(server) = Server::start(&release.published("")) else { return };
    let project = Project::new(scene, SOURCE).trusting(&server);
    project.configure(&format!("network_mirror {{ url = \"{}/mirror/\" }}", server.url));
    project.init().expect_refusal(&["checksum"]);
}

fn a_tampered_zip_of_a_registry_is_refused(scene: Scene) {
    refused_by_a_registry(scene, &["checksum"], |release, _| release::tamper(&release.file(&release.zip_name())));
}

fn tampered_checksums_are_refused(scene: Scene) {
    // Zip, list and document agree with each other: only the signature can tell.
    refused_by_a_registry(scene, &["signature"], |release, _| {
        let zip = release.file(&release.zip_name());
        let before = hex(&Sha256::digest(read(&zip)));
        release::tamper(&zip);
        let after = hex(&Sha256::digest(read(&zip)));
        for file in [release.file(&release.sums_name()), release.platform_document()] {
            let text = String::from_utf8(read(&file)).unwrap();
            assert!(text.contains(&before));
            std::fs::write(&file, text.replace(&before, &after)).unwrap();
        }
    });
}

fn a_tampered_signature_is_refused(scene: Scene) {
    refused_by_a_registry(scene, &["signature"], |release, _| {
        release::tamper(&release.file(&release.signature_name()));
    });
}

fn a_signature_by_another_key_is_refused(scene: Scene) {
    let Some(other) = Key::make() else { return };
    refused_by_a_registry(scene, &["signature"], |release, _| {
        let sums = release.file(&release.sums_name());
        other.sign(&sums, &release.file(&release.signature_name()));
    });
}

/// A registry in which something was changed after it was published, and what Terraform says of it.
#[track_caller]
fn refused_by_a_registry(scene: Scene, said: &[&str], change: impl FnOnce(&Release, &Key)) {
    let Some(key) = Key::make() else { return };
    let release = Release::of_a_stub(Sealed::By(&key));
    change(&release, &key);
    let Some(server) = Server::start(&release.published("")) else { return };
    let project = Project::new(scene, &format!("{}/{SOURCE}", server.host)).trusting(&server);
    project.configure("direct {}");
    project.init().expect_refusal(said);
    assert!(!project.main.path.join(".terraform.lock.hcl").exists(), "what was refused is locked");
}

/// A user's configuration, whose Terraform finds the provider as the test says.
struct Project {
    world: World,
    main: Workdir,
    version: Version,
}

/// How an init ended.
struct Init {
    code: i32,
    diagnostics: Diagnostics,
    output: String,
}

impl Init {
    #[track_caller]
    fn expect_success(&self) {
        assert_eq!(self.code, 0, "init failed:\n{}{}", self.diagnostics, self.output);
    }

    /// Fails unless init failed and said all of these words.
    #[track_caller]
    fn expect_refusal(&self, words: &[&str]) {
        assert_ne!(self.code, 0, "init should be refused:\n{}", self.output);
        let said = self.output.to_lowercase();
        for word in words {
            assert!(said.contains(word), "{word:?} is not said:\n{}", self.output);
        }
    }
}

impl Project {
    fn new(scene: Scene, source: &str) -> Self {
        let version = scene.terraform.version;
        let world = scene.small_world();
        let header = world.header().replace(SOURCE, source);
        let stack =
            "resource \"mlops_stack\" \"it\" {\n  name = \"it\"\n  buckets = { a = { name = \"ml-test-a\" } }\n}\n";
        world.main.write("main.tf", &format!("{header}\n{stack}"));
        let main = world.main.clone();
        Self { world, main, version }
    }

    fn trusting(mut self, server: &Server) -> Self {
        self.main = self.main.with_env("SSL_CERT_FILE", &server.certificate.display().to_string());
        self
    }

    /// Writes the CLI configuration: where providers come from, and nowhere else.
    fn configure(&self, installation: &str) {
        self.write_configuration(&format!("provider_installation {{\n  {installation}\n}}\n"));
    }

    fn configure_nothing(&self) {
        self.write_configuration("");
    }

    fn write_configuration(&self, text: &str) {
        std::fs::write(self.world.path().join("terraform.rc"), text).unwrap();
    }

    fn init(&self) -> Init {
        let mut arguments = vec!["init", "-input=false", "-no-color"];
        // 1.8 has no JSON here.
        if self.version >= (Version { major: 1, minor: 9, patch: 0 }) {
            arguments.push("-json");
        }
        let output = self.main.run(&arguments);
        Init {
            code: output.code,
            diagnostics: output.diagnostics(),
            output: format!("{}{}", output.stdout, output.stderr),
        }
    }

    /// The installed provider plans a bucket in the cloud of this machine.
    #[track_caller]
    fn expect_working_plan(&self) {
        let planned = self.main.plan(&[]);
        planned.diagnostics.expect_none();
        assert_eq!(planned.view().change("mlops_stack.it").actions, ["create"]);
    }

    /// The hashes in the lock file by scheme, sorted, without the scheme.
    fn locked(&self) -> BTreeMap<String, Vec<String>> {
        let text = self.main.read(".terraform.lock.hcl");
        let mut hashes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let value = line.trim().trim_end_matches(',').trim_matches('"');
            if let Some((scheme @ ("h1" | "zh"), hash)) = value.split_once(':') {
                hashes.entry(scheme.to_owned()).or_default().push(hash.to_owned());
            }
        }
        hashes.values_mut().for_each(|list| list.sort());
        hashes
    }

    /// Terraform's hash of the installed package: SHA-256 of a list of files with their SHA-256.
    fn h1(&self) -> String {
        let package = package_folder(&self.main.path.join(".terraform/providers"));
        let entries = std::fs::read_dir(&package).or_fail(format!("read {}", package.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let lines = files.iter().map(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            format!("{}  {name}\n", hex(&Sha256::digest(read(file))))
        });
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(lines.collect::<String>()))
    }
}

/// HOST/NAMESPACE/TYPE/VERSION/OS_ARCH below a folder that holds one provider.
fn package_folder(folder: &Path) -> PathBuf {
    let mut here = folder.to_owned();
    for _ in 0..5 {
        let entries = std::fs::read_dir(&here).or_fail(format!("read {}", here.display()));
        // OpenTofu keeps a lock file beside the package.
        let folder = entries.map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
        here = folder.or_fail(format!("find a provider in {}", here.display()));
    }
    here
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).or_fail(format!("read {}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
