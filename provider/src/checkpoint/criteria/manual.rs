//! A person approves it.

use super::Finding;

/// Holds when somebody is named.
pub(super) fn check(approved_by: &str, note: Option<&str>) -> Finding {
    let (who, note) = (approved_by.trim(), note.map(str::trim).filter(|note| !note.is_empty()));
    match (who, note) {
        ("", _) => Finding::failed("Nobody has approved it yet. Put the name of whoever does into approved_by."),
        (who, None) => Finding::held(format!("Approved by {who}.")),
        (who, Some(note)) => Finding::held(format!("Approved by {who}: {note}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_passes_and_is_told_with_its_note() {
        assert_eq!(check("ops lead", Some("dry run held")), Finding::held("Approved by ops lead: dry run held"));
        assert_eq!(check("ops lead", None), Finding::held("Approved by ops lead."));
    }

    #[test]
    fn nobody_does_not_pass() {
        assert!(!check("  ", Some("dry run held")).passed);
    }
}
