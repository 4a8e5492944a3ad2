//! The provider as Terraform sees it: its block, and what it offers.

use tfplugin::provider::ConfigureRequest;
use tfplugin::{Diagnostic, Diagnostics, Object, ObjectSchema, Provider, Registry};

pub use crate::address::ADDRESS;
use crate::aws::stack::Aws;
use crate::checkpoint::{CheckpointResource, PhaseReportSource, Session};
use crate::config::ProviderConfig;
use crate::configuration::{self, BlockKind};
use crate::engine::StackResource;
use crate::engine::progress::{self, Progress};
use crate::functions;
use crate::google::api::auth::Environment;
use crate::google::stack::Google;
use crate::supported;

/// What configurations call the provider, unless they say otherwise.
const LOCAL_NAME: &str = "mlops";

/// The mlops provider.
#[derive(Debug, Default)]
pub struct Mlops;

impl Provider for Mlops {
    type Config = ProviderConfig;
    type Client = Session;

    fn validate(&self, config: &ProviderConfig) -> Diagnostics {
        config.validate()
    }

    fn validate_files(&self, registry: &Registry<Session>) -> Diagnostics {
        let block = ProviderConfig::schema();
        configuration::check_working_directory(|kind, name| schema_of(registry, &block, kind, name))
    }

    async fn configure(&self, request: ConfigureRequest<ProviderConfig>) -> (Option<Session>, Diagnostics) {
        let environment = Environment::process();
        let (connection, mut diagnostics) = request.config.connect(&environment, &request.terraform_version);
        if let Some(warning) = supported::warning(&request.terraform_version) {
            diagnostics.push(warning);
        }
        let progress = environment.get(progress::VARIABLE).map(|target| (Progress::to(&target), target));
        let progress = match progress {
            None => Progress::default(),
            Some((Ok(progress), _)) => progress,
            Some((Err(error), target)) => {
                diagnostics.push(no_progress(&target, &error));
                Progress::default()
            }
        };
        let (aws, problems) = request.config.connect_aws(&environment, &request.terraform_version);
        diagnostics.extend(problems);
        let session = connection.zip(aws).map(|(google, aws)| Session::new(google, aws).reporting(progress));
        (session, diagnostics)
    }

    fn register(&self, registry: &mut Registry<Session>) {
        registry.resource(StackResource::<Google>::default()).importable().identified().generates_config();
        registry.resource(StackResource::<Aws>::default()).importable().identified().generates_config();
        for name in [CheckpointResource::Prefixed, CheckpointResource::Literal] {
            registry.resource(name).importable().identified().movable();
        }
        registry.data_source(PhaseReportSource);
        functions::register(registry);
    }
}

/// The warning for progress that nobody will see.
fn no_progress(target: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::warning(
        "Progress cannot be written",
        format!(
            "{} is {target:?}, which cannot be opened: {error}. Nothing depends on it. Set it to a file, a pipe, or \"tty\" for \
             the terminal, or unset it.",
            progress::VARIABLE
        ),
    )
}

/// The schema of a block with this first label, if it is one of this provider.
fn schema_of<'s>(
    registry: &'s Registry<Session>,
    block: &'s ObjectSchema,
    kind: BlockKind,
    name: &str,
) -> Option<&'s ObjectSchema> {
    match kind {
        BlockKind::Resource => registry.resource_schema(name),
        BlockKind::Data => registry.data_source_schema(name),
        BlockKind::Provider => (name == LOCAL_NAME).then_some(block),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    /// The configurations in a page.
    fn blocks_of_hcl(page: &str) -> Vec<String> {
        let mut lines = page.lines();
        let mut blocks = Vec::new();
        while lines.by_ref().any(|line| line == "```terraform") {
            blocks.push(lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect());
        }
        blocks
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn no_example_and_no_page_has_a_mistake_in_a_configuration() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut paths = vec![root.join("README.md")];
        ["examples", "docs", "acceptance-tests/environments"]
            .iter()
            .for_each(|folder| files(&root.join(folder), &mut paths));
        let mut registry = Registry::default();
        Mlops.register(&mut registry);
        let block = ProviderConfig::schema();
        let mut ours = 0;
        for path in paths {
            let texts = match path.extension().and_then(|extension| extension.to_str()) {
                Some("tf") => vec![std::fs::read_to_string(&path).unwrap()],
                Some("md") => blocks_of_hcl(&std::fs::read_to_string(&path).unwrap()),
                _ => Vec::new(),
            };
            for text in texts {
                let (blocks, said) =
                    configuration::check_text(&text, |kind, name| schema_of(&registry, &block, kind, name))
                        .unwrap_or_else(|| panic!("{} does not parse:\n{text}", path.display()));
                assert!(said.is_empty(), "{}: {said:?}", path.display());
                ours += blocks;
            }
        }
        assert!(ours > 40, "only {ours} blocks of this provider were read");
    }

    #[tokio::test]
    async fn a_program_that_is_too_old_is_told_so() {
        let old = ConfigureRequest { config: ProviderConfig::default(), terraform_version: "1.9.8".to_owned() };
        let (_, diagnostics) = Mlops.configure(old).await;
        assert!(diagnostics.iter().any(|one| one.summary.contains("1.9.8")), "{diagnostics:?}");
    }
}
