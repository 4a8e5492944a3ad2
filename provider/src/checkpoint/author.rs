//! Who changes a phase, for its history.

use crate::google::api::auth::Environment;

/// Variables that pipelines set to the person or job behind a run, then those of a login.
const NAMES: &[&str] = &[
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "CIRCLE_USERNAME",
    "BUILD_REQUESTEDFOREMAIL",
    "BITBUCKET_STEP_TRIGGERER_UUID",
    "TFC_RUN_ID",
    "USER",
    "LOGNAME",
    "USERNAME",
];

/// The longest name that is taken over.
const LONGEST: usize = 128;

/// The name of whoever runs Terraform, as the environment tells it; `unknown` when it does not.
pub(super) fn author(environment: &Environment) -> String {
    let name = environment.first(NAMES).map(|(_, name)| name).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_behind_a_pipeline_comes_before_its_login() {
        let environment = Environment::of([("USER", "runner"), ("GITHUB_ACTOR", "ada")]);
        assert_eq!(author(&environment), "ada");
    }

    #[test]
    fn nobody_is_told_as_unknown() {
        assert_eq!(author(&Environment::of([("USER", "\n")])), "unknown");
    }
}
