//! Which cells run: a sample, all, or those whose names contain some words.

use crate::cells::Cell;
use crate::cloud::{SAMPLE, SEED};

pub(crate) enum Choice {
    All,
    Words(Vec<String>),
    Sample { seed: u64, size: usize },
}

impl Choice {
    pub(crate) fn of_environment() -> Self {
        match std::env::var("TORTURE").ok().as_deref() {
            Some("all") => Self::All,
            Some(words) => Self::Words(words.split(' ').map(str::to_owned).collect()),
            None => {
                let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
                let size = number("TORTURE_SAMPLE").and_then(|size| usize::try_from(size).ok());
                Self::Sample { seed: number("TORTURE_SEED").unwrap_or(SEED), size: size.unwrap_or(SAMPLE) }
            }
        }
    }

    pub(crate) fn choose(&self, mut cells: Vec<Cell>) -> Vec<Cell> {
        match self {
            Self::All => cells,
            Self::Words(words) => {
                let has_all = |cell: &Cell| words.iter().all(|word| cell.to_string().contains(word.as_str()));
                cells.retain(has_all);
                cells
            }
            Self::Sample { seed, size } => {
                let (mut state, size) = (*seed, (*size).min(cells.len()));
                let draw = |_| {
                    let at = usize::try_from(next(&mut state) % cells.len() as u64).unwrap();
                    cells.swap_remove(at)
                };
                (0..size).map(draw).collect()
            }
        }
    }
}

/// The next number of splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
