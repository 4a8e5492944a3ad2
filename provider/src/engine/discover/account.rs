//! What an import takes of the policy of the account or project: the roles of the principals that come along, and grants to
//! others where a selector asks for them.
//!
//! A project's policy is everybody's: who takes a grant out of the configuration later takes it from somebody. So none comes
//! unasked, and those that were left out are named.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Diagnostic, Diagnostics, Dynamic};

use super::Candidate;
use super::left_out::LeftOut;
use crate::engine::cloud::Cloud;
use crate::engine::grants::Policy;
use crate::engine::import_id::ImportName;
use crate::engine::model::{Components, Layout};
use crate::engine::run::Run;
use crate::engine::scope::Scope;
use crate::engine::{account_iam, effective, refresh, tree};

/// The policy of the account or project, if a selector asks for grants in it, or some of the chosen ones can have roles on
/// it.
pub(super) async fn policy<'c>(
    run: &Run,
    layout: &'static Layout,
    import: &ImportName,
    mut chosen: impl Iterator<Item = &'c Candidate>,
) -> Result<Option<Policy>, Diagnostics> {
    let is_wanted = !import.grants.is_empty();
    if !is_wanted && !chosen.any(|candidate| effective::account_roles(candidate.kind).is_some()) {
        return Ok(None);
    }
    refresh::account_policy(run, layout).await
}

/// The roles that the principals among the components have on the account or project.
pub(super) fn roles(policy: &Policy, components: &mut Components, left_out: &mut LeftOut) {
    for (address, component) in components {
        let Some((attribute, roles)) = effective::account_roles(address.kind) else { continue };
        let terms = address.kind.terms();
        let Some(principal) = tree::text(component, roles.email) else { continue };
        let member = terms.canonical_member(&terms.member(principal));
        for (role, _) in policy.conditional.iter().filter(|(_, holder)| *holder == member) {
            left_out.conditional_grant(address, terms.account_noun(), role, &member);
        }
        let grants = policy.grants.iter();
        let held: Vec<Dynamic> =
            grants.filter(|(_, holder)| *holder == member).map(|(role, _)| Dynamic::string(role)).collect();
        let held = if held.is_empty() { Dynamic::Null } else { Dynamic::set(held) };
        tree::set(component, attribute.name.clone(), held);
    }
}

/// The grants to others that the selectors ask for. Warns of the rest, where everything was to come along.
pub(super) fn own(
    policy: &Policy,
    cloud: &dyn Cloud,
    import: &ImportName,
    components: &Components,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Dynamic {
    let terms = cloud.terms();
    let principals: BTreeSet<String> = components
        .iter()
        .filter_map(|(address, component)| {
            let (_, roles) = effective::account_roles(address.kind)?;
            Some(terms.canonical_member(&terms.member(tree::text(component, roles.email)?)))
        })
        .collect();
    let of_others = |(role, member): &&(String, String)| {
        !principals.contains(member) && !terms.is_account_made_by_cloud(role, member, &scope.place)
    };
    let is_wanted = |role: &str| import.grants.iter().any(|pattern| pattern.matches(role));
    let (mut taken, mut left) = (BTreeMap::<&str, Vec<Dynamic>>::new(), Vec::new());
    let grants = || policy.grants.iter().filter(of_others);
    for (role, member) in grants() {
        if !is_wanted(role) {
            left.push(format!("- {role} to {member}"));
        } else if terms.refuse_role(role).or_else(|| terms.refuse_account_member(member)).is_some() {
            left.push(format!("- {role} to {member}, which a configuration cannot say"));
        } else {
            taken.entry(role).or_default().push(Dynamic::string(member));
        }
    }
    left.extend(
        policy
            .conditional
            .iter()
            .filter(of_others)
            .map(|(role, member)| format!("- {role} to {member} under a condition, which a configuration cannot say")),
    );
    for pattern in import.grants.iter().filter(|pattern| !grants().any(|(role, _)| pattern.matches(role))) {
        let roles: BTreeSet<&str> = grants().map(|(role, _)| role.as_str()).collect();
        let roles: Vec<&str> = roles.into_iter().collect();
        let there =
            if roles.is_empty() { "there are none".to_owned() } else { format!("there are {}", roles.join(", ")) };
        diagnostics.push(Diagnostic::error(
            "A selector matches nothing",
            format!(
                "{}={} matches no role that is granted on {} {} to others than its own accounts: {there}.",
                account_iam::name(cloud.layout()).unwrap_or_default(),
                pattern.as_str(),
                terms.account_noun(),
                import.account
            ),
        ));
    }
    if import.selectors.is_empty() || !import.grants.is_empty() {
        diagnostics.extend(not_imported(cloud, import, &left));
    }
    if taken.is_empty() {
        return Dynamic::Null;
    }
    Dynamic::Map(taken.into_iter().map(|(role, members)| (role, Dynamic::set(members))).collect())
}

/// The warning that names what stays nobody's.
fn not_imported(cloud: &dyn Cloud, import: &ImportName, left: &[String]) -> Option<Diagnostic> {
    let (noun, attribute) = (cloud.terms().account_noun(), account_iam::name(cloud.layout())?);
    let ImportName { account, region, stack, .. } = import;
    (!left.is_empty()).then(|| {
        Diagnostic::warning(
            format!("Grants on the {noun} were not imported"),
            format!(
                "They stay as they are. To have the stack keep one, add its role to {attribute}, or import it: \
                 {account}/{region}/{stack}?{attribute}=ROLE, in which * stands for any text.\n\n{}",
                left.join("\n")
            ),
        )
    })
}
