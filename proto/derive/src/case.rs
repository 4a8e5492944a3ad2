//! From the name of a variant to the spelling of a choice.

/// How the words of a variant's name are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    ScreamingSnake,
    Snake,
    Kebab,
    Lower,
    Upper,
    Camel,
    Pascal,
}

impl Case {
    /// All of them by the names that `rename = ".."` takes.
    pub(crate) const NAMES: [(&'static str, Case); 7] = [
        ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
        ("snake_case", Case::Snake),
        ("kebab-case", Case::Kebab),
        ("lowercase", Case::Lower),
        ("UPPERCASE", Case::Upper),
        ("camelCase", Case::Camel),
        ("PascalCase", Case::Pascal),
    ];

    /// `name`, a variant in PascalCase, in this case.
    pub(crate) fn apply(self, name: &str) -> String {
        let words = words(name);
        match self {
            Self::ScreamingSnake => words.join("_").to_uppercase(),
            Self::Snake => words.join("_").to_lowercase(),
            Self::Kebab => words.join("-").to_lowercase(),
            Self::Lower => words.concat().to_lowercase(),
            Self::Upper => words.concat().to_uppercase(),
            Self::Camel => {
                let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
                first.to_lowercase() + rest
            }
            Self::Pascal => name.to_owned(),
        }
    }
}

/// Splits before every capital that follows a small letter or digit, and before the last capital of a run of them.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().filter(|letter| *letter != '_').collect();
    let mut words: Vec<String> = Vec::new();
    for (index, letter) in letters.iter().enumerate() {
        let starts = letter.is_uppercase()
            && (index == 0
                || !letters[index - 1].is_uppercase()
                || letters.get(index + 1).is_some_and(|next| next.is_lowercase()));
        match words.last_mut() {
            Some(word) if !starts => word.push(*letter),
            _ => words.push(letter.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn acronyms_and_digits_stay_together() {
        assert_eq!(Case::ScreamingSnake.apply("HttpServer2Main"), "HTTP_SERVER2_MAIN");
        assert_eq!(Case::Snake.apply("HTTPServer"), "http_server");
    }

    #[test]
    fn each_case_joins_words_its_own_way() {
        let all = Case::NAMES.map(|(_, case)| case.apply("MultiRegion"));
        let expected = [
            "MULTI_REGION",
            "multi_region",
            "multi-region",
            "multiregion",
            "MULTIREGION",
            "multiRegion",
            "MultiRegion",
        ];
        assert_eq!(all, expected);
    }
}
