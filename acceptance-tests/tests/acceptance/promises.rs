//! What SECURITY.md and SUPPORT.md promise of the repository itself, rather than of the programs.

use acceptance_tests::workspace;
use regex::Regex;

fn read(file: &str) -> String {
    std::fs::read_to_string(workspace().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The crates of the workspace, by their folders.
fn members() -> Vec<String> {
    let list = Regex::new(r"(?m)^members = \[(.*)\]$").unwrap();
    let manifest = read("Cargo.toml");
    let members = &list.captures(&manifest).unwrap()[1];
    members.split(',').map(|member| member.trim().trim_matches('"').to_owned()).collect()
}

#[test]
fn the_compiler_forbids_unsafe_code_in_every_crate() {
    assert!(read("Cargo.toml").contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    for member in members() {
        assert!(read(&format!("{member}/Cargo.toml")).contains("[lints]\nworkspace = true"), "{member}");
    }
}

#[test]
fn no_other_tls_than_rustls_is_built_in() {
    let lock = read("Cargo.lock");
    for other in ["openssl", "openssl-sys", "native-tls", "boring", "schannel", "security-framework"] {
        let is_used = |name: &str| lock.contains(&format!("name = \"{name}\"\n"));
        // The systems' own certificates are read on macOS and Windows; connections are not.
        let reads_certificates = ["schannel", "security-framework"].contains(&other);
        assert!(!is_used(other) || reads_certificates && is_used("rustls-platform-verifier"), "{other}");
    }
}

#[test]
fn every_action_of_the_workflows_is_pinned_by_hash() {
    let uses = Regex::new(r"uses: *(\S+)").unwrap();
    let pinned = Regex::new("@[0-9a-f]{40}$").unwrap();
    for workflow in std::fs::read_dir(workspace().join(".github/workflows")).unwrap() {
        let path = workflow.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for action in uses.captures_iter(&text).map(|found| found[1].to_owned()) {
            assert!(pinned.is_match(&action) || action.starts_with("./"), "{}: {action}", path.display());
        }
    }
}

#[test]
fn whatever_python_fetches_is_pinned_by_hash() {
    for file in ["release/requirements.txt", "acceptance-tests/tools/requirements.txt"] {
        let text = read(file);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
        let (hashes, packages): (Vec<&str>, Vec<&str>) =
            lines.iter().partition(|line| line.starts_with("    --hash=sha256:"));
        assert!(!packages.is_empty() && hashes.len() >= packages.len(), "{file}");
        for package in packages {
            assert!(package.contains("==") && package.ends_with('\\'), "{file}: {package}");
        }
    }
}

#[test]
fn the_version_of_rust_is_the_one_that_is_promised() {
    let manifest = read("Cargo.toml");
    let version = Regex::new("rust-version = \"([0-9.]+)\"").unwrap();
    let version = &version.captures(&manifest).unwrap()[1];
    assert!(read("SUPPORT.md").contains(&format!("Rust {version} or newer")), "SUPPORT.md does not say Rust {version}");
}

#[test]
fn what_the_documents_name_is_there() {
    let path = Regex::new(r"`((?:acceptance-tests|proto|provider|release|\.github)/[^`]+)`|\]\(([^)#]+)(?:#[^)]*)?\)")
        .unwrap();
    for document in ["SECURITY.md", "SUPPORT.md"] {
        for found in path.captures_iter(&read(document)) {
            let target = found.get(1).or(found.get(2)).unwrap().as_str();
            let is_file = !target.contains("://");
            assert!(!is_file || workspace().join(target).exists(), "{document} names {target}");
        }
    }
}
