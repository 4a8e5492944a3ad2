//! Markdown to steps. Pure: a guide that says something unclear is refused with its line.

use crate::OrFail;

/// One step of a guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the block, from 1.
    pub line: usize,
    /// The last heading above it.
    pub heading: String,
    /// What to do.
    pub action: Action,
}

/// What a block means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write a file.
    Write {
        /// Which, in the folder that the reader is in.
        file: String,
        /// All that is in it.
        text: String,
    },
    /// Add to a file.
    Append {
        /// Which, in the folder that the reader is in.
        file: String,
        /// What comes at its end.
        text: String,
    },
    /// Replace the lines of a diff that begin with a blank or a minus by those that begin with a blank or a plus.
    Change {
        /// Which file, in the folder that the reader is in.
        file: String,
        /// The diff, without a head.
        diff: String,
    },
    /// Run commands.
    Run {
        /// What is typed, one after the other.
        commands: Vec<String>,
        /// Whether the last of them must fail.
        fails: bool,
        /// What they print together, with `...` for anything.
        prints: Option<String>,
    },
    /// Start a command and leave it running.
    Start {
        /// What is typed.
        command: String,
    },
    /// A fragment of a configuration.
    Validate {
        /// The fragment.
        text: String,
    },
    /// A quotation of a file of the repository.
    Quote {
        /// Which, from the repository's root.
        file: String,
        /// What it must hold.
        text: String,
    },
    /// Text that is only shown, of a language that nothing checks.
    Show {
        /// The language.
        language: String,
        /// The text.
        text: String,
    },
    /// What cannot be done here.
    NotRun {
        /// Why.
        reason: String,
        /// What it is.
        text: String,
    },
}

/// A code block with the lines that stand before it.
struct Block {
    line: usize,
    heading: String,
    language: String,
    text: String,
    comment: Option<String>,
    before: String,
    /// Whether nothing but blank lines is between it and the block before.
    follows_block: bool,
}

/// The steps of a guide.
pub fn steps_of(markdown: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in blocks(markdown) {
        let is_output = block.follows_block && ["text", "json"].contains(&block.language.as_str());
        if is_output && let Some(Step { action: Action::Run { prints: prints @ None, .. }, .. }) = steps.last_mut() {
            *prints = Some(block.text);
            continue;
        }
        steps.push(Step { line: block.line, heading: block.heading.clone(), action: action(block) });
    }
    steps
}

fn action(block: Block) -> Action {
    let Block { line, language, text, comment, before, .. } = block;
    if let Some(reason) = comment.as_deref().and_then(|comment| comment.strip_prefix("not run: ")) {
        return Action::NotRun { reason: reason.to_owned(), text };
    }
    let fails = comment.as_deref() == Some("fails");
    assert!(comment.is_none() || fails, "line {line}: unknown comment {comment:?}");
    let file = |words: &str| file_after(&before, words);
    if let Some(file) = file("put this into ") {
        return Action::Write { file, text };
    }
    if let Some(file) = file("add this to ") {
        return Action::Append { file, text };
    }
    match language.as_str() {
        "shell" if before.to_lowercase().ends_with("in a second terminal:") => {
            Action::Start { command: text.trim().to_owned() }
        }
        "shell" => Action::Run { commands: commands(&text), fails, prints: None },
        "diff" => Action::Change {
            file: file("change ").or_fail(format!("line {line}: find which file changes")),
            diff: text,
        },
        "terraform" => Action::Validate { text },
        "rust" => Action::Quote { file: file("from ").or_fail(format!("line {line}: find what is quoted")), text },
        _ => Action::Show { language, text },
    }
}

/// The name in backticks behind these words in a line that ends with a colon.
fn file_after(line: &str, words: &str) -> Option<String> {
    let line = line.strip_suffix(':')?;
    let at = line.to_lowercase().rfind(&format!("{words}`"))? + words.len() + 1;
    line.get(at..)?.split('`').next().map(str::to_owned)
}

