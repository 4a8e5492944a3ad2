//! A criterion as a sentence: what is checked. Headers are told by their names only, and a URL without its password.

use super::inline::Inline;
use crate::document::{AlertState, Criterion};

/// What is checked.
pub(super) fn sentence(criterion: &Criterion) -> Inline {
    match criterion {
        Criterion::StackInSync { stack, .. } => {
            Inline::text("Stack ").and(Inline::code(stack)).and(" is as it was planned")
        }
        Criterion::Http { url, method, status, body_pattern, headers, .. } => {
            let method = method.as_deref().unwrap_or("GET");
            let mut said = Inline::code(&format!("{method} {}", without_password(url)))
                .and(format!(" answers {}", status.unwrap_or(200)));
            if let Some(pattern) = body_pattern {
                said = said.and(" with a body that matches ").and(Inline::code(pattern));
            }
            if !headers.is_empty() {
                let names = headers.keys().map(|name| Inline::code(name));
                said = said.and(", asked with ").and(Inline::join(names, ", "));
            }
            said
        }
        Criterion::BucketVersioned { url } => {
            Inline::text("Bucket ").and(Inline::code(url)).and(" keeps old versions of its objects")
        }
        Criterion::ObjectExists { url } => Inline::text("Object ").and(Inline::code(url)).and(" exists"),
        Criterion::AlertPolicies { stack, policies, severities, state } => {
            let mut said = match policies.as_slice() {
                [] => Inline::text("Alert policies"),
                [one] => Inline::text("Alert policy ").and(Inline::code(one)),
                many => {
                    Inline::text("Alert policies ").and(Inline::join(many.iter().map(|name| Inline::code(name)), ", "))
                }
            };
            if !severities.is_empty() {
                said = said.and(format!(" of severity {}", severities.join(", ")));
            }
            if let Some(stack) = stack {
                said = said.and(" of stack ").and(Inline::code(stack));
            }
            said.and(match state {
                AlertState::Enabled => ": evaluated and notifying",
                AlertState::Shadow => ": evaluated and notifying no one",
            })
        }
        Criterion::Manual { approved_by, note } => {
            let said = Inline::text("Approved by ").and(approved_by.as_str());
            match note {
                Some(note) => said.and(": ").and(note.as_str()),
                None => said,
            }
        }
    }
}

/// The URL without what stands before an `@` in its authority.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::inline::Container;
    use super::*;

    #[test]
    fn neither_passwords_nor_values_of_headers_are_told() {
        let criterion = Criterion::Http {
            url: "https://me:hunter2@a.b/health?x=y@z".into(),
            method: Some("HEAD".into()),
            status: Some(204),
            body_pattern: None,
            headers: [("X-Api-Key".to_owned(), "hunter2".to_owned())].into(),
            timeout: None,
            attempts: None,
            identity_token: None,
            audience: None,
        };
        assert_eq!(
            sentence(&criterion).render(Container::Cell),
            "`HEAD https://a.b/health?x=y@z` answers 204, asked with `X-Api-Key`"
        );
    }

    #[test]
    fn alert_policies_are_told_by_what_selects_them() {
        let criterion = Criterion::AlertPolicies {
            stack: Some("projects/p/locations/r/stacks/s".into()),
            policies: Vec::new(),
            severities: vec!["P1".into(), "P2".into()],
            state: AlertState::Shadow,
        };
        assert_eq!(
            sentence(&criterion).render(Container::Block),
            "Alert policies of severity P1, P2 of stack `projects/p/locations/r/stacks/s`: evaluated and notifying no one"
        );
    }
}
