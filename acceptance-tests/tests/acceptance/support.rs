//! SUPPORT.md, the workflow and the tests name the same versions.

use std::path::Path;

use acceptance_tests::{Product, Version, workspace};

const PRODUCTS: [Product; 2] = [Product::Terraform, Product::OpenTofu];

fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap()
}

/// `1.11`, and `1.11.2` where a patch matters.
fn short(version: Version) -> String {
    match version.patch {
        0 => format!("{}.{}", version.major, version.minor),
        _ => version.to_string(),
    }
}

/// The jobs of the workflow's matrix by the names that they are shown under.
fn jobs(product: Product) -> Vec<String> {
    let workflow = read(".github/workflows/ci.yml");
    assert!(
        workflow.contains("name: tests on ${{ matrix.program }} ${{ matrix.version }}\n"),
        "the jobs have other names"
    );
    let program = match product {
        Product::Terraform => "terraform",
        Product::OpenTofu => "tofu",
    };
    let head = format!("- {{ program: {program}, version: ");
    let versions = workflow.lines().filter_map(|line| line.trim().strip_prefix(&head)?.strip_suffix(" }"));
    versions.map(|version| format!("tests on {program} {}", version.trim_matches('"'))).collect()
}

/// The cells of the product's row in SUPPORT.md.
fn row(product: Product) -> Vec<String> {
    let support = read("SUPPORT.md");
    let head = format!("| {product} | ");
    let row = support.lines().find_map(|line| line.strip_prefix(&head)?.strip_suffix(" |"));
    let row = row.unwrap_or_else(|| panic!("SUPPORT.md has no row for {product}"));
    row.split(" | ").map(str::to_owned).collect()
}

#[test]
fn the_oldest_that_is_supported_is_the_oldest_that_tests_run_on() {
    for product in PRODUCTS {
        assert_eq!(row(product)[0], format!("{} and newer", short(product.oldest())));
    }
}

#[test]
fn the_workflow_runs_the_oldest_and_the_newest() {
    for product in PRODUCTS {
        let versions: Vec<_> =
            jobs(product).into_iter().filter_map(|job| Some(job.rsplit_once(' ')?.1.to_owned())).collect();
        assert_eq!(versions, [format!("~{}", product.oldest()), "latest".to_owned()], "{product}");
    }
}

#[test]
fn every_version_is_proved_by_a_job_that_there_is() {
    for product in PRODUCTS {
        let named: Vec<String> = row(product)[1].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(named, jobs(product), "{product}");
    }
}

/// What the reader of another page is told to have.
#[test]
fn other_pages_name_the_same_versions() {
    let [terraform, tofu] = PRODUCTS.map(|product| short(product.oldest()));
    let needs = format!("You need Terraform {terraform} or OpenTofu {tofu}, or a newer version of either.");
    for page in ["README.md", "docs/guides/getting-started.md", "docs/guides/verification.md"] {
        assert!(read(page).contains(&needs), "{page} does not say {needs:?}");
    }
    for entry in std::fs::read_dir(workspace().join("examples/environments")).unwrap() {
        let file = entry.unwrap().path().join("providers.tf");
        let required = format!("required_version = \">= {terraform}\"");
        assert!(says(&file, &required), "{} does not say {required}", file.display());
    }
}

fn says(file: &Path, text: &str) -> bool {
    std::fs::read_to_string(file).unwrap().contains(text)
}
