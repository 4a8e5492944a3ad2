//! What cannot run here: it says so where nobody misses it, and is a failure where everything has to run.

use std::io::Write as _;

/// Says that a test does not run, and why. Where `CI` is set, that is a failure: nothing there may pass without having run.
#[track_caller]
pub fn cannot_run(test: &str, why: &str) {
    assert!(!must_run(std::env::var("CI").ok().as_deref()), "{test} cannot run: {why}");
    // Past the test runner, which shows of a test that passes nothing that goes through its own macros.
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {test}: {why}");
}

/// What `CI` says: GitHub sets it to `true`, others to `1`.
fn must_run(ci: Option<&str>) -> bool {
    matches!(ci, Some("1" | "true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_ci_counts() {
        assert_eq!(
            [Some("1"), Some("true"), Some(""), Some("0"), None].map(must_run),
            [true, true, false, false, false]
        );
    }
}
