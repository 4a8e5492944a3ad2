//! The server that the probe speaks to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tfplugin::Value;
use tokio::sync::Barrier;

use super::crates::Crate;
use super::thing::{Rule, Thing};

/// What the server has, and what was asked of the provider; and where crates with the label `together` wait until
/// [`TOGETHER`] of them are being made.
#[derive(Clone)]
pub(crate) struct Remote(pub Arc<Mutex<RemoteState>>, pub Arc<Barrier>);

/// As many as terraform works on at once.
pub(crate) const TOGETHER: usize = 10;

impl Default for Remote {
    fn default() -> Self {
        Self(Arc::default(), Arc::new(Barrier::new(TOGETHER)))
    }
}

#[derive(Default)]
pub(crate) struct RemoteState {
    pub things: BTreeMap<String, Thing>,
    pub crates: BTreeMap<String, Crate>,
    pub made: u32,
    pub log: Vec<String>,
    /// What reads, imports and deletes do wrong.
    pub fault: String,
    pub passwords: Vec<String>,
}

impl Remote {
    pub(crate) fn fault(&self, fault: &str) {
        self.0.lock().unwrap().fault = fault.to_owned();
    }

    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().log)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().things.len()
    }

    pub(super) fn note(&self, entry: String) {
        self.0.lock().unwrap().log.push(entry);
    }

    /// Stores a thing, with everything that the server adds.
    pub(super) fn store(&self, mut thing: Thing) -> Thing {
        let mut remote = self.0.lock().unwrap();
        let id = match thing.id.known() {
            Some(id) => id.clone(),
            None => {
                remote.made += 1;
                format!("id-{}", remote.made)
            }
        };
        thing.id = Value::Known(id.clone());
        fill(&mut thing.color, "grey");
        let rule = |rule: &mut Rule| {
            fill(&mut rule.label, "labelled");
            fill(&mut rule.uid, "uid");
        };
        match &mut thing.main {
            Value::Known(main) => rule(main),
            main if main.is_unknown() => *main = Value::Null,
            _ => {}
        }
        [&mut thing.rules, &mut thing.pool].into_iter().for_each(|rules| {
            if let Value::Known(rules) = rules {
                rules.iter_mut().for_each(rule);
            }
        });
        if let Value::Known(named) = &mut thing.named {
            named.values_mut().for_each(rule);
        }
        thing.password_wo = Value::Null;
        remote.things.insert(id, thing.clone());
        thing
    }
}

pub(super) fn fill(value: &mut Value<String>, server: &str) {
    if value.is_unknown() || value.is_null() {
        *value = Value::Known(server.to_owned());
    }
}
