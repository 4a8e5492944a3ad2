//! Stacks handed from a plan to its apply, in Terraform's own working folder.
//!
//! Terraform runs the provider anew for the apply, and touches no stack there that does not change; private data reach the
//! apply by the state only, which a phase that is new does not have. So the plan leaves what the criteria of such a phase
//! will need in `.terraform`, which the apply of the same directory finds. Nothing secret is in an image of a stack.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tracing::debug;

use crate::engine::image::StackImage;

/// A folder for what is handed over.
#[derive(Debug)]
pub(super) struct PlannedStacks(PathBuf);

impl PlannedStacks {
    /// That of the directory in which Terraform runs; none when it was never initialised.
    pub(super) fn here() -> Option<Self> {
        Self::below(std::env::var_os("TF_DATA_DIR"))
    }

    fn below(data_dir: Option<OsString>) -> Option<Self> {
        let folder =
            data_dir.filter(|name| !name.is_empty()).map_or_else(|| PathBuf::from(".terraform"), PathBuf::from);
        folder.is_dir().then(|| Self(folder.join("mlops")))
    }

    fn file(&self, id: &str) -> PathBuf {
        let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.join(digest)
    }

    /// Leaves a stack for the apply, readable for the same user only. Without it the apply says what it could not read.
    pub(super) fn leave(&self, image: &StackImage) {
        if let Err(error) = self.write(&self.file(image.id()), &image.to_bytes()) {
            debug!(stack = image.id(), %error, "not handed over");
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let mut file = NamedTempFile::new_in(&self.0)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    /// Takes what a plan left, away too.
    pub(super) fn take(&self, id: &str) -> Option<StackImage> {
        let file = self.file(id);
        let bytes = fs::read(&file).ok()?;
        if let Err(error) = fs::remove_file(&file) {
            debug!(stack = id, %error, "not taken away");
        }
        StackImage::from_bytes(&bytes).ok().filter(|image| image.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_never_initialised_gets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(PlannedStacks::below(Some(folder.path().join("none").into())).is_none());
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }

    #[test]
    fn what_was_damaged_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let planned = PlannedStacks::below(Some(folder.path().into())).unwrap();
        planned.write(&planned.file("it"), b"no image").unwrap();
        assert!(planned.take("it").is_none());
    }
}
