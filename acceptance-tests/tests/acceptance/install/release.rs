//! What `release/` makes, and tests of that alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use acceptance_tests::{OrFail, provider, workspace};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::key::Key;

/// Whether a release is signed.
pub(super) enum Sealed<'a> {
    /// With checksums alone.
    Unsigned,
    /// With a signature by this key.
    By(&'a Key),
}

/// A release for this platform, and what was published of it, in a folder of its own.
pub(super) struct Release {
    folder: TempDir,
    version: String,
    platform: String,
    // Kept for the next test while there is one.
    copied: Option<Arc<Release>>,
}

/// The zips of the provider under test, which takes seconds to zip: made once, for as long as a test needs it.
pub(super) fn of_the_provider(sealed: Sealed<'_>) -> Release {
    static ZIPPED: Mutex<Weak<Release>> = Mutex::new(Weak::new());
    let zipped = {
        let mut shared = ZIPPED.lock().unwrap_or_else(PoisonError::into_inner);
        let zipped = shared.upgrade().unwrap_or_else(|| Arc::new(Release::of_the_small_provider()));
        *shared = Arc::downgrade(&zipped);
        zipped
    };
    let mut own = zipped.copy();
    own.copied = Some(zipped);
    own.publish(&sealed);
    own
}

impl Release {
    /// A published release of a program that is none: for what is refused before it is run.
    pub(super) fn of_a_stub(sealed: Sealed<'_>) -> Self {
        let folder = tempfile::tempdir().or_fail("make a folder");
        let stub = folder.path().join("stub");
        std::fs::write(&stub, "#!/bin/sh\nexit 1\n").or_fail("write the stub");
        let release = Self::build(&stub);
        release.publish(&sealed);
        release
    }

    fn of_the_small_provider() -> Self {
        let folder = tempfile::tempdir().or_fail("make a folder");
        Self::build(&without_symbols(folder.path()))
    }

    fn build(program: &Path) -> Self {
        let folder = tempfile::tempdir().or_fail("make a folder for the release");
        let out = folder.path().join("release");
        run(&["--out", text(&out), "build", "--binary", text(program)], &[]).expect_success();
        let names = std::fs::read_dir(&out).or_fail("read the release").map(|entry| entry.unwrap().file_name());
        let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        let zip = names.iter().find_map(|name| name.strip_suffix(".zip")).or_fail("find the release's zip");
        let mut parts = zip.splitn(3, '_').skip(1).map(str::to_owned);
        let (version, platform) = parts.next().zip(parts.next()).or_fail(format!("read the name {zip}"));
        Self { folder, version, platform, copied: None }
    }

    /// The same files in another folder.
    fn copy(&self) -> Self {
        let folder = tempfile::tempdir().or_fail("make a folder for the release");
        std::fs::create_dir(folder.path().join("release")).or_fail("make a folder");
        for entry in std::fs::read_dir(self.out()).or_fail("read the release") {
            let entry = entry.unwrap();
            let target = folder.path().join("release").join(entry.file_name());
            std::fs::copy(entry.path(), target).or_fail("copy the release");
        }
        Self { folder, version: self.version.clone(), platform: self.platform.clone(), copied: None }
    }

    fn publish(&self, sealed: &Sealed<'_>) {
        let home = match sealed {
            Sealed::Unsigned => None,
            Sealed::By(key) => Some((text(key.home()), key.fingerprint.as_str())),
        };
        let environment: Vec<(&str, &str)> =
            home.iter().flat_map(|(home, key)| [("GNUPGHOME", *home), ("GPG_KEY", *key)]).collect();
        self.run(&["seal"], &environment).expect_success();
        self.run(&["publish", text(&self.published(""))], &environment).expect_success();
    }

