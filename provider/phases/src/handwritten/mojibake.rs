//! Repairs text whose UTF-8 was read as another encoding: `âœ…` becomes `✅` again.
//!
//! The encoding is found by trying; only runs that make UTF-8 again are changed. Some of these encodings leave bytes
//! undefined, and programs drop them: a character that lost bytes is restored when only one of the usual marks fits.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252, WINDOWS_1254};

/// What stands for a symbol that cannot be told any more.
const UNKNOWN_SYMBOL: char = '\u{FFFD}';

/// Marks and ornaments that checkpoints use. Where several fit what is left of one, the first is taken.
const USUAL: &str = "✅❌⏳⏸🔄⏭⏩⚠🎯📁📝📍🏁🔍🔎📊📈📋🚀🎉💡🔧🔴🟡🟢⏰❓❗➡⬅▶\u{FE0F}\u{200D}←→↑↓│├└─═█░▓•–—‘’“”…";

/// The text with its damage repaired.
pub(super) fn repair(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let readings = [WINDOWS_1252, WINDOWS_1254, MACINTOSH].map(Reading::new);
    // The first of the best: `max_by_key` would take the last.
    let scores = readings.iter().map(|reading| (reading.score(text), reading));
    match scores.rev().max_by_key(|(score, _)| *score) {
        Some((score, reading)) if score > 0 => Cow::Owned(reading.repair(text)),
        _ => Cow::Borrowed(text),
    }
}

/// How one encoding was read by mistake.
struct Reading {
    /// The characters that its bytes were read as.
    bytes: HashMap<char, u8>,
    /// Bytes that it leaves undefined.
    lost: Vec<u8>,
}

/// What a character of damaged text stands for, with the number of characters that it takes.
enum Repaired {
    /// A whole character.
    Whole(char, usize),
    /// One that lost bytes.
    Part(char, usize),
    /// No damage.
    Healthy,
}

impl Reading {
    fn new(encoding: &'static Encoding) -> Self {
        let mut bytes = HashMap::new();
        let mut lost = Vec::new();
        for byte in 0x80..=0xFF_u8 {
            let source = [byte];
            let (decoded, _) = encoding.decode_without_bom_handling(&source);
            let Some(character) = decoded.chars().next() else { continue };
            // The web reads undefined bytes as control characters; most other programs drop them.
            if ('\u{80}'..='\u{9F}').contains(&character) {
                lost.push(byte);
            }
            bytes.insert(character, byte);
        }
        Self { bytes, lost }
    }

    /// How many characters of a text are explained by this reading.
    fn score(&self, text: &str) -> usize {
        let (mut score, mut window) = (0, Window::new(text));
        while window.current().is_some() {
            let taken = match self.find(&window) {
                // Two healthy characters may make one by chance, but seldom a Western letter.
                Repaired::Whole(character, 2) if character > '\u{FF}' => 2,
                Repaired::Whole(_, taken) => {
                    score += taken;
                    taken
                }
                Repaired::Part(..) | Repaired::Healthy => 1,
            };
            window.advance(taken);
        }
        score
    }

    fn repair(&self, text: &str) -> String {
        let mut repaired = String::with_capacity(text.len());
        let mut window = Window::new(text);
        while let Some(current) = window.current() {
            let (character, taken) = match self.find(&window) {
                Repaired::Whole(character, taken) | Repaired::Part(character, taken) => (character, taken),
                Repaired::Healthy => (current, 1),
            };
            repaired.push(character);
            window.advance(taken);
        }
        repaired
    }

    fn find(&self, window: &Window<'_>) -> Repaired {
        let mut sequence = [0_u8; 4];
        let Some(lead) = window.current().and_then(|lead| self.bytes.get(&lead)) else { return Repaired::Healthy };
        let length = match lead {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return Repaired::Healthy,
        };
        sequence[0] = *lead;
        let mut have = 1;
        while have < length {
            match window.ahead(have).and_then(|next| self.bytes.get(&next)) {
                Some(byte) if (0x80..=0xBF).contains(byte) => sequence[have] = *byte,
                _ => break,
            }
            have += 1;
        }
        let bytes = &sequence[..have];
        if have == length {
            decoded(bytes).map_or(Repaired::Healthy, |character| Repaired::Whole(character, have))
        } else if have == 1 || length == 2 {
            // One letter of that kind is more often meant than damaged.
            Repaired::Healthy
        } else {
            self.restore(bytes, length).map_or(Repaired::Healthy, |character| Repaired::Part(character, have))
        }
    }

