//! The stack, read again now, is what the configuration says it is.

use tfplugin::Diagnostics;

use super::{Finding, Tools};
use crate::engine::image::{Comparison, Difference, StackImage};

/// How many differences are told.
const TOLD: usize = 10;

/// Reads every object of the stack and compares the fingerprint of what was found with the given one.
pub(super) async fn check(stack: &str, fingerprint: &str, tools: &Tools<'_>) -> Finding {
    let (cloud, session) = tools.session.of_stack(stack);
    let Some(image) = session.images.get(stack) else { return Finding::unknown_stack(stack) };
    match image.verify(cloud, session.connection(), tools.calls).await {
        Ok(comparison) => judge(&comparison, &image, fingerprint),
        Err(problems) => Finding::failed(unreadable(&problems)),
    }
}

fn judge(found: &Comparison, image: &StackImage, fingerprint: &str) -> Finding {
    let off = found.differences.iter().any(|difference| matches!(difference, Difference::ApiOff { .. }));
    let read = match found.objects {
        1 => "1 object read".to_owned(),
        objects => format!("{objects} objects read"),
    };
    if found.fingerprint == fingerprint && !off {
        return Finding::held(format!("{read}, as recorded"));
    }
    if !found.differences.is_empty() {
        return Finding::failed(format!(
            "{read}; not as recorded: {}. Run terraform plan to see them all, then apply, or adopt them into the configuration.",
            listed(&found.differences)
        ));
    }
    let now = &found.fingerprint;
    Finding::failed(if now == image.fingerprint() {
        format!(
            "{read}; the stack is as recorded, with the fingerprint {now}, but the criterion names {fingerprint}. Set fingerprint = \
             mlops_stack.NAME.fingerprint (mlops_aws_stack.NAME.fingerprint on AWS)."
        )
    } else {
        format!(
            "{read}; every setting is as recorded, but the fingerprint is {now} and was {}. Another version of the provider has \
             recorded it: run terraform apply -refresh-only, then apply again.",
            image.fingerprint()
        )
    })
}

fn listed(differences: &[Difference]) -> String {
    let mut text: Vec<String> = differences.iter().take(TOLD).map(ToString::to_string).collect();
    if differences.len() > TOLD {
        text.push(format!("and {} more", differences.len() - TOLD));
    }
    text.join("; ")
}

/// What hindered the reading, in one paragraph.
fn unreadable(problems: &Diagnostics) -> String {
    let problems = problems.iter().take(TOLD).map(|problem| {
        let detail = problem.detail.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}: {}", problem.summary, detail.trim_end_matches('.'))
    });
    format!("The stack could not be read. {}.", problems.collect::<Vec<_>>().join(". "))
}

#[cfg(test)]
mod tests;
