//! What a person reads of Terraform's output: which resources, which values, how many, and what is wrong.
//!
//! The demo shows this and keeps the rest in a file.

/// No step shows more values than this: with its heading it fits on a screen.
const MOST_VALUES: usize = 16;
/// Nor more lines of one error.
const MOST_OF_AN_ERROR: usize = 16;

/// How lines begin that say what became of it all.
const RESULTS: [&str; 8] = [
    "- Installed ",
    "Terraform has been successfully initialized!",
    "OpenTofu has been successfully initialized!",
    "No changes.",
    "Plan: ",
    "Apply complete!",
    "Destroy complete!",
    "Import successful!",
];

/// The lines that matter, in their order. The output is without colours, and then without boxes around what is wrong.
pub fn digest(output: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut values, mut of_an_error) = (0, 0);
    for line in output.lines() {
        let bare = line.trim();
        if line.starts_with("Error: ") {
            of_an_error = MOST_OF_AN_ERROR;
        } else if line.starts_with("Warning: ") {
            lines.push(line.to_owned());
            of_an_error = 0;
        }
        if of_an_error > 0 {
            if !bare.is_empty() {
                lines.push(line.to_owned());
                of_an_error -= 1;
            }
        } else if RESULTS.iter().any(|result| bare.starts_with(result)) || is_resource(bare) {
            lines.push(bare.to_owned());
        } else if is_value(bare) {
            values += 1;
            if values <= MOST_VALUES {
                lines.push(format!("    {}", squeezed(bare)));
            }
        }
    }
    if values > MOST_VALUES {
        lines.push(format!("    ... and {} values more", values - MOST_VALUES));
    }
    lines
}

/// `# mlops_stack.prod will be updated in-place`
fn is_resource(line: &str) -> bool {
    line.starts_with("# ")
        && line.contains('.')
        && [" will be ", " must be ", " has "].iter().any(|says| line.contains(says))
}

/// `~ ingress = "ALL" -> "INTERNAL"`, but not what is only known later.
fn is_value(line: &str) -> bool {
    line.starts_with("~ ") && line.contains(" -> ") && !line.contains("(known after apply)")
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_its_resource_its_values_and_the_counts() {
        let output = "Terraform will perform the following actions:\n\n  # mlops_stack.a will be updated in-place\n  \
            ~ resource \"mlops_stack\" \"a\" {\n      ~ fingerprint = \"1\" -> (known after apply)\n      \
            ~ labels      = {\n          ~ \"env\" = \"a\" -> \"b\"\n        }\n    }\n\nPlan: 0 to add, 1 to change, 0 to destroy.\n";
        let expected = [
            "# mlops_stack.a will be updated in-place",
            "    ~ \"env\" = \"a\" -> \"b\"",
            "Plan: 0 to add, 1 to change, 0 to destroy.",
        ];
        assert_eq!(digest(output), expected);
    }

    #[test]
    fn an_error_is_whole_and_a_warning_is_its_title() {
        let output = "Warning: Old\n\nlong text\n\nError: Refused\n\n  with a.b,\n\nUS to EU\n";
        assert_eq!(digest(output), ["Warning: Old", "Error: Refused", "  with a.b,", "US to EU"]);
    }

    #[test]
    fn values_beyond_a_screen_are_counted() {
        let many: String = (0..20).map(|n| format!("~ a{n} = 1 -> 2\n")).collect();
        let lines = digest(&many);
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (17, Some("    ... and 4 values more")));
    }
}
