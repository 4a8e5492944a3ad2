//! Names of the cloud that stand for components of the same stack become KEYs.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::Dynamic;

use crate::engine::address::Address;
use crate::engine::marks::{AccountRoles, Granted, Refers};
use crate::engine::model::Components;
use crate::engine::references::{self, Part};
use crate::engine::scope::Scope;
use crate::engine::tree;

/// Rewrites references between the components, and members that are components of the stack. A KEY is an order of creation:
/// an object keeps the cloud's name for one that would have to wait for it. Text that looks like a reference is escaped.
pub(super) fn adopt(components: &mut Components, scope: &Scope) {
    let all = components.clone();
    let (principals, roles) = (principals(&all), roles(&all));
    // What an attribute can refer to, by its canonical name.
    let mut keys: BTreeMap<*const Refers, BTreeMap<String, Address>> = BTreeMap::new();
    let mut uses: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    let order = |uses: &BTreeMap<Address, BTreeSet<Address>>, user: &Address, used: &Address| {
        let uses = |of: &Address| uses.get(of).into_iter().flatten().cloned().collect();
        !references::reaches(used, user, uses)
    };
    for (address, component) in components.iter_mut() {
        *component = references::escape(address, std::mem::take(component));
        for attribute in &address.kind.object().attributes {
            let part = Part::of(attribute);
            let Some(value) = component.as_entries_mut().and_then(|entries| entries.get_mut(attribute.name.as_ref()))
            else {
                continue;
            };
            tree::walk_value_mut(attribute, value, &mut |attribute, value| {
                if let Some(refers) = attribute.extensions.get::<Refers>() {
                    let keys = keys.entry(refers).or_insert_with(|| keys_of(&all, refers, scope));
                    tree::change_texts(value, &mut |text| {
                        let used = keys.get(&(refers.canonical)(text));
                        let used = used.filter(|used| part != Part::Object || order(&uses, address, used));
                        let Some(used) = used else { return Dynamic::string(text) };
                        if part == Part::Object {
                            uses.entry(address.clone()).or_default().insert(used.clone());
                        }
                        Dynamic::string(&used.key)
                    });
                }
                if attribute.extensions.get::<Granted>().is_some() {
                    tree::change_texts(value, &mut |member| {
                        Dynamic::string(principals.get(member).map_or(member, String::as_str))
                    });
                    name_roles(value, &roles);
                }
                if attribute.extensions.get::<AccountRoles>().is_some() {
                    tree::change_texts(value, &mut |role| {
                        Dynamic::string(roles.get(role).map_or(role, String::as_str))
                    });
                }
            });
        }
    }
}

/// The KEYs of the components that an attribute can name, by every canonical name that they have.
fn keys_of(all: &Components, refers: &Refers, scope: &Scope) -> BTreeMap<String, Address> {
    let mut keys = BTreeMap::new();
    for (address, target) in all.iter().filter(|(address, _)| address.kind.name() == refers.kind) {
        let names = std::iter::once(refers.attribute).chain(refers.or_by);
        for name in names.filter_map(|attribute| target.get(attribute).as_str()) {
            let name = (refers.canonical)(name);
            // Of two components with one name the first is meant.
            for spelling in address.kind.terms().spellings(&name, &scope.place) {
                keys.entry(spelling).or_insert_with(|| address.clone());
            }
            keys.entry(name).or_insert_with(|| address.clone());
        }
    }
    keys
}

/// Members of grants that are components of the stack, with their KEYs.
fn principals(all: &Components) -> BTreeMap<String, String> {
    let member = |(address, component): (&Address, &Dynamic)| {
        let name = tree::text(component, address.kind.principal()?.address)?;
        Some((address.kind.terms().member(name), address.key.clone()))
    };
    all.iter().filter_map(member).collect()
}

/// Roles that are components of the stack, with their KEYs.
fn roles(all: &Components) -> BTreeMap<String, String> {
    let role = |(address, component): (&Address, &Dynamic)| {
        let name = tree::text(component, address.kind.role()?.name)?;
        Some((name.to_owned(), address.key.clone()))
    };
    all.iter().filter_map(role).collect()
}

/// Writes the roles of grants that are no component's by the KEYs of components.
pub(super) fn adopt_grants(grants: &mut Dynamic, components: &Components) {
    name_roles(grants, &roles(components));
}

/// Writes the roles of grants by their KEYs.
fn name_roles(grants: &mut Dynamic, roles: &BTreeMap<String, String>) {
    let Dynamic::Map(entries) = grants else { return };
    let named = std::mem::take(entries).into_iter().map(|(role, members)| match roles.get(role.as_ref()) {
        Some(key) => (key.clone().into(), members),
        None => (role, members),
    });
    *entries = named.collect();
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::engine::tests::configured;

    fn adopted(components: &Json) -> Components {
        let mut components = configured(components).components();
        adopt(&mut components, &Scope::default());
        components
    }

    #[test]
    fn a_key_is_written_only_where_it_closes_no_circle_of_objects() {
        let logs_to = |name: &str| json!({"logging": {"log_bucket": name}});
        let all = adopted(&json!({"buckets": {
            "a": logs_to("test-b"), "b": logs_to("test-c"), "c": logs_to("test-a"), "d": logs_to("test-a"), "e": logs_to("test-e"),
        }}));
        let found: Vec<&str> =
            all.values().filter_map(|bucket| bucket.get("logging").get("log_bucket").as_str()).collect();
        assert_eq!(found, ["b", "c", "test-a", "a", "test-e"]);
    }

    #[test]
    fn children_may_name_what_contains_them() {
        let all = adopted(&json!({"topics": {"jobs": {
            "id": "projects/p/topics/jobs",
            "subscriptions": {"worker": {"dead_letter_topic": "projects/p/topics/jobs", "max_delivery_attempts": 5}},
        }}}));
        let topic = all.values().next().unwrap();
        assert_eq!(topic.get("subscriptions").get("worker").get("dead_letter_topic"), &Dynamic::string("jobs"));
    }

    #[test]
    fn text_of_the_cloud_is_text() {
        let texts = json!({"A": "{{buckets.b.url}}", "B": "${{ secrets.KEY }}", "C": "{{services.api.url}}/{{{{"});
        let all = adopted(&json!({"services": {"api": {"image": "i", "env": texts}}}));
        let env = tree::strings(all.values().next().unwrap().get("env"));
        let found: Vec<&str> = env.values().map(String::as_str).collect();
        assert_eq!(found, ["{{{{buckets.b.url}}", "${{ secrets.KEY }}", "{{{{services.api.url}}/{{{{{{{{"]);
    }
}
