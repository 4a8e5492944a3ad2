//! How far the steps of an apply are, for people: a line as one begins, while it goes on, and as it ends.

use std::time::{Duration, Instant};

use crate::engine::plan::{Action, Step};
use crate::engine::run::Run;

/// How often it is said that a step goes on.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// The steps of one apply.
pub(super) struct Report<'a> {
    run: &'a Run,
    steps: &'a [Step],
    states: Vec<State>,
    ended: usize,
}

/// How far a step is.
#[derive(Clone, Copy)]
enum State {
    /// So many of its parts have not begun, and none has.
    Waiting(usize),
    /// So many of its parts have not ended since.
    Begun(usize, Instant),
    Ended,
}

impl<'a> Report<'a> {
    /// Nothing has begun; `parts` says how many parts each step has.
    pub(super) fn new(run: &'a Run, steps: &'a [Step], parts: Vec<usize>) -> Self {
        Self { run, steps, states: parts.into_iter().map(State::Waiting).collect(), ended: 0 }
    }

    /// A part of the step begins.
    pub(super) fn begin(&mut self, step: usize) {
        if let State::Waiting(parts) = self.states[step] {
            self.states[step] = State::Begun(parts, self.run.context.clock.now());
            self.say(step, doing(&self.steps[step].action));
        }
    }

    /// A part of the step ends. With one that fails, all of it does.
    pub(super) fn end(&mut self, step: usize, has_failed: bool) {
        let State::Begun(parts, begun) = self.states[step] else { return };
        if parts > 1 && !has_failed {
            self.states[step] = State::Begun(parts - 1, begun);
            return;
        }
        self.states[step] = State::Ended;
        self.ended += 1;
        let what = if has_failed { "failed" } else { done(&self.steps[step].action) };
        let (seconds, ended, all) = (self.seconds_since(begun), self.ended, self.steps.len());
        self.say(step, &format!("{what} after {seconds}s ({ended} of {all})"));
    }

    /// Says which steps go on for long.
    pub(super) fn still(&self) {
        for (step, state) in self.states.iter().enumerate() {
            if let State::Begun(_, begun) = state
                && self.run.context.clock.now().saturating_duration_since(*begun) >= INTERVAL
            {
                let (doing, seconds) = (doing(&self.steps[step].action), self.seconds_since(*begun));
                self.say(step, &format!("still {doing} after {seconds}s"));
            }
        }
    }

    fn seconds_since(&self, begun: Instant) -> u64 {
        self.run.context.clock.now().saturating_duration_since(begun).as_secs()
    }

    fn say(&self, step: usize, what: &str) {
        self.run.progress.say(format!("{}: {what}", self.steps[step].address));
    }
}

fn doing(action: &Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update { .. } => "changing",
        Action::Replace => "replacing",
        Action::Discard => "deleting what was replaced",
        Action::Delete => "deleting",
        Action::Release => "releasing",
    }
}

fn done(action: &Action) -> &'static str {
    match action {
        Action::Create | Action::Update { .. } | Action::Replace => "ready",
        Action::Discard | Action::Delete => "deleted",
        Action::Release => "released",
    }
}
