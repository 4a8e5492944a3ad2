//! How wide a text is at most, whatever sans-serif font shows it: widths of wide ones, and more for what is not in them.

/// The width at a size, in the unit of the size.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|character| em(character, bold)).sum::<f64>() * size
}

/// The text, shortened with an ellipsis if it is wider than `room`.
pub(super) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size, bold);
    let mut used = 0.0;
    let mut end = 0;
    let mut glued = false;
    for (at, character) in text.char_indices() {
        // What belongs to the character before it is not torn off.
        if !glued && !is_glue(character) {
            end = at;
        }
        glued = character == '\u{200d}';
        used += em(character, bold);
        if used * size > room {
            return format!("{}…", text[..end].trim_end());
        }
    }
    text.to_owned()
}

/// Whether the character stands on or changes the one before it.
fn is_glue(character: char) -> bool {
    matches!(character,
        '\u{200d}' | '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// The width of a character in ems, as in Verdana or DejaVu Sans, the widest of what browsers fall back to.
fn em(character: char, bold: bool) -> f64 {
    let (regular, heavy) = match character {
        'i' | 'j' | 'l' | '\'' | '.' | ',' | ' ' | ':' | ';' | '|' => (0.35, 0.41),
        'I' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '!' | '-' | '/' | '\\' | '·' => (0.46, 0.50),
        's' | 'c' | 'z' | 'k' | 'v' | 'x' | 'y' => (0.60, 0.67),
        'a' | 'e' | 'b' | 'd' | 'g' | 'h' | 'n' | 'o' | 'p' | 'q' | 'u' | '0'..='9' => (0.64, 0.73),
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => (1.08, 1.28),
        'A'..='Z' => (0.79, 0.87),
        ' '..='~' => (0.84, 0.87),
        'Æ' | 'æ' | 'Œ' | 'œ' => (1.08, 1.20),
        '\u{a0}'..='\u{24f}' => (0.84, 0.90),
        '\u{370}'..='\u{52f}' => (1.10, 1.25),
        // A whole sentence in one character.
        '\u{fdfd}' => (12.0, 12.0),
        '\u{1f000}'.. => (1.40, 1.40),
        _ => (1.20, 1.25),
    };
    if bold { heavy } else { regular }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_not_shortened() {
        assert_eq!(fit("Import", 14.0, true, 100.0), "Import");
    }

    #[test]
    fn what_is_shortened_fits() {
        for room in [20.0, 50.0, 120.0] {
            let short = fit("Import everything that exists", 14.0, false, room);
            assert!(short.ends_with('…') && width(&short, 14.0, false) <= room, "{short} in {room}");
        }
    }

    #[test]
    fn characters_that_belong_together_are_not_torn_apart() {
        let text = "👩\u{200d}🚀👩\u{200d}🚀";
        for room in 0..120 {
            let short = fit(text, 14.0, false, f64::from(room));
            assert!(["…", "👩\u{200d}🚀…", text].contains(&short.as_str()), "{short:?}");
        }
    }
}