/// The commands of a block: a line each, unless it goes on by a backslash, a here-document or an open quote.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut open = String::new();
    let mut end_of_document: Option<String> = None;
    for line in text.lines() {
        open.push_str(line);
        open.push('\n');
        match &end_of_document {
            Some(end) if line == end => end_of_document = None,
            Some(_) => continue,
            None => {
                let word = line.split("<<").nth(1).map(|rest| rest.trim_start_matches('\'').split(['\'', ' ']).next());
                end_of_document = word.flatten().filter(|word| !word.is_empty()).map(str::to_owned);
            }
        }
        let is_quoted = !open.starts_with('#') && open.matches('\'').count() % 2 == 1;
        if end_of_document.is_none() && !is_quoted && !line.ends_with('\\') {
            let command = std::mem::take(&mut open);
            let is_silent = command.trim().is_empty() || command.trim_start().starts_with('#');
            commands.extend((!is_silent).then(|| command.trim().to_owned()));
        }
    }
    commands
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut heading, mut before, mut comment) = (String::new(), String::new(), None);
    let mut follows_block = false;
    let mut lines = markdown.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let text: String = inside.map(|line| format!("{line}\n")).collect();
            blocks.push(Block {
                line: number + 1,
                heading: heading.clone(),
                language: language.to_owned(),
                text,
                comment: std::mem::take(&mut comment),
                before: std::mem::take(&mut before),
                follows_block,
            });
            follows_block = true;
        } else if let Some(text) = line.trim().strip_prefix("<!--") {
            comment = Some(text.trim_end_matches("-->").trim().to_owned());
        } else if !line.trim().is_empty() {
            follows_block = false;
            if line.starts_with('#') {
                line.trim_start_matches('#').trim().clone_into(&mut heading);
            }
            line.trim().clone_into(&mut before);
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(markdown: &str) -> Vec<Action> {
        steps_of(markdown).into_iter().map(|step| step.action).collect()
    }

    fn run(commands: &[&str], fails: bool, prints: Option<&str>) -> Action {
        let commands = commands.iter().map(|command| (*command).to_owned()).collect();
        Action::Run { commands, fails, prints: prints.map(str::to_owned) }
    }

    #[test]
    fn a_file_is_named_in_the_line_before() {
        let found = actions("Put this into `main.tf`:\n\n```terraform\na = 1\n```\n");
        assert_eq!(found, [Action::Write { file: "main.tf".to_owned(), text: "a = 1\n".to_owned() }]);
    }

    #[test]
    fn text_after_commands_is_what_they_print() {
        let found = actions("```shell\nls\n```\n\n```text\nmain.tf\n```\n");
        assert_eq!(found, [run(&["ls"], false, Some("main.tf\n"))]);
    }

    #[test]
    fn prose_between_them_parts_text_from_commands() {
        let found = actions("```shell\nls\n```\n\nElsewhere:\n\n```text\nmain.tf\n```\n");
        assert_eq!(found[0], run(&["ls"], false, None));
    }

    #[test]
    fn comments_say_what_fails_and_what_is_not_run() {
        let found = actions("<!-- fails -->\n```shell\nfalse\n```\n\n<!-- not run: a reason -->\n```shell\nx\n```\n");
        let not_run = Action::NotRun { reason: "a reason".to_owned(), text: "x\n".to_owned() };
        assert_eq!(found, [run(&["false"], true, None), not_run]);
    }

    #[test]
    fn a_command_may_span_lines() {
        let found = commands("a \\\n  b\n# doesn't matter\ncat > f <<'END'\nx\n\nEND\nc 'd\ne'\ncat <<E\nf\nE\n");
        assert_eq!(found, ["a \\\n  b", "cat > f <<'END'\nx\n\nEND", "c 'd\ne'", "cat <<E\nf\nE"]);
    }

    #[test]
    fn what_goes_on_is_in_a_second_terminal() {
        let found = actions("Run it in a second terminal:\n\n```shell\nlocalcloud\n```\n");
        assert_eq!(found, [Action::Start { command: "localcloud".to_owned() }]);
    }
}
