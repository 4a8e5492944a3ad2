//! Inputs that nobody would write: a seeded mutator over examples, for tests of what reads foreign bytes.
//!
//! `FUZZ_SECONDS` says how long a test goes on (two seconds when nothing is said), `FUZZ_SEED` where it begins.

use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

/// What often breaks a reader.
const PIECES: [&str; 24] = [
    "\"",
    "\\",
    "{",
    "}",
    "{{",
    "}}",
    "{{{{",
    "[",
    "]",
    "${",
    "%{",
    "\u{0}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "🦀",
    "\n",
    "/",
    "?",
    "=",
    "-1",
    "99999999999999999999",
    "<<EOT",
    "```",
];

/// Changes examples at random, the same way for the same seed.
#[derive(Clone, Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator that begins here.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let drawn = (mixed ^ (mixed >> 31)) % u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(drawn).unwrap_or_default()
    }

    /// The text with a few pieces put in, taken out, doubled or exchanged.
    pub fn text(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(4) {
            let at = self.below(characters.len() + 1);
            let end = (at + self.below(12)).min(characters.len());
            match self.below(4) {
                0 => drop(characters.drain(at..end)),
                1 => {
                    let copy = characters[at..end].to_vec();
                    characters.splice(at..at, copy);
                }
                2 => drop(characters.splice(at..end, PIECES[self.below(PIECES.len())].chars())),
                _ => drop(characters.splice(at..at, PIECES[self.below(PIECES.len())].chars())),
            }
        }
        characters.into_iter().collect()
    }

    /// Changes one value somewhere inside: to another type, another text, or nothing.
    pub fn json(&mut self, value: &mut Value) {
        let goes_in = self.below(5) > 0;
        match value {
            Value::Object(members) if goes_in && !members.is_empty() => {
                let at = self.below(members.len());
                if let Some((_, member)) = members.iter_mut().nth(at) {
                    self.json(member);
                }
            }
            Value::Array(items) if goes_in && !items.is_empty() => {
                let at = self.below(items.len());
                self.json(&mut items[at]);
            }
            Value::String(text) if goes_in => *text = self.text(text),
            value => {
                *value = match self.below(8) {
                    0 => Value::Null,
                    1 => json!({}),
                    2 => json!([]),
                    3 => json!(""),
                    4 => json!(-1),
                    5 => json!(1e300),
                    6 => json!([null, {"a": []}]),
                    _ => json!(true),
                }
            }
        }
    }
}

/// Rounds of a test, for as long as `FUZZ_SECONDS` says; its name and where it begins are printed.
pub fn rounds(name: &str) -> impl Iterator<Item = Mutator> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let (seed, limit) = (number("FUZZ_SEED").unwrap_or(now), Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2)));
    let _ = writeln!(std::io::stderr(), "{name}: FUZZ_SEED={seed} does it again");
    let started = Instant::now();
    (seed..).map(Mutator::new).take_while(move |_| started.elapsed() < limit)
}