    /// The character that is left over when bytes of it were dropped.
    fn restore(&self, bytes: &[u8], length: usize) -> Option<char> {
        let mut candidates = vec![bytes.to_vec()];
        for _ in bytes.len()..length {
            candidates = candidates
                .iter()
                .flat_map(|part| (1..=part.len()).map(move |at| (part, at)))
                .flat_map(|(part, at)| {
                    self.lost.iter().map(move |byte| {
                        let mut longer = part.clone();
                        longer.insert(at, *byte);
                        longer
                    })
                })
                .collect();
        }
        let fitting: Vec<char> = candidates.iter().filter_map(|bytes| decoded(bytes)).collect();
        let usual = USUAL.chars().find(|usual| fitting.contains(usual));
        let symbols = [&[0xF0, 0x9F][..], &[0xE2]];
        let symbol = symbols.iter().any(|lead| bytes.starts_with(lead)) && !fitting.is_empty();
        usual.or(symbol.then_some(UNKNOWN_SYMBOL))
    }
}

fn decoded(bytes: &[u8]) -> Option<char> {
    std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next())
}

/// The rest of a text, character by character.
struct Window<'a> {
    rest: std::str::Chars<'a>,
}

impl<'a> Window<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.chars() }
    }

    fn current(&self) -> Option<char> {
        self.ahead(0)
    }

    /// At most three characters ahead are ever asked for.
    fn ahead(&self, count: usize) -> Option<char> {
        self.rest.clone().nth(count)
    }

    fn advance(&mut self, count: usize) {
        for _ in 0..count {
            self.rest.next();
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text as a program shows it that reads UTF-8 as `encoding` and drops what that does not define.
    pub(in crate::handwritten) fn damaged(text: &str, encoding: &'static Encoding) -> String {
        let (read, _) = encoding.decode_without_bom_handling(text.as_bytes());
        read.chars().filter(|character| !('\u{80}'..='\u{9F}').contains(character)).collect()
    }

    #[test]
    fn each_way_of_damage_is_repaired() {
        let text = "Café → “Müller” — done ✅, €5, │ ├── 🚀";
        for encoding in [WINDOWS_1252, WINDOWS_1254, MACINTOSH] {
            let text = if encoding == MACINTOSH { text.to_owned() } else { text.replace('”', "'") };
            assert_eq!(repair(&damaged(&text, encoding)), text, "{}", encoding.name());
        }
    }

    #[test]
    fn marks_that_lost_bytes_are_restored() {
        let text = "✅ ❌ ⏳ ⏸️ 🎯 ⚠️ 🔄 📁";
        for encoding in [WINDOWS_1252, WINDOWS_1254] {
            assert_eq!(repair(&damaged(text, encoding)), text, "{}", encoding.name());
        }
    }

    #[test]
    fn healthy_text_is_left_alone() {
        for text in ["plain", "Café à la crème, naïve", "✅ done → next", "日本語 ░█", "“quoted” – dash", "ÀÉ ğŸ"]
        {
            assert_eq!(repair(text), text);
        }
    }

    #[test]
    fn healthy_characters_beside_damaged_ones_survive() {
        assert_eq!(repair("café → âœ… 日本"), "café → ✅ 日本");
    }

    proptest! {
        #[test]
        fn any_text_is_repaired_without_panic_and_ascii_stays(text in any::<String>(), plain in "[ -~]{0,40}") {
            let _ = repair(&text);
            prop_assert_eq!(repair(&plain), plain.as_str());
        }

        #[test]
        fn what_was_damaged_whole_is_repaired(words in prop::collection::vec("[a-z]{1,5} (é|ü|→|…|✅|—|🚀) [a-z]{1,5}", 1..8)) {
            let text = words.join(" ");
            for encoding in [WINDOWS_1252, WINDOWS_1254, MACINTOSH] {
                let damaged = damaged(&text, encoding);
                prop_assert_eq!(repair(&damaged), text.as_str());
            }
        }
    }
}
