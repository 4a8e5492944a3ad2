//! Terraform's diagnostics as data, from the `-json` streams.

use std::fmt;

use serde_json::Value;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// It went on.
    Warning,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The title.
    pub summary: String,
    /// What to do about it; may be empty.
    pub detail: String,
    /// The resource's address, when it is about one.
    pub address: Option<String>,
    /// The file and line that Terraform points at, when it has an attribute path.
    pub place: Option<(String, u64)>,
    /// The source line that Terraform points at.
    pub code: Option<String>,
}

impl Diagnostic {
    fn parse(value: &Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let line = value.pointer("/range/start/line").and_then(Value::as_u64);
        Self {
            severity: if text("/severity").as_deref() == Some("warning") { Severity::Warning } else { Severity::Error },
            summary: text("/summary").unwrap_or_default(),
            detail: text("/detail").unwrap_or_default(),
            address: text("/address"),
            place: text("/range/filename").zip(line),
            code: text("/snippet/code"),
        }
    }

    /// Summary and detail.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.summary, self.detail)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.severity, self.summary)?;
        if let Some(address) = &self.address {
            write!(f, "\n  at {address}")?;
        }
        if let (Some((file, line)), Some(code)) = (&self.place, &self.code) {
            write!(f, "\n  {file}:{line}: {}", code.trim())?;
        }
        if !self.detail.is_empty() {
            write!(f, "\n  {}", self.detail.replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

/// The diagnostics of one run, without the ones that every run has because the provider is overridden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// From the objects that Terraform writes.
    pub(crate) fn parse<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let all = values.into_iter().map(Diagnostic::parse);
        Self(all.filter(|one| one.summary != "Provider development overrides are in effect").collect())
    }

    /// Only the errors.
    pub fn errors(&self) -> Vec<&Diagnostic> {
        self.0.iter().filter(|one| one.severity == Severity::Error).collect()
    }

    /// Only the warnings.
    pub fn warnings(&self) -> Vec<&Diagnostic> {
        self.0.iter().filter(|one| one.severity == Severity::Warning).collect()
    }

    /// The only error whose text contains all of `parts`; fails when there is none, or more than one.
    #[track_caller]
    pub fn error(&self, parts: &[&str]) -> &Diagnostic {
        only(self.errors(), parts, self)
    }

    /// The only warning whose text contains all of `parts`; fails when there is none, or more than one.
    #[track_caller]
    pub fn warning(&self, parts: &[&str]) -> &Diagnostic {
        only(self.warnings(), parts, self)
    }

    /// Fails when Terraform blames the provider, or the provider itself.
    #[track_caller]
    pub fn expect_no_blame(&self) {
        let text = self.to_string();
        for blame in ["inconsistent", "provider produced", "bug in the provider", "Bug in the provider", "panic"] {
            assert!(!text.contains(blame), "{blame:?} in:\n{text}");
        }
    }

    /// Fails when there is any diagnostic.
    #[track_caller]
    pub fn expect_none(&self) {
        assert!(self.0.is_empty(), "there should be no diagnostics:\n{self}");
    }
}

#[track_caller]
fn only<'a>(candidates: Vec<&'a Diagnostic>, parts: &[&str], all: &Diagnostics) -> &'a Diagnostic {
    let matching: Vec<_> =
        candidates.into_iter().filter(|one| parts.iter().all(|part| one.text().contains(part))).collect();
    match matching.as_slice() {
        [one] => one,
        found => panic!("{} diagnostics contain {parts:?}, not one, among:\n{all}", found.len()),
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(no diagnostics)");
        }
        self.0.iter().try_for_each(|one| writeln!(f, "{one}"))
    }
}
