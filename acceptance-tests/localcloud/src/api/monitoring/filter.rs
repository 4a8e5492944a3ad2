//! The filter language of Cloud Monitoring: comparisons joined by AND, OR and NOT, with functions on the right side.
//! One parser serves the filters inside conditions (which metric, which resource) and those of list calls, which are evaluated.
//!
//! ```text
//! filter     = [ or ]            or  = and { "OR" and }        and = not { [ "AND" ] not }
//! not        = [ "NOT" | "-" ] ( "(" or ")" | comparison )
//! comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | ":" ) ( text | word | function "(" text { "," text } ")" )
//! ```

use serde_json::Value;

use crate::json;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    /// Of an empty filter: everything.
    All,
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Comparison),
}

/// `field operator operand`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Such as `metric.labels.response_code`, quotes removed.
    pub(super) field: Vec<String>,
    operator: &'static str,
    operand: Operand,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    Text(String),
    Call(Function, Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    StartsWith,
    EndsWith,
    HasSubstring,
    OneOf,
    Regex,
}

const FUNCTIONS: [(&str, Function); 5] = [
    ("starts_with", Function::StartsWith),
    ("ends_with", Function::EndsWith),
    ("has_substring", Function::HasSubstring),
    ("one_of", Function::OneOf),
    ("monitoring.regex.full_match", Function::Regex),
];

/// Longest first, so that `<=` is not read as `<`.
const OPERATORS: [&str; 8] = ["!=", "<=", ">=", "=~", "=", "<", ">", ":"];

/// Parses a filter.
///
/// # Errors
/// A sentence that says what was found where.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Expr::All);
    }
    let mut parser = Parser { tokens: &tokens, at: 0 };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(format!("could not parse the filter at {}", token.shown())),
    }
}

impl Expr {
    /// All comparisons in it, in order.
    pub(super) fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Expr::All => Vec::new(),
            Expr::And(parts) | Expr::Or(parts) => parts.iter().flat_map(Expr::comparisons).collect(),
            Expr::Not(inner) => inner.comparisons(),
            Expr::Compare(comparison) => vec![comparison],
        }
    }

    /// Does an object satisfy it? Field names may be in snake case.
    pub(super) fn matches(&self, body: &Value) -> bool {
        match self {
            Expr::All => true,
            Expr::And(parts) => parts.iter().all(|part| part.matches(body)),
            Expr::Or(parts) => parts.iter().any(|part| part.matches(body)),
            Expr::Not(inner) => !inner.matches(body),
            Expr::Compare(comparison) => comparison.matches(body),
        }
    }
}

