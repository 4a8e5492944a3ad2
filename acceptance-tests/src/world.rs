//! A world: one test's directory, cloud, configuration and state. Kept and named when the test fails.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::cloud::expect_spent;
use crate::{Cloud, CloudOptions, Mark, OrFail, Scene, Snapshot, Workdir, programs, workspace};

/// What is in the cloud before the test.
#[derive(Clone, Debug)]
pub struct Seed {
    /// A file in localcloud's seed format.
    pub file: PathBuf,
    /// The project's id.
    pub project: String,
    /// The project's number.
    pub number: String,
}

impl Seed {
    /// A project with its service accounts, the APIs that are needed, and nothing else.
    pub fn small() -> Self {
        Self::own("small-project.json")
    }

    /// A project with hardly an API on.
    pub fn bare() -> Self {
        Self::own("bare-project.json")
    }

    /// The CT-scan project before anything was built in it, with the noise that a real project has.
    pub fn ct_scan_project() -> Self {
        Self::own("ct-scan-project.json")
    }

    /// The CT-scan environment as it stands.
    pub fn ct_scan() -> Self {
        Self::own("ct-scan.json")
    }

    /// The project of the Plant Gateway example, with its secrets.
    pub fn plant_gateway() -> Self {
        Self::own("plant-gateway-project.json")
    }

    /// Three portals as another team built them: ten services behind two load balancers, connectors, and a database.
    pub fn portals() -> Self {
        Self::own("portals.json")
    }

    fn own(name: &str) -> Self {
        Self::at(&workspace().join("acceptance-tests/environments").join(name))
    }

    /// A seed file of your own.
    pub fn at(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).or_fail(format!("read {}", file.display()));
        let value: Value = serde_json::from_str(&text).or_fail(format!("read {}", file.display()));
        let part = |key: &str| {
            let found = value.pointer(&format!("/project/{key}")).and_then(Value::as_str);
            found.or_fail(format!("find the project's {key} in {}", file.display())).to_owned()
        };
        Self { project: part("projectId"), number: part("projectNumber"), file: file.to_owned() }
    }
}

/// The provider block of a world's configuration.
#[derive(Clone, Debug, Default)]
pub struct ProviderBlock(pub String);

/// One test's own everything.
#[derive(Debug)]
pub struct World {
    /// The cloud.
    pub cloud: Cloud,
    /// What was there before.
    pub seed: Seed,
    /// The main configuration directory.
    pub main: Workdir,
    /// The cloud's state at the beginning.
    pub before: Snapshot,
    name: String,
    folder: Option<TempDir>,
}

impl Scene {
    /// A world on this seed, with no latency.
    pub fn world(self, seed: Seed) -> World {
        World::new(&self, seed, CloudOptions::default())
    }

    /// A world on [`Seed::small`].
    pub fn small_world(self) -> World {
        self.world(Seed::small())
    }

    /// A world whose calls take a while: for interruptions.
    pub fn slow_world(self, seed: Seed, latency: Duration) -> World {
        World::new(&self, seed, CloudOptions { latency: Some(latency), ..CloudOptions::default() })
    }
}

impl World {
    /// Makes the directory, starts the cloud, and writes Terraform's own configuration.
    pub fn new(scene: &Scene, seed: Seed, mut options: CloudOptions) -> Self {
        let prefix: String = scene.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let folder =
            tempfile::Builder::new().prefix(&format!("{prefix}-")).tempdir().or_fail("make the world's folder");
        let root = folder.path();
        options.seeds.insert(0, seed.file.clone());
        let cloud = Cloud::start(root, &options);
        let mut environment = terraform_environment(root, &programs::provider());
        environment.push(("MLOPS_ENDPOINT".to_owned(), cloud.url.clone()));
        let main = Workdir::new(root.join("main"), scene.terraform.clone(), environment);
        let before = cloud.snapshot();
        Self { cloud, seed, main, before, name: scene.name.clone(), folder: Some(folder) }
    }

    /// The world's folder.
    pub fn path(&self) -> &Path {
        self.main.path.parent().unwrap_or(&self.main.path)
    }

    /// Writes `main.tf`: the requirement, a provider block for the project in europe-west1, and `body`.
    pub fn config(&self, body: &str) {
        self.main.write("main.tf", &format!("{}\n{body}", self.header()));
    }

    /// Writes `main.tf` with one stack `mlops_stack.it`, named `it` and not protected, that holds `body`.
    pub fn stack(&self, body: &str) {
        self.config(&stack(body));
    }

    /// [`World::stack`], and applies it.
    #[track_caller]
    pub fn apply_stack(&self, body: &str) {
        self.stack(body);
        self.main.apply(&[]).expect_success();
    }

    /// [`World::stack`], and plans it.
    pub fn plan_stack(&self, body: &str) -> crate::Planned {
        self.stack(body);
        self.main.plan(&[])
    }

    /// The calls that change something since a mark, as lines.
    pub fn writes(&self, since: Mark) -> Vec<String> {
        self.cloud.write_lines_since(since)
    }

    /// A directory beside the main one, with the provider block and `body` as its `main.tf`.
    pub fn directory(&self, name: &str, body: &str) -> Workdir {
        let other = self.main.sibling(&self.path().join(name));
        other.write("main.tf", &format!("{}\n{body}", self.header()));
        other
    }

    /// The head of every configuration.
    pub fn header(&self) -> String {
        let project = &self.seed.project;
        format!(
            "terraform {{\n  required_providers {{\n    mlops = {{ source = \"mlops-rs/mlops\" }}\n  }}\n}}\n\n\
             provider \"mlops\" {{\n  project = \"{project}\"\n  region  = \"europe-west1\"\n}}\n"
        )
    }
}

/// A stack `mlops_stack.it` that holds `body`.
fn stack(body: &str) -> String {
    format!("resource \"mlops_stack\" \"it\" {{\n  name = \"it\"\n  deletion_protection = false\n{body}\n}}\n")
}

/// What makes Terraform use this provider binary and nothing of its caller's home.
pub(crate) fn terraform_environment(root: &Path, provider: &Path) -> Vec<(String, String)> {
    // A folder that holds the provider alone: Terraform takes the first file whose name fits.
    let plugins = root.join("plugins");
    std::fs::create_dir_all(&plugins).or_fail("make the plugin folder");
    let link = plugins.join("terraform-provider-mlops");
    std::os::unix::fs::symlink(provider, &link).or_fail("link the provider");
    let rc = root.join("terraform.rc");
    let text = format!(
        "provider_installation {{\n  dev_overrides {{\n    \"mlops-rs/mlops\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
        plugins.display()
    );
    std::fs::write(&rc, text).or_fail("write Terraform's configuration");
    [("TF_CLI_CONFIG_FILE", &rc), ("HOME", &root.to_owned())]
        .map(|(name, path)| (name.to_owned(), path.display().to_string()))
        .to_vec()
}

impl Drop for World {
    fn drop(&mut self) {
        let unspent = self.cloud.end();
        let is_spent = unspent.as_ref().is_ok_and(Vec::is_empty);
        if (std::thread::panicking() || !is_spent)
            && let Some(folder) = self.folder.take()
        {
            eprintln!("{}: the world is kept in {}", self.name, folder.keep().display());
        }
        if !std::thread::panicking() {
            expect_spent(&unspent.or_fail("ask localcloud for its faults"));
        }
    }
}