    /// `python3 release ...` on this release.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        run(&[&["--out", text(&self.out())], arguments].concat(), environment)
    }

    /// A path in the folder that is served.
    pub(super) fn published(&self, path: &str) -> PathBuf {
        self.folder.path().join("published").join(path)
    }

    /// A file of the registry's release.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.published(&format!("v1/providers/mlops-rs/mlops/{}/files/{name}", self.version))
    }

    /// The registry's document about this platform.
    pub(super) fn platform_document(&self) -> PathBuf {
        let platform = self.platform.replace('_', "/");
        self.published(&format!("v1/providers/mlops-rs/mlops/{}/download/{platform}", self.version))
    }

    /// The mirror's zips: what Terraform gets, and what OpenTofu gets.
    pub(super) fn mirrored(&self) -> [PathBuf; 2] {
        ["registry.terraform.io", "registry.opentofu.org"]
            .map(|host| self.published("mirror").join(host).join("mlops-rs/mlops").join(self.zip_name()))
    }

    pub(super) fn zip_name(&self) -> String {
        self.name(&format!("{}.zip", self.platform))
    }

    pub(super) fn sums_name(&self) -> String {
        self.name("SHA256SUMS")
    }

    pub(super) fn signature_name(&self) -> String {
        self.name("SHA256SUMS.sig")
    }

    /// The checksums of the release, sorted.
    pub(super) fn checksums(&self) -> Vec<String> {
        let list = std::fs::read_to_string(self.out().join(self.sums_name())).or_fail("read the checksums");
        let mut sums: Vec<String> = list.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        sums.sort();
        sums
    }

    fn name(&self, suffix: &str) -> String {
        format!("terraform-provider-mlops_{}_{suffix}", self.version)
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("release")
    }
}

/// The provider under test as small as `strip` makes it, in this folder: zipping it takes a while.
pub(crate) fn without_symbols(folder: &Path) -> PathBuf {
    let small = folder.join("provider");
    let stripped = Command::new("strip").arg("-o").args([&small, &provider()]).status();
    if stripped.is_ok_and(|status| status.success()) { small } else { provider() }
}

/// `make install` of the provider under test, by a user with this home.
pub(super) fn make_install(home: &Path) {
    let program = provider();
    let mut make = Command::new("make");
    make.args(["--no-print-directory", "install"]).arg(format!("BINARY={}", program.display()));
    // Cargo is still where it was.
    for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if let (None, Some(real)) = (std::env::var_os(variable), std::env::var_os("HOME")) {
            make.env(variable, Path::new(&real).join(folder));
        }
    }
    let output = make.current_dir(workspace()).env("HOME", home).output().or_fail("run make");
    output.expect_success();
}

/// Changes the last byte of a file.
pub(super) fn tamper(path: &Path) {
    let mut bytes = super::read(path);
    let last = bytes.last_mut().or_fail(format!("find a byte in {}", path.display()));
    *last ^= 1;
    std::fs::write(path, bytes).or_fail(format!("write {}", path.display()));
}

/// `python3 release ...`, with nothing of the caller's own key.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new("python3");
    command.arg(workspace().join("release")).args(arguments);
    for variable in ["GPG_KEY", "GPG_PASSPHRASE", "SIGN", "SOURCE_DATE_EPOCH"] {
        command.env_remove(variable);
    }
    command.envs(environment.iter().copied()).current_dir(workspace()).output().or_fail("run python3")
}

fn text(path: &Path) -> &str {
    path.to_str().or_fail("read a path")
}

trait Ended {
    fn expect_success(&self);
    fn expect_failure(&self, words: &[&str]);
}

impl Ended for Output {
    #[track_caller]
    fn expect_success(&self) {
        assert!(self.status.success(), "{}{}", lossy(&self.stdout), lossy(&self.stderr));
    }

    #[track_caller]
    fn expect_failure(&self, words: &[&str]) {
        let said = lossy(&self.stderr);
        assert!(!self.status.success(), "it should fail");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} is not said: {said}");
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&super::read(path)).or_fail(format!("read {}", path.display()))
}

#[test]
fn the_same_program_gives_the_same_zip() {
    let [one, other] = [(), ()].map(|()| Release::of_a_stub(Sealed::Unsigned));
    let zip = |release: &Release| super::read(&release.out().join(release.zip_name()));
    assert_eq!(zip(&one), zip(&other));
}

