//! References in free text: `{{kind.KEY.attribute}}`, and nothing else.
//!
//! Braces of other languages (GitHub's, Jinja's) are text. `{{{{` writes `{{`, so that any text can be said; closing braces
//! mean nothing by themselves. What looks as if a reference had been wanted is a [`Slip`].

use std::borrow::Cow;

use tfplugin::suggest;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Stands for itself.
    Literal(&'t str),
    /// Stands for an attribute of a component.
    Reference(Named<'t>),
}

/// What a reference names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named<'t> {
    pub(super) kind: &'t str,
    pub(super) key: &'t str,
    pub(super) attribute: &'t str,
}

/// Braces that are text and may have been wanted to be a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip<'t> {
    /// The text from its braces on.
    pub(super) text: &'t str,
    /// The reference that it nearly is.
    pub(super) nearly: Option<String>,
}

/// The parts of `text`.
pub(super) fn pieces<'t>(text: &'t str, is_kind: impl Fn(&str) -> bool) -> Vec<Piece<'t>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(run) = Run::first(rest, "{{") {
        let reference = run.reference(&is_kind);
        // Four braces write two; of fewer the last two may belong to a reference.
        let written = run.length / 4 * 2 + run.length % 4 - if reference.is_some() { 2 } else { 0 };
        pieces.extend([Piece::Literal(run.before), Piece::Literal(&run.braces[..written])]);
        rest = match reference {
            Some((named, rest)) => {
                pieces.push(Piece::Reference(named));
                rest
            }
            None => run.after,
        };
    }
    pieces.push(Piece::Literal(rest));
    pieces.retain(|piece| *piece != Piece::Literal(""));
    pieces
}

/// The text that says `text`: with braces doubled where they would mean something else.
pub(super) fn escaped<'t>(text: &'t str, is_kind: impl Fn(&str) -> bool) -> Cow<'t, str> {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(run) = Run::first(rest, "{{") {
        let means_more = run.length >= 4 || run.reference(&is_kind).is_some();
        let braces = if means_more { run.length / 2 * 4 + run.length % 2 } else { run.length };
        escaped.push_str(run.before);
        escaped.extend(std::iter::repeat_n('{', braces));
        rest = run.after;
    }
    if escaped.len() + rest.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(escaped + rest) }
}

/// What in `text` begins with one of `kinds`, or nearly, and is not a reference.
pub(super) fn slips<'t>(text: &'t str, kinds: &[&'static str]) -> Vec<Slip<'t>> {
    let is_kind = |word: &str| kinds.contains(&word);
    let mut slips = Vec::new();
    let mut rest = text;
    while let Some(run) = Run::first(rest, "{") {
        rest = run.after;
        let body = run.after.trim_start();
        let word = prefix(body, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let kind = if is_kind(word) { Some(word) } else { suggest::nearest(word, kinds.iter().copied()) };
        let Some(kind) = kind.filter(|_| run.reference(is_kind).is_none()) else { continue };
        let parts = parts(body);
        let closing = parts.map(|(_, rest)| rest.trim_start());
        let is_wanted = match run.length % 4 {
            // One brace may stand before two that close, and is nothing else.
            1 => run.length == 1 && closing.is_some_and(|rest| rest.starts_with("}}")),
            2 | 3 => true,
            _ => false,
        };
        // More than three parts are nearly nothing.
        let nearly = parts.filter(|_| closing.is_some_and(|rest| !rest.starts_with(['.', '[', '-'])));
        if is_wanted {
            slips.push(Slip {
                text: run.excerpt(),
                nearly: nearly.map(|(named, _)| format!("{{{{{kind}.{}.{}}}}}", named.key, named.attribute)),
            });
        }
    }
    slips
}

/// A row of opening braces.
struct Run<'t> {
    before: &'t str,
    braces: &'t str,
    after: &'t str,
    /// The braces and all that follows.
    whole: &'t str,
    length: usize,
}

impl<'t> Run<'t> {
    /// The first row in `text` that begins with `opening`.
    fn first(text: &'t str, opening: &str) -> Option<Self> {
        let at = text.find(opening)?;
        let (before, whole) = text.split_at(at);
        let braces = prefix(whole, |c| c == '{');
        Some(Self { before, braces, after: &whole[braces.len()..], whole, length: braces.len() })
    }

    /// The reference that the row opens, and what follows it.
    fn reference(&self, is_kind: impl Fn(&str) -> bool) -> Option<(Named<'t>, &'t str)> {
        let (named, rest) = parts(self.after.trim_start()).filter(|_| self.length % 4 >= 2)?;
        let rest = rest.trim_start().strip_prefix("}}")?;
        is_kind(named.kind).then_some((named, rest))
    }

    /// As much of the text from the braces on as a message needs to say which one is meant.
    fn excerpt(&self) -> &'t str {
        let opening = self.length % 4;
        let text = &self.whole[self.length - opening..];
        let closed = self.after.find('}').map(|at| opening + at);
        let end = closed.map_or(text.len(), |at| at + prefix(&text[at..], |c| c == '}').len().min(2));
        let line = text[..end].lines().next().unwrap_or_default();
        &line[..line.char_indices().nth(60).map_or(line.len(), |(at, _)| at)]
    }
}

