//! What a function does with texts: what it calls, what its variables are, what it answers with.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{
    Expr, ExprCall, ExprMethodCall, ExprStruct, FnArg, ImplItem, Item, Local, Member, Pat, Signature, TraitItem,
};

use crate::source::Module;

/// A function, with the closures in it.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) name: String,
    /// As it is shown.
    pub(super) file: String,
    pub(super) calls: Vec<Call>,
    pub(super) variables: BTreeMap<String, Vec<Source>>,
    pub(super) results: Vec<Expr>,
    /// Titles in `Diagnostic { summary, .. }`.
    pub(super) summaries: Vec<Expr>,
}

/// A call of a function, a method or a closure.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: String,
    /// The type that the path names before it.
    pub(super) of: Option<String>,
    pub(super) arguments: Vec<Expr>,
}

/// Where a variable's value comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// An expression; of a tuple, one part.
    Value(Box<Expr>, Option<usize>),
    /// Whoever calls `function`.
    Argument { function: String, position: usize },
}

impl Body {
    /// The functions of a module.
    pub(super) fn all_of(module: &Module) -> Vec<Self> {
        let mut all = Vec::new();
        let mut add = |signature: &Signature, block: &syn::Block| all.push(Self::of(module, signature, block));
        for item in &module.items {
            match item {
                Item::Fn(item) => add(&item.sig, &item.block),
                Item::Impl(item) => item.items.iter().for_each(|member| {
                    if let ImplItem::Fn(member) = member {
                        add(&member.sig, &member.block);
                    }
                }),
                Item::Trait(item) => item.items.iter().for_each(|member| {
                    if let TraitItem::Fn(member) = member
                        && let Some(block) = &member.default
                    {
                        add(&member.sig, block);
                    }
                }),
                _ => {}
            }
        }
        all
    }

    fn of(module: &Module, signature: &Signature, block: &syn::Block) -> Self {
        let name = signature.ident.to_string();
        let mut body = Self {
            name: name.clone(),
            file: module.file.display().to_string(),
            calls: Vec::new(),
            variables: BTreeMap::new(),
            results: Vec::new(),
            summaries: Vec::new(),
        };
        let parameters = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(&*typed.pat),
            FnArg::Receiver(_) => None,
        });
        body.parameters(&name, parameters);
        if let Some(syn::Stmt::Expr(result, None)) = block.stmts.last() {
            body.results.push(result.clone());
        }
        body.visit_block(block);
        body
    }

    fn parameters<'p>(&mut self, function: &str, patterns: impl Iterator<Item = &'p Pat>) {
        for (position, pattern) in patterns.enumerate() {
            if let Some(name) = ident(pattern) {
                let source = Source::Argument { function: function.to_owned(), position };
                self.variables.entry(name).or_default().push(source);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Body {
    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            let pattern = match &local.pat {
                Pat::Type(typed) => &*typed.pat,
                pattern => pattern,
            };
            let value = |part| Source::Value(init.expr.clone(), part);
            match (pattern, &*init.expr) {
                (Pat::Ident(name), Expr::Closure(closure)) => {
                    self.parameters(&name.ident.to_string(), closure.inputs.iter());
                }
                (Pat::Tuple(tuple), _) => {
                    for (part, name) in
                        tuple.elems.iter().enumerate().filter_map(|(part, one)| Some((part, ident(one)?)))
                    {
                        self.variables.entry(name).or_default().push(value(Some(part)));
                    }
                }
                (pattern, _) => {
                    if let Some(name) = ident(pattern) {
                        self.variables.entry(name).or_default().push(value(None));
                    }
                }
            }
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func {
            let mut segments = function.path.segments.iter().rev().map(|segment| segment.ident.to_string());
            if let Some(name) = segments.next() {
                self.calls.push(Call { name, of: segments.next(), arguments: call.args.iter().cloned().collect() });
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let arguments = call.args.iter().cloned().collect();
        self.calls.push(Call { name: call.method.to_string(), of: None, arguments });
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_struct(&mut self, made: &'ast ExprStruct) {
        if made.path.segments.last().is_some_and(|last| last.ident == super::DIAGNOSTIC) {
            let summary =
                made.fields.iter().find(|field| matches!(&field.member, Member::Named(name) if name == "summary"));
            self.summaries.extend(summary.map(|field| field.expr.clone()));
        }
        visit::visit_expr_struct(self, made);
    }
}

/// The variable that a pattern binds, whatever its type.
fn ident(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(name) => Some(name.ident.to_string()),
        Pat::Type(typed) => ident(&typed.pat),
        Pat::Reference(inner) => ident(&inner.pat),
        _ => None,
    }
}
