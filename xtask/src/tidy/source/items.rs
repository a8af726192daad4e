//! What tidy wants to know of a file's syntax.

use proc_macro2::Span;
use syn::{
    Attribute, Block, Expr, ExprCall, ExprMethodCall, File, ImplItemFn, Item, ItemFn, ItemMod,
    Macro, Meta, Signature, TraitItemFn,
    spanned::Spanned as _,
    visit::{self, Visit},
};

const PANICS: [&str; 5] = ["dbg", "panic", "todo", "unimplemented", "unreachable"];

/// The parts of a file that rules speak of, by their lines (which count from one).
#[derive(Default)]
pub(super) struct Items {
    /// Name, first and last line of every function.
    pub(super) functions: Vec<(String, usize, usize)>,
    /// Calls and macros that panic.
    pub(super) panics: Vec<(usize, String)>,
    /// Calls of a function named `sleep`.
    pub(super) sleeps: Vec<usize>,
    /// Attributes that silence something: `allow` and `ignore`.
    pub(super) attributes: Vec<(usize, String)>,
    test_functions: Vec<(usize, usize)>,
    test_modules: Vec<(usize, usize)>,
}

impl Items {
    /// Whether a line belongs to a test, or to a module of tests.
    pub(super) fn is_in_test(&self, line: usize) -> bool {
        self.is_in_test_module(line) || contains(&self.test_functions, line)
    }

    /// Whether a line belongs to a module of tests.
    pub(super) fn is_in_test_module(&self, line: usize) -> bool {
        contains(&self.test_modules, line)
    }

    fn function(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let (first, _) = lines(signature.span());
        let (_, last) = lines(block.span());
        self.functions.push((signature.ident.to_string(), first, last));
        if attributes.iter().any(is_test) {
            self.test_functions.push((first, last));
        }
    }
}

/// The line on which an item, with its documentation, begins.
pub(super) fn first_line(item: &Item) -> usize {
    lines(item.span()).0
}

impl<'ast> Visit<'ast> for Items {
    fn visit_file(&mut self, file: &'ast File) {
        if file.attrs.iter().any(is_test) {
            self.test_modules.push((1, usize::MAX));
        }
        visit::visit_file(self, file);
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.attrs.iter().any(is_test) {
            self.test_modules.push(lines(module.span()));
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.attrs, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.attrs, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.attrs, &function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func
            && function.path.segments.last().is_some_and(|segment| segment.ident == "sleep")
        {
            self.sleeps.push(lines(call.span()).0);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "unwrap" {
            self.panics.push((lines(call.method.span()).0, ".unwrap()".to_owned()));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(name) = call.path.segments.last().map(|segment| segment.ident.to_string())
            && PANICS.contains(&name.as_str())
        {
            self.panics.push((lines(call.path.span()).0, format!("{name}!")));
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        for name in ["allow", "ignore"] {
            let within = attribute.path().is_ident("cfg_attr") && says(attribute, name);
            if attribute.path().is_ident(name) || within {
                self.attributes.push((lines(attribute.span()).0, name.to_owned()));
            }
        }
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` and the like.
fn is_test(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.segments.last().is_some_and(|segment| segment.ident == "test")
        || (path.is_ident("cfg") && says(attribute, "test"))
}

/// Whether the words of an attribute's list have this one.
fn says(attribute: &Attribute, word: &str) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let text = list.tokens.to_string();
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

fn contains(ranges: &[(usize, usize)], line: usize) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&line))
}

fn lines(span: Span) -> (usize, usize) {
    (span.start().line, span.end().line)
}
