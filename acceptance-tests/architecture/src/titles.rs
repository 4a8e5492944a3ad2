//! The title of every diagnostic in a crate: the first argument of `Diagnostic::error` and `Diagnostic::warning`.
//!
//! A title that is a variable is followed to where it comes from: a `let`, the callers of a function or closure, the arms of
//! a `match`, the result of a function. `body` collects what is followed; texts of `format!` keep their placeholders.

mod body;

use std::collections::BTreeSet;

use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprMacro, ExprPath, Lit, LitStr, Member, Token};

use self::body::{Body, Call, Source};
use crate::source::Tree;

/// The type whose constructors take a title.
const DIAGNOSTIC: &str = "Diagnostic";
const CONSTRUCTORS: [&str; 2] = ["error", "warning"];
/// Calls that change nothing about a text.
const SAME: [&str; 7] = ["to_owned", "to_string", "into", "clone", "as_str", "from", "Some"];
/// A title goes through fewer hands than this.
const DEEPEST: usize = 8;

/// The titles of a crate.
#[derive(Debug, Default)]
pub struct Titles {
    /// Sorted, each once.
    pub texts: BTreeSet<String>,
    /// Where a title is that could not be followed to its text.
    pub unread: BTreeSet<String>,
}

/// The titles of all diagnostics in a crate, those of tests left out.
pub fn of(tree: &Tree) -> Titles {
    let bodies: Vec<Body> = tree.modules.iter().flat_map(Body::all_of).collect();
    let mut search = Search { bodies: &bodies, tree, titles: Titles::default() };
    for body in &bodies {
        for call in &body.calls {
            if let ([title, ..], true) = (call.arguments.as_slice(), is_constructor(call)) {
                search.follow(title, None, body, 0);
            }
        }
        for title in &body.summaries {
            search.follow(title, None, body, 0);
        }
    }
    search.titles
}

fn is_constructor(call: &Call) -> bool {
    CONSTRUCTORS.iter().any(|name| call.name == *name) && call.of.as_deref() == Some(DIAGNOSTIC)
}

struct Search<'a> {
    bodies: &'a [Body],
    tree: &'a Tree,
    titles: Titles,
}

