//! What a heading says that its section holds.

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Deliverables,
    /// Steps of a phase.
    Steps,
    Issues,
    Risks,
    Metrics,
    NextSteps,
    Commands,
    /// Commands or facts that show that all is well.
    Verification,
    /// Something to tick off.
    Checklist,
    /// What was done, told once more.
    Recap,
    Objectives,
    /// Prose that is kept as it stands, with all that is below it.
    Prose,
}

/// Words that tell a topic; the first that a heading contains counts.
const WORDS: [(&[&str], Topic); 13] = [
    (
        &[
            "pitfall",
            "troubleshoot",
            "goes wrong",
            "issues occur",
            "concept",
            "architect",
            "lesson",
            "technical detail",
            "success factor",
            "inventory",
            "file structure",
            "key files",
            "recommendation",
            "history",
        ],
        Topic::Prose,
    ),
    (
        &[
            "success criteri",
            "completion criteri",
            "acceptance criteri",
            "checklist",
            "check-list",
            "definition of done",
        ],
        Topic::Checklist,
    ),
    (&["metric", "statistic", "time tracking", "figures"], Topic::Metrics),
    (&["risk"], Topic::Risks),
    (&["next step", "what's next", "what’s next", "next action", "what to do next", "tl;dr"], Topic::NextSteps),
    (&["verification", "verify"], Topic::Verification),
    (&["command", "quick start"], Topic::Commands),
    (&["already done"], Topic::Recap),
    (&["issue", "problem", "blockers"], Topic::Issues),
    (
        &["deliverable", "what was built", "accomplished", "improvements", "resources imported", "resources managed"],
        Topic::Deliverables,
    ),
    (&["objective", "expected outcome", "target state", "goals"], Topic::Objectives),
    (&["completed steps", "steps completed", "tasks", "steps", "stages", "to do", "what's pending"], Topic::Steps),
    (&["what happens after", "what comes after"], Topic::NextSteps),
];

/// The topic that a heading, without its decoration, names.
pub(super) fn topic(title: &str) -> Option<Topic> {
    if title.len() > 200 {
        return None;
    }
    let title = title.to_lowercase();
    WORDS.iter().find(|(words, _)| words.iter().any(|word| title.contains(word))).map(|(_, topic)| *topic)
}

/// A heading that numbers a step: `Step 3: …`, `Stage 1: …`, `2. …`.
pub(super) fn numbered_step(title: &str) -> Option<&str> {
    let lower = title.get(..6).unwrap_or(title).to_ascii_lowercase();
    let rest =
        ["step ", "stage ", "task "].iter().find(|word| lower.starts_with(**word)).map(|word| &title[word.len()..])?;
    after_number(rest)
}

/// What follows a number: `1. Name`, `1.2 Name`, `3: Name`.
pub(super) fn after_number(title: &str) -> Option<&str> {
    let rest = title.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    if rest.len() == title.len() || !title.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let rest = rest.trim_start_matches([':', ')', '-', '–', '—', ' ']);
    (!rest.is_empty() && (title.len() - rest.len()) < 12).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_name_topics() {
        let cases = [
            ("Success Criteria for Phase 2", Some(Topic::Checklist)),
            ("TL;DR - What to Do Next", Some(Topic::NextSteps)),
            ("Issues Fixed (7/7)", Some(Topic::Issues)),
            ("Next Steps: Fix the 7 Issues", Some(Topic::NextSteps)),
            ("Common Pitfalls and How to Avoid Them", Some(Topic::Prose)),
            ("Current Status", None),
        ];
        for (title, wanted) in cases {
            assert_eq!(topic(title), wanted, "{title}");
        }
    }

    #[test]
    fn steps_are_numbered_in_several_ways() {
        assert_eq!(numbered_step("Stage 1: Foundation"), Some("Foundation"));
        assert_eq!(numbered_step("Steps Completed"), None);
        assert_eq!(after_number("1.2 Create table"), Some("Create table"));
        assert_eq!(after_number("3 Create"), Some("Create"));
    }
}
