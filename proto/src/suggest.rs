//! "Did you mean": the name that a misspelt one was meant to be.
//!
//! A slip is one edit, or two where the name has eight letters or more; an edit adds, drops or changes a letter, or swaps
//! two neighbours. One rule for all names that a user writes, so that all of them are equally forgiving.

/// From this length on a name may be two edits away.
const LONG: usize = 8;

/// The one of `names` that `word` is a slip of: the nearest, and of equally near ones the first. A name itself is no slip.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word: Vec<char> = word.chars().collect();
    let mut best: Option<(usize, &'n str)> = None;
    for name in names {
        let letters: Vec<char> = name.chars().collect();
        let allowed = if letters.len() >= LONG { 2 } else { 1 };
        // Cheap, and it keeps a foreign text of a million letters from being compared.
        if letters.len().abs_diff(word.len()) > allowed {
            continue;
        }
        let edits = edits(&word, &letters);
        if (1..=allowed).contains(&edits) && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many edits lead from one to the other (optimal string alignment).
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut least = changed.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other {
                least = least.min(before_last[column - 1] + 1);
            }
            current.push(least);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_letter_too_few_too_many_or_wrong_is_a_slip() {
        for word in ["mage", "iimage", "imege", "imgae"] {
            assert_eq!(nearest(word, ["image", "env"]), Some("image"), "{word}");
        }
    }

    #[test]
    fn a_short_name_forgives_one_edit_and_a_long_one_two() {
        assert_eq!(nearest("imgee", ["image"]), None);
        assert_eq!(nearest("storageclas", ["storage_class"]), Some("storage_class"));
        assert_eq!(nearest("storageclss_", ["storage_class"]), None);
    }

    #[test]
    fn the_nearest_wins_and_of_equals_the_first() {
        assert_eq!(nearest("locatiom", ["locations", "location"]), Some("location"));
        assert_eq!(nearest("ab", ["aa", "bb"]), Some("aa"));
    }

    #[test]
    fn a_name_is_no_slip_of_itself() {
        assert_eq!(nearest("cpu", ["cpu"]), None);
    }

    proptest! {
        #[test]
        fn edits_are_the_same_in_both_directions(a in "[ab_é]{0,9}", b in "[ab_é]{0,9}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(edits(&a, &b), edits(&b, &a));
            prop_assert_eq!(edits(&a, &b) == 0, a == b);
        }
    }
}
