//! Emits the IR as tokens, by file. All paths are absolute, since services have objects named `Option`.

mod actions;
mod catalogue;
mod enums;
mod json;
mod structs;
mod wrap;

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::ir::Ir;
use crate::lower::{SHARED, VALUES};
use crate::visible;

/// The emitted items of the root module and of each other module, by name.
pub(crate) struct Emitted {
    pub(crate) root: Vec<TokenStream>,
    pub(crate) modules: BTreeMap<String, Module>,
}

pub(crate) struct Module {
    pub(crate) doc: String,
    pub(crate) items: Vec<TokenStream>,
}

pub(crate) fn emit(ir: &Ir<'_>) -> Emitted {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    let mut root = Vec::new();
    let mut module = |name: &str, doc: String, gate: Option<&str>, items: Vec<TokenStream>| {
        let ident = ident(name);
        let gate = gate.map(|feature| quote!(#[cfg(feature = #feature)]));
        root.push(quote!(#gate mod #ident;));
        let empty = (name == SHARED || name == VALUES).then(
            || quote!(#[allow(unused_imports, unreachable_pub, reason = "empty if no feature is enabled")]),
        );
        root.push(quote!(#gate #empty pub use self::#ident::*;));
        modules.insert(name.to_owned(), Module { doc, items });
    };
    for group in &ir.groups {
        let items = group_items(ir, &group.name);
        module(&group.name, group.doc.clone(), Some(&group.name), items);
    }
    let doc = if ir.groups.is_empty() {
        "Types of the service."
    } else {
        "Types used by several groups."
    };
    module(SHARED, doc.to_owned(), None, group_items(ir, SHARED));
    if ir.enums.iter().any(|set| set.module == VALUES) {
        let doc = match ir.groups.is_empty() {
            true => "Open value sets.",
            false => "Open value sets used by several groups.",
        };
        module(VALUES, doc.to_owned(), None, group_items(ir, VALUES));
    }
    if !ir.codes.is_empty() {
        let doc = "Known error codes of the service.".to_owned();
        module("error_code", doc, None, enums::error_code(&ir.codes));
    }
    let doc = "The catalogue: the service as data.".to_owned();
    module("catalogue", doc, Some("catalogue"), catalogue::items(ir));
    root.push(actions::visit(ir));
    Emitted { root, modules }
}

/// Returns the items of a module: the types that belong to it, and the actions of its group.
fn group_items(ir: &Ir<'_>, module: &str) -> Vec<TokenStream> {
    let structs = ir.structs.iter().filter(|item| item.module == module);
    let actions =
        ir.actions.iter().filter(|action| action.group.as_deref().unwrap_or(SHARED) == module);
    let sets = ir.enums.iter().filter(|set| set.module == module);
    structs
        .flat_map(structs::items)
        .chain(sets.flat_map(enums::value_set))
        .chain(actions.map(|action| actions::action_impl(ir, action)))
        .collect()
}

/// Creates an identifier from the IR, with an optional `r#` prefix.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// Emits paragraphs as `#[doc]` attributes, wrapped at 100 columns.
pub(crate) fn docs<'a>(paragraphs: impl IntoIterator<Item = &'a str>) -> TokenStream {
    let mut lines = Vec::new();
    for paragraph in paragraphs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let paragraph: Vec<String> = paragraph.lines().map(visible).collect();
        lines.extend(wrap::wrap(&paragraph).into_iter().map(|line| format!(" {line}")));
    }
    quote!(#(#[doc = #lines])*)
}

/// Emits `#[cfg(any(feature = ...))]`, or nothing if no feature is required.
pub(crate) fn gate(features: &[String]) -> TokenStream {
    match features {
        [] => quote!(),
        [one] => quote!(#[cfg(feature = #one)]),
        many => quote!(#[cfg(any(#(feature = #many),*))]),
    }
}