/// Three names with dots between them, and what follows.
fn parts(text: &str) -> Option<(Named<'_>, &str)> {
    let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let kind = prefix(text, name);
    let rest = text[kind.len()..].strip_prefix('.')?;
    let key = prefix(rest, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let rest = rest[key.len()..].strip_prefix('.')?;
    let attribute = prefix(rest, name);
    let is_whole = ![kind, key, attribute].contains(&"");
    is_whole.then_some((Named { kind, key, attribute }, &rest[attribute.len()..]))
}

fn prefix(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !belongs(c)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [&str; 4] = ["buckets", "services", "topics", "secrets"];

    fn is_kind(word: &str) -> bool {
        KINDS.contains(&word)
    }

    /// The text as the cloud gets it, with `<kind KEY attribute>` for references.
    fn written(text: &str) -> String {
        let piece = |piece: Piece<'_>| match piece {
            Piece::Literal(text) => text.to_owned(),
            Piece::Reference(Named { kind, key, attribute }) => format!("<{kind} {key} {attribute}>"),
        };
        pieces(text, is_kind).into_iter().map(piece).collect()
    }

    fn slips_of(text: &str) -> Vec<(&str, Option<String>)> {
        slips(text, &KINDS).into_iter().map(|slip| (slip.text, slip.nearly)).collect()
    }

    #[test]
    fn a_reference_has_three_parts_and_begins_with_a_kind() {
        assert_eq!(written("a {{buckets.b-1.url}}/v1{{ services.x.name }}"), "a <buckets b-1 url>/v1<services x name>");
        for text in
            ["{{buckets.b}}", "{{buckets.b.url.x}}", "{{users.b.url}}", "{{buckets.b.url}", "{{ user.name }}", "{{}}"]
        {
            assert_eq!(written(text), text);
        }
    }

    #[test]
    fn four_braces_write_two() {
        assert_eq!(written("{{{{buckets.b.url}}"), "{{buckets.b.url}}");
        assert_eq!(written("{{{{ x }}}}"), "{{ x }}}}");
        assert_eq!(written("{{{{{{buckets.b.url}}}}"), "{{<buckets b url>}}");
    }

    #[test]
    fn a_brace_before_a_reference_stands_for_itself() {
        assert_eq!(written("{{{buckets.b.url}}}"), "{<buckets b url>}");
    }

    #[test]
    fn only_what_would_change_is_escaped() {
        for text in ["${{ secrets.KEY }}", "{{ topics.name }}", "{{services}}", "{{{x}}}", "{ {{", "{{buckets.b.url}"] {
            assert_eq!(escaped(text, is_kind), text);
        }
        assert_eq!(escaped("a {{buckets.b.url}}", is_kind), "a {{{{buckets.b.url}}");
        assert_eq!(escaped("{{{{raw}}}}", is_kind), "{{{{{{{{raw}}}}");
    }

    #[test]
    fn what_begins_with_a_kind_or_nearly_is_a_slip() {
        let nearly = |text: &str| Some(text.to_owned());
        assert_eq!(slips_of("see {{service.api.url}} x"), [("{{service.api.url}}", nearly("{{services.api.url}}"))]);
        assert_eq!(slips_of("{{services.api.url} x"), [("{{services.api.url}", nearly("{{services.api.url}}"))]);
        assert_eq!(slips_of("{services.api.url}} x"), [("{services.api.url}}", nearly("{{services.api.url}}"))]);
        assert_eq!(slips_of("{{buckets.b}}"), [("{{buckets.b}}", None)]);
        assert_eq!(slips_of("${{ secrets.KEY }}"), [("{{ secrets.KEY }}", None)]);
        assert_eq!(slips_of("{{services}}, {{ topic }}"), [("{{services}}", None), ("{{ topic }}", None)]);
        assert_eq!(slips_of("{{services.api.url.host}}"), [("{{services.api.url.host}}", None)]);
    }

    #[test]
    fn other_braces_references_and_escapes_are_no_slips() {
        for text in [
            "{{ user.name }}",
            "{services.api.url}",
            "{\"a\": {}}",
            "{{services.api.url}}",
            "{{{{services.api}}",
            "{{{{service.api.url}}",
            "{{services-list}}",
            "{% if services %}",
        ] {
            assert_eq!(slips_of(text), [], "{text}");
        }
    }

    /// Texts full of braces and of what stands in references.
    fn texts() -> impl Strategy<Value = String> {
        let parts = prop_oneof![
            Just("{"),
            Just("{{"),
            Just("{{{{"),
            Just("}"),
            Just("}}"),
            Just("buckets"),
            Just(".b"),
            Just(".url"),
            Just(" "),
            Just("{{buckets.b.url}}"),
            Just("{{ services.x.name }}"),
            Just("$"),
            Just("é"),
            Just("\n"),
        ];
        prop::collection::vec(parts, 0..14).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn an_escaped_text_says_itself(text in texts()) {
            let escaped = escaped(&text, is_kind).into_owned();
            prop_assert!(pieces(&escaped, is_kind).iter().all(|piece| matches!(piece, Piece::Literal(_))));
            prop_assert_eq!(written(&escaped), text);
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            let _ = (written(&text), slips_of(&text));
        }
    }
}