#[test]
fn the_manifest_says_protocol_6() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    let manifest = document(&release.out().join(release.name("manifest.json")));
    assert_eq!(manifest, json!({"version": 1, "metadata": {"protocol_versions": ["6.0"]}}));
}

#[test]
fn checksums_cover_the_zips_and_the_manifest() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    let list = String::from_utf8(super::read(&release.out().join(release.sums_name()))).unwrap();
    let names: Vec<&str> = list.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    assert_eq!(names, [release.zip_name(), release.name("manifest.json")]);
}

#[test]
fn a_package_that_serves_is_told() {
    let release = of_the_provider(Sealed::Unsigned);
    let output = release.run(&["start", text(&release.out().join(release.zip_name()))], &[]);
    output.expect_success();
    let said = lossy(&output.stdout);
    assert!(said.starts_with(&release.zip_name()) && said.contains("clean end"), "{said}");
}

#[test]
fn a_package_that_does_not_serve_is_told() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    let zip = release.out().join(release.zip_name());
    release.run(&["start", text(&zip)], &[]).expect_failure(&[&release.zip_name(), "does not start here"]);
}

#[test]
fn a_required_signature_is_not_left_out() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    release.run(&["seal"], &[("SIGN", "required")]).expect_failure(&["GPG_KEY"]);
}

#[test]
fn without_a_signature_there_is_no_registry() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    assert!(release.published("mirror").is_dir());
    assert!(!release.published("v1").exists() && !release.published(".well-known").exists());
}

#[test]
fn versions_that_are_published_stay() {
    let Some(key) = Key::make() else { return };
    let release = Release::of_a_stub(Sealed::By(&key));
    let versions = release.published("v1/providers/mlops-rs/mlops/versions");
    let earlier = json!({"version": "0.0.9", "protocols": ["6.0"], "platforms": []});
    let later = json!({"version": "0.10.0", "protocols": ["6.0"], "platforms": []});
    std::fs::write(&versions, json!({"versions": [later, earlier]}).to_string()).unwrap();
    let index = release.published("mirror/registry.terraform.io/mlops-rs/mlops/index.json");
    std::fs::write(&index, json!({"versions": {"0.0.9": {}}}).to_string()).unwrap();
    release.publish(&Sealed::By(&key));
    let listed = document(&versions);
    let listed: Vec<&str> =
        listed["versions"].as_array().unwrap().iter().filter_map(|one| one["version"].as_str()).collect();
    assert_eq!(listed, ["0.0.9", &release.version, "0.10.0"]);
    assert_eq!(document(&index), json!({"versions": {"0.0.9": {}, release.version.as_str(): {}}}));
}

#[test]
fn a_published_version_does_not_change() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    let [zip, _] = release.mirrored();
    tamper(&zip);
    let before = super::read(&zip);
    release
        .run(&["publish", text(&release.published(""))], &[])
        .expect_failure(&[&release.zip_name(), "published already"]);
    assert_eq!(super::read(&zip), before);
}

#[test]
fn what_changed_after_the_seal_is_not_published() {
    let release = Release::of_a_stub(Sealed::Unsigned);
    tamper(&release.out().join(release.zip_name()));
    release.run(&["publish", text(&release.published("elsewhere"))], &[]).expect_failure(&["seal again"]);
}

#[test]
fn links_are_absolute_when_the_place_is_known() {
    let Some(key) = Key::make() else { return };
    let release = Release::of_a_stub(Sealed::By(&key));
    let relative = document(&release.platform_document());
    assert_eq!(relative["download_url"], format!("../../files/{}", release.zip_name()));
    let folder = release.published("");
    let arguments = ["publish", text(&folder), "--url", "https://example.com"];
    release.run(&arguments, &[("GNUPGHOME", text(key.home()))]).expect_success();
    let base = format!("https://example.com/v1/providers/mlops-rs/mlops/{}/files", release.version);
    let absolute = document(&release.platform_document());
    assert_eq!(absolute["shasums_url"], format!("{base}/{}", release.sums_name()));
    let discovery = document(&release.published(".well-known/terraform.json"));
    assert_eq!(discovery, json!({"providers.v1": "https://example.com/v1/providers/"}));
}
