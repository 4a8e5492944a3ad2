//! A throw-away signing key in a keyring of its own.

use std::path::Path;
use std::process::Command;

use acceptance_tests::{OrFail, cannot_run};
use tempfile::TempDir;

/// A key that gpg made; its keyring goes with it.
pub(crate) struct Key {
    home: TempDir,
    /// What names it, in `GPG_KEY` too.
    pub(crate) fingerprint: String,
}

impl Key {
    /// A new key. Nothing, and a line that says so, on a machine without gpg.
    pub(crate) fn make() -> Option<Self> {
        if Command::new("gpg").arg("--version").output().is_err() {
            cannot_run("a test of signatures", "gpg is not on the PATH");
            return None;
        }
        // The agent's sockets are in here, and the path of a socket must be short.
        let home = tempfile::Builder::new().prefix("gpg").tempdir().or_fail("make a keyring");
        let mut key = Self { home, fingerprint: String::new() };
        key.gpg(&[
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--quick-gen-key",
            "release test",
            "rsa3072",
            "sign",
            "1d",
        ]);
        let listed = key.gpg(&["--with-colons", "--list-keys"]);
        let line = listed.lines().find(|line| line.starts_with("fpr:")).or_fail("find the key's fingerprint");
        key.fingerprint = line.split(':').nth(9).or_fail("read the key's fingerprint").to_owned();
        Some(key)
    }

    /// What Terraform calls it: the last 16 digits of the fingerprint.
    pub(super) fn short_id(&self) -> String {
        self.fingerprint.chars().skip(self.fingerprint.len().saturating_sub(16)).collect()
    }

    /// The keyring: `GNUPGHOME`.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Signs a file, detached.
    pub(super) fn sign(&self, file: &Path, signature: &Path) {
        let [file, signature] = [file, signature].map(|path| path.display().to_string());
        self.gpg(&["--yes", "--detach-sign", "--output", &signature, &file]);
    }

    fn gpg(&self, arguments: &[&str]) -> String {
        let output = Command::new("gpg").arg("--batch").args(arguments).env("GNUPGHOME", self.home()).output();
        let output = output.or_fail("run gpg");
        assert!(output.status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // The agent would outlive its keyring.
        let _ = Command::new("gpgconf").args(["--kill", "gpg-agent"]).env("GNUPGHOME", self.home()).status();
    }
}