impl<'a> Search<'a> {
    /// Adds the texts that an expression in `body` can be; `part` chooses one of a tuple's.
    fn follow(&mut self, expression: &Expr, part: Option<usize>, body: &Body, depth: usize) {
        if depth > DEEPEST {
            return self.give_up(expression, body);
        }
        let depth = depth + 1;
        match (expression, part) {
            (Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), None) => {
                self.titles.texts.insert(text.value());
            }
            (Expr::Macro(call), None) => match format(call) {
                Some(text) => drop(self.titles.texts.insert(text)),
                None => self.give_up(expression, body),
            },
            (Expr::Tuple(tuple), Some(part)) => match tuple.elems.get(part) {
                Some(element) => self.follow(element, None, body, depth),
                None => self.give_up(expression, body),
            },
            (Expr::Reference(inner), part) => self.follow(&inner.expr, part, body, depth),
            (Expr::Paren(inner), part) => self.follow(&inner.expr, part, body, depth),
            (Expr::Block(inner), part) => self.results(&inner.block, part, body, depth),
            (Expr::If(choice), part) => {
                self.results(&choice.then_branch, part, body, depth);
                if let Some((_, other)) = &choice.else_branch {
                    self.follow(other, part, body, depth);
                }
            }
            (Expr::Match(choice), part) => {
                choice.arms.iter().for_each(|arm| self.follow(&arm.body, part, body, depth));
            }
            // Another diagnostic's text, which is found where that one is made.
            (Expr::Field(field), None) if is_text_of_a_diagnostic(&field.member) => {}
            // What leaves the function is no text.
            (Expr::Return(_) | Expr::Continue(_) | Expr::Break(_), _) => {}
            (Expr::MethodCall(call), part) if SAME.iter().any(|same| call.method == same) => {
                self.follow(&call.receiver, part, body, depth);
            }
            (Expr::MethodCall(call), part) => self.result_of(&call.method.to_string(), expression, part, body, depth),
            (Expr::Call(call), part) => {
                let Expr::Path(function) = &*call.func else { return self.give_up(expression, body) };
                let name = last(function);
                match call.args.first() {
                    Some(argument) if SAME.contains(&name.as_str()) => self.follow(argument, part, body, depth),
                    _ => self.result_of(&name, expression, part, body, depth),
                }
            }
            (Expr::Path(path), part) => self.variable(&last(path), expression, part, body, depth),
            _ => self.give_up(expression, body),
        }
    }

    fn results(&mut self, block: &syn::Block, part: Option<usize>, body: &Body, depth: usize) {
        if let Some(syn::Stmt::Expr(expression, None)) = block.stmts.last() {
            self.follow(expression, part, body, depth);
        }
    }

    fn variable(&mut self, name: &str, expression: &Expr, part: Option<usize>, body: &Body, depth: usize) {
        let mut found = false;
        for source in body.variables.get(name).into_iter().flatten() {
            match source {
                Source::Value(value, of_tuple) => {
                    found = true;
                    self.follow(value, of_tuple.or(part), body, depth);
                }
                Source::Argument { function, position } => {
                    for (caller, call) in self.calls_of(function, body) {
                        if let Some(argument) = call.arguments.get(*position) {
                            found = true;
                            self.follow(argument, part, caller, depth);
                        }
                    }
                }
            }
        }
        let constants = self.tree.modules.iter().flat_map(|module| &module.items).filter_map(|item| match item {
            syn::Item::Const(constant) if !found && constant.ident == name => Some(&*constant.expr),
            _ => None,
        });
        for constant in constants.collect::<Vec<_>>() {
            found = true;
            self.follow(constant, part, body, depth);
        }
        if !found {
            self.give_up(expression, body);
        }
    }

    /// Calls of a function: those in the same file, or else in the whole crate.
    fn calls_of(&self, function: &str, body: &Body) -> Vec<(&'a Body, &'a Call)> {
        let all = self.bodies.iter().flat_map(|body| body.calls.iter().map(move |call| (body, call)));
        let all: Vec<_> = all.filter(|(_, call)| call.name == function && !is_constructor(call)).collect();
        let here: Vec<_> = all.iter().filter(|(caller, _)| caller.file == body.file).copied().collect();
        if here.is_empty() { all } else { here }
    }

    fn result_of(&mut self, function: &str, expression: &Expr, part: Option<usize>, body: &Body, depth: usize) {
        let all: Vec<&Body> = self.bodies.iter().filter(|body| body.name == function).collect();
        let here: Vec<&Body> = all.iter().filter(|found| found.file == body.file).copied().collect();
        let found = if here.is_empty() { all } else { here };
        if found.is_empty() {
            self.give_up(expression, body);
        }
        for found in found {
            for result in &found.results {
                self.follow(result, part, found, depth);
            }
        }
    }

    fn give_up(&mut self, expression: &Expr, body: &Body) {
        self.titles.unread.insert(format!("{}:{}", body.file, expression.span().start().line));
    }
}

fn is_text_of_a_diagnostic(member: &Member) -> bool {
    matches!(member, Member::Named(name) if name == "summary" || name == "detail")
}

fn last(path: &ExprPath) -> String {
    path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// The text of `format!`, with its placeholders.
fn format(call: &ExprMacro) -> Option<String> {
    let parse = |input: syn::parse::ParseStream<'_>| {
        let text: LitStr = input.parse()?;
        let _: Option<Token![,]> = input.parse()?;
        let _: proc_macro2::TokenStream = input.parse()?;
        Ok(text.value())
    };
    call.mac.path.is_ident("format").then(|| call.mac.parse_body_with(parse).ok()).flatten()
}
