//! The guide on installing: the provider under test is released, served, installed and checked as the guide says.

use std::collections::BTreeSet;
use std::path::Path;

use acceptance_tests::{Reader, Scene, workspace};

use crate::install::key::Key;
use crate::install::release;
use crate::install::server::Server;

/// What every package of the provider is called by.
const PACKAGE: &str = "terraform-provider-mlops";

pub(super) fn verification(scene: Scene) {
    let Some(key) = Key::make() else { return };
    let mut reader = Reader::new(&scene);
    let home = reader.home().to_owned();
    let registry = home.join("registry");
    let Some(server) = Server::start(&registry) else { return };
    let version = env!("CARGO_PKG_VERSION");

    reader.puts("registry.example.com", &server.host);
    reader.puts("/srv/registry", &registry.display().to_string());
    reader.puts("FINGERPRINT", &key.fingerprint);
    reader.puts("0.1.0", version);
    // Nothing is installed yet, and `make` packages the program under test rather than build one.
    let (code, said) = reader.bash(&format!(
        "unset TF_CLI_CONFIG_FILE GPG_KEY SIGN\nBINARY='{}' CARGO_TARGET_DIR='{}' GNUPGHOME='{}' SSL_CERT_FILE='{}'",
        release::without_symbols(&home).display(),
        home.join("target").display(),
        key.home().display(),
        server.certificate.display(),
    ));
    assert_eq!(code, 0, "{said}");
    // What the reader would download.
    let release = home.join("target").join(format!("release-{version}"));
    std::os::unix::fs::symlink(&release, home.join("guide/release")).unwrap();

    super::follow_as(&mut reader, "verification");
    expect_running(&reader);
    assert_eq!(files_of_the_guide(version), files_of(&release));
}

/// Fails unless what was installed last is a provider that runs.
#[track_caller]
fn expect_running(reader: &Reader) {
    let guide = reader.home().join("guide");
    let (code, said) = reader.bash(&format!("cd '{}' && terraform providers schema -json", guide.display()));
    assert!(code == 0 && said.contains("mlops_stack"), "{said}");
}

/// The files that the guide's table says a release has, for the platforms that it packages.
fn files_of_the_guide(version: &str) -> BTreeSet<String> {
    let guide = std::fs::read_to_string(super::file("verification")).unwrap();
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let names = rows.filter(|name| name.starts_with(PACKAGE)).map(|name| name.replace("VERSION", version));
    names.flat_map(|name| ["linux_amd64", "linux_arm64"].map(|platform| name.replace("OS_ARCH", platform))).collect()
}

fn files_of(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_compiler_is_that_of_the_workflow() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).unwrap();
    let workflow = read(".github/workflows/release.yml");
    let line = workflow.lines().find_map(|line| line.trim().strip_prefix("RUSTUP_TOOLCHAIN: ")).unwrap();
    let compiler = line.trim_matches('"');
    let guide = read("docs/guides/verification.md");
    for command in [format!("rustup toolchain install {compiler}\n"), format!("RUSTUP_TOOLCHAIN={compiler} make ")] {
        assert!(guide.contains(&command), "verification.md does not say {command:?}");
    }
}