impl Comparison {
    /// The texts that an equality allows: one for `= "x"`, several for `one_of`; none for anything else.
    pub(super) fn exact_values(&self) -> Vec<&str> {
        match (&self.operand, self.operator) {
            (Operand::Text(text), "=") => vec![text],
            (Operand::Call(Function::OneOf, texts), "=") => texts.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn matches(&self, body: &Value) -> bool {
        let found = look_up(body, &self.field);
        if self.operator == ":" {
            return match (&self.operand, found) {
                (Operand::Text(text), Some(Value::Object(members))) => members.contains_key(text),
                (Operand::Text(text), Some(Value::Array(items))) => items.iter().any(|item| item == text),
                (Operand::Text(text), Some(value)) => text == "*" || plain(value).contains(text.as_str()),
                _ => false,
            };
        }
        let actual = found.map(plain).unwrap_or_default();
        let equal = match &self.operand {
            Operand::Text(text) => actual == *text,
            Operand::Call(function, texts) => function.holds(&actual, texts),
        };
        match (self.operator, &self.operand) {
            ("=" | "=~", _) => equal,
            ("!=", _) => !equal,
            (operator, Operand::Text(text)) => ordered(operator, &actual, text),
            _ => false,
        }
    }
}

impl Function {
    fn holds(self, actual: &str, texts: &[String]) -> bool {
        let first = texts.first().map_or("", String::as_str);
        match self {
            Function::StartsWith => actual.starts_with(first),
            Function::EndsWith => actual.ends_with(first),
            Function::HasSubstring => actual.contains(first),
            Function::OneOf => texts.iter().any(|text| text == actual),
            Function::Regex => {
                regex::Regex::new(&format!("^(?:{first})$")).is_ok_and(|pattern| pattern.is_match(actual))
            }
        }
    }
}

fn look_up<'v>(body: &'v Value, field: &[String]) -> Option<&'v Value> {
    field.iter().try_fold(body, |node, name| node.get(name).or_else(|| node.get(json::camel(name))))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn ordered(operator: &str, actual: &str, wanted: &str) -> bool {
    let order = match (actual.parse::<f64>(), wanted.parse::<f64>()) {
        (Ok(actual), Ok(wanted)) => actual.partial_cmp(&wanted),
        _ => Some(actual.cmp(wanted)),
    };
    order.is_some_and(|order| match operator {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Operator(&'static str),
    Open,
    Close,
    Comma,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Token::Word(text) => format!("'{text}'"),
            Token::Quoted(text) => format!("\"{text}\""),
            Token::Operator(text) => format!("'{text}'"),
            Token::Open => "'('".to_owned(),
            Token::Close => "')'".to_owned(),
            Token::Comma => "','".to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '(' => single(&mut out, Token::Open),
            ')' => single(&mut out, Token::Close),
            ',' => single(&mut out, Token::Comma),
            '"' | '\'' => {
                let (content, length) = quoted(rest, first)?;
                out.push(Token::Quoted(content));
                length
            }
            _ => match OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
                Some(operator) => {
                    out.push(Token::Operator(operator));
                    operator.len()
                }
                None => {
                    let (word, length) = word(rest)?;
                    out.push(Token::Word(word));
                    length
                }
            },
        };
        rest = rest[taken..].trim_start();
    }
    Ok(out)
}

fn single(out: &mut Vec<Token>, token: Token) -> usize {
    out.push(token);
    1
}

/// The content of a quoted text at the start of `rest`, and how many bytes it takes with its quotes.
fn quoted(rest: &str, quote: char) -> Result<(String, usize), String> {
    let mut content = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some((_, escaped)) if escaped == quote || escaped == '\\' => content.push(escaped),
                Some((_, other)) => {
                    content.push('\\');
                    content.push(other);
                }
                None => break,
            },
            _ if letter == quote => return Ok((content, at + 1)),
            _ => content.push(letter),
        }
    }
    Err("the filter has a text without its closing quote".to_owned())
}

