//! `make check` runs it: fails on a violation that `known.txt` does not list, and on a line there that is no longer true.
//!
//! `UPDATE_EXPECT=1` takes such lines off; nothing adds any.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use architecture::known::Differences;

const KNOWN: &str = "acceptance-tests/architecture/known.txt";

fn main() -> ExitCode {
    let report = match run() {
        Ok(report) => report,
        Err(error) => Some(format!("{}\n", chain(error.as_ref()))),
    };
    match report {
        None => ExitCode::SUCCESS,
        Some(report) => {
            // Whoever closed standard error does not want to know.
            let _ = std::io::stderr().write_all(report.as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Option<String>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let violations = architecture::violations(&root)?;
    let file = root.join(KNOWN);
    let list = std::fs::read_to_string(&file)?;
    let mut differences = Differences::between(&list, &violations);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, differences.shrunk(&list))?;
        differences.gone.clear();
    }
    Ok((!differences.is_empty()).then(|| report(&differences)))
}

fn report(differences: &Differences) -> String {
    let mut report = String::new();
    // A circle is explained once, although each of its imports is a line.
    let explanations: BTreeSet<&str> = differences.new.iter().map(|new| new.explanation.as_str()).collect();
    for explanation in explanations {
        report.push_str(&format!("{explanation}\n"));
    }
    if !differences.new.is_empty() {
        report.push_str(&format!("\nThe structure got worse. What is new, as {KNOWN} would list it:\n"));
        for new in &differences.new {
            report.push_str(&format!("{}\n", new.line));
        }
    }
    if !differences.gone.is_empty() {
        report.push_str(&format!(
            "\nThe structure got better. Take these lines off {KNOWN} (UPDATE_EXPECT=1 does it):\n"
        ));
        for gone in &differences.gone {
            report.push_str(&format!("{gone}\n"));
        }
    }
    report
}

fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
