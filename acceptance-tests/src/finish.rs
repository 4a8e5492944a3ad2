//! The ending of every test that applies: nothing more to do, state and cloud agree, importable as it stands, destroyed without
//! a trace, and no fault left that was armed.

use crate::{Counts, Diagnostics, State, World, disagreements};

impl World {
    /// Plans again (with and without a refresh), compares state and cloud, imports everything into a fresh state, destroys,
    /// and compares the cloud with what it was at the beginning. Every armed fault must be spent.
    #[track_caller]
    pub fn finish(&self) {
        self.finish_keeping(&[]);
    }

    /// [`World::finish`] where objects remain whose full name contains one of `kept`, because of their deletion policy.
    #[track_caller]
    pub fn finish_keeping(&self, kept: &[&str]) {
        self.expect_settled();
        self.expect_agreement();
        self.expect_importable();
        self.expect_clean_destroy(kept);
        self.cloud.expect_faults_spent();
    }

    /// Fails unless a plan is empty, without and with a refresh, and neither writes.
    #[track_caller]
    pub fn expect_settled(&self) {
        let mark = self.cloud.mark();
        self.main.plan(&["-refresh=false"]).expect_empty();
        self.main.plan(&[]).expect_empty();
        self.cloud.expect_no_writes_since(mark);
    }

    /// Fails unless the state and the cloud agree: at the end of a test, and after each of its steps that failed.
    #[track_caller]
    pub fn expect_agreement(&self) {
        let found = disagreements(&self.main.state(), &self.cloud.snapshot());
        assert!(found.is_empty(), "state and cloud disagree:\n{}", found.join("\n"));
    }

    /// Applies what must fail; returns why. The state must agree with what is in the cloud then.
    #[track_caller]
    pub fn failed_apply(&self) -> Diagnostics {
        let diagnostics = self.main.apply(&[]).expect_failure().clone();
        self.expect_agreement();
        diagnostics
    }

    /// The same for a destroy.
    #[track_caller]
    pub fn failed_destroy(&self) -> Diagnostics {
        let diagnostics = self.main.destroy().expect_failure().clone();
        self.expect_agreement();
        diagnostics
    }

    /// Fails unless what the state holds, imported into a fresh state with a generated configuration, gives an empty plan.
    #[track_caller]
    pub fn expect_importable(&self) {
        let mark = self.cloud.mark();
        let blocks = import_blocks(&self.main.state());
        let count = blocks.len() as u64;
        if count == 0 {
            return;
        }
        let fresh = self.directory(&format!("imported-{}", self.cloud.requests().len()), &blocks.concat());
        let planned = fresh.generate_config("generated.tf");
        assert!(planned.succeeded(), "the import's plan failed:\n{}", planned.diagnostics);
        // A saved plan does not know the configuration that was generated with it.
        let applied = fresh.apply(&[]).expect_success();
        let only_imports = Counts { import: count, ..Counts::default() };
        assert_eq!(applied.counts, only_imports, "the import should change nothing");
        fresh.plan(&[]).expect_empty();
        self.cloud.expect_no_writes_since(mark);
    }

    /// Destroys, and fails unless the cloud is then what it was before the test.
    #[track_caller]
    pub fn expect_clean_destroy(&self, kept: &[&str]) {
        self.main.destroy().expect_success();
        let left = self.cloud.snapshot().differences_from(&self.before);
        let unexpected: Vec<_> = left.iter().filter(|line| !kept.iter().any(|name| line.contains(name))).collect();
        assert!(unexpected.is_empty(), "destroy should leave the cloud as it was, but:\n{unexpected:#?}");
    }
}

/// An import block for each stack of a state: `projects/P/locations/R/stacks/N` is imported as `P/R/N`.
fn import_blocks(state: &State) -> Vec<String> {
    let stacks = state.resources().into_iter().filter(|resource| resource.kind() == "mlops_stack");
    stacks
        .map(|stack| {
            let id = stack.str("/id").to_owned();
            let parts: Vec<&str> = id.split('/').collect();
            let [_, project, _, region, _, name] = parts.as_slice() else {
                panic!("{id} is no stack's id");
            };
            format!("import {{\n  to = {}\n  id = \"{project}/{region}/{name}\"\n}}\n", stack.address())
        })
        .collect()
}