/// A word: a field, a bare value or a function's name. A field may hold a quoted part (`metric.labels."a b"`).
fn word(rest: &str) -> Result<(String, usize), String> {
    let mut out = String::new();
    let mut at = 0;
    while let Some(letter) = rest[at..].chars().next() {
        if letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | '*' | '$' | '@' | '+') {
            out.push(letter);
            at += letter.len_utf8();
        } else if letter == '"' && out.ends_with('.') {
            let (content, length) = quoted(&rest[at..], '"')?;
            out.push_str(&content.replace('.', "\u{1}"));
            at += length;
        } else {
            break;
        }
    }
    if at == 0 {
        let found = rest.chars().next().unwrap_or_default();
        return Err(format!("the filter has an unexpected '{found}'"));
    }
    Ok((out, at))
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(text)) if text == word);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.and()?];
        while self.keyword("OR") {
            parts.push(self.and()?);
        }
        Ok(joined(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.not()?];
        loop {
            let stated = self.keyword("AND");
            let more = match self.peek() {
                Some(Token::Word(text)) => text != "OR",
                Some(Token::Open) => true,
                _ => false,
            };
            if !stated && !more {
                return Ok(joined(parts, Expr::And));
            }
            parts.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expr, String> {
        if self.keyword("NOT") || self.keyword("-") {
            return Ok(Expr::Not(Box::new(self.not()?)));
        }
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.or()?;
            return self.expect(&Token::Close).map(|()| inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, String> {
        let field = match self.next()? {
            Token::Word(text) if !matches!(text.as_str(), "AND" | "OR" | "NOT") => text,
            other => return Err(format!("the filter has {} where a field is expected", other.shown())),
        };
        let operator = match self.next()? {
            Token::Operator(operator) => operator,
            other => return Err(format!("the filter has {} where a comparison is expected", other.shown())),
        };
        let operand = match self.next()? {
            Token::Quoted(text) => Operand::Text(text),
            Token::Word(text) if self.peek() == Some(&Token::Open) => self.call(&text)?,
            Token::Word(text) => Operand::Text(text),
            other => return Err(format!("the filter has {} where a value is expected", other.shown())),
        };
        let negated = field.strip_prefix('-').map(str::to_owned);
        let plain_field = negated.as_deref().unwrap_or(&field);
        let field = plain_field.split('.').map(|part| part.replace('\u{1}', ".")).collect();
        let comparison = Expr::Compare(Comparison { field, operator, operand });
        Ok(if negated.is_some() { Expr::Not(Box::new(comparison)) } else { comparison })
    }

    fn call(&mut self, name: &str) -> Result<Operand, String> {
        let function = FUNCTIONS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, function)| *function)
            .ok_or_else(|| format!("the filter has the unknown function '{name}'"))?;
        self.expect(&Token::Open)?;
        let mut texts = Vec::new();
        loop {
            match self.next()? {
                Token::Quoted(text) | Token::Word(text) => texts.push(text),
                other => return Err(format!("the filter has {} where a text is expected", other.shown())),
            }
            match self.next()? {
                Token::Comma => {}
                Token::Close => break,
                other => return Err(format!("the filter has {} inside '{name}'", other.shown())),
            }
        }
        if function != Function::OneOf && texts.len() != 1 {
            return Err(format!("the function '{name}' takes one text"));
        }
        if function == Function::Regex && regex::Regex::new(&texts[0]).is_err() {
            return Err(format!("\"{}\" is no regular expression", texts[0]));
        }
        Ok(Operand::Call(function, texts))
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or_else(|| "the filter ends too early".to_owned())?;
        self.at += 1;
        Ok(token)
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        let found = self.next()?;
        if found == *wanted {
            return Ok(());
        }
        Err(format!("the filter has {} where {} is expected", found.shown(), wanted.shown()))
    }
}

fn joined(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

/// The filter as the service stores it: white space outside of quotes collapsed.
pub(super) fn collapsed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut escaped = false;
    for letter in text.trim().chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if letter.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            None => {}
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(filter: &str, body: Value) -> bool {
        parse(filter).expect("a filter").matches(&body)
    }

    #[test]
    fn comparisons_are_found_with_their_values() {
        let filter = parse(r#"metric.type="a/b" AND resource.type = one_of("x", "y")"#).expect("a filter");
        let found: Vec<_> = filter.comparisons().iter().map(|c| (c.field.join("."), c.exact_values().len())).collect();
        assert_eq!(found, [("metric.type".to_owned(), 1), ("resource.type".to_owned(), 2)]);
    }

    #[test]
    fn blanks_join_like_and() {
        assert_eq!(parse("a=1 b=2"), parse("a=1 AND b=2"));
    }

    #[test]
    fn brackets_and_negation_nest() {
        assert!(matches(r#"NOT (a="1" OR a="2")"#, json!({"a": "3"})));
        assert!(!matches(r#"a="1" AND -b="2""#, json!({"a": "1", "b": "2"})));
    }

    #[test]
    fn functions_are_evaluated() {
        let body = json!({"displayName": "CT Scan API"});
        for filter in [
            r#"display_name=starts_with("CT")"#,
            r#"display_name=ends_with("API")"#,
            r#"display_name=has_substring("Scan")"#,
            r#"display_name=monitoring.regex.full_match("CT.*API")"#,
            r#"display_name=one_of("x","CT Scan API")"#,
            r#"displayName!="other""#,
        ] {
            assert!(matches(filter, body.clone()), "{filter}");
        }
    }

    #[test]
    fn a_label_may_be_quoted() {
        assert!(matches(r#"user_labels."a.b"="1""#, json!({"userLabels": {"a.b": "1"}})));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for bad in [
            "a=",
            "=1",
            "a b",
            "a=1 AND",
            "(a=1",
            r#"a="1"#,
            "a=nothing(\"x\")",
            "a=1)",
            "a=monitoring.regex.full_match(\"(\")",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn white_space_collapses_outside_of_quotes() {
        assert_eq!(collapsed("a=\"x  y\"\n  AND\tb=1\n"), "a=\"x  y\" AND b=1");
    }
}
