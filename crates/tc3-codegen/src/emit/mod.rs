//! Emits the IR as tokens, by file.

mod actions;
mod catalogue;
mod codec;
mod enums;
pub(crate) mod errors;
mod exports;
mod pages;
mod scope;
mod structs;
mod tasks;
mod times;
mod wrap;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use self::scope::Scope;
use crate::ir::{Enum, Ir, Struct, Ty};
use crate::lower::{SHARED, VALUES};
use crate::visible;

/// Module of the error codes.
const ERROR_CODE: &str = "error_code";
/// Module of the catalogue, and its feature.
const CATALOGUE: &str = "catalogue";
/// Child module with the JSON codecs of the types of a module.
const CODEC: &str = "codec";

/// The emitted items of the root module, and of each other module by its path.
pub(crate) struct Emitted {
    pub(crate) root: Vec<TokenStream>,
    /// Exports of the crate root, which includes them.
    pub(crate) exports: Vec<TokenStream>,
    /// Modules of the root, each with its feature.
    declared: Vec<(String, Option<String>)>,
    pub(crate) modules: BTreeMap<String, Module>,
    names: ModuleNames,
}

pub(crate) struct Module {
    pub(crate) doc: String,
    pub(crate) items: Vec<TokenStream>,
}

pub(crate) fn emit(ir: &Ir<'_>) -> Emitted {
    let mut emitted = Emitted {
        root: Vec::new(),
        exports: Vec::new(),
        declared: Vec::new(),
        modules: BTreeMap::new(),
        names: ModuleNames::of(ir),
    };
    for (name, doc) in modules(ir) {
        let feature = ir.groups.iter().find(|group| group.name == name).map(|group| &*group.name);
        emitted.declare(&name, feature);
        emitted.add_types(ir, &name, doc);
    }
    if !ir.codes.is_empty() {
        let scope = Scope::new(BTreeSet::from(["ErrorCode"]), BTreeSet::new(), false);
        let mut items = enums::error_code(ir, &scope);
        items.extend(codec::error_code(&scope));
        let items = scope.imports().into_iter().chain(items).collect();
        let doc = "Known error codes of the service, and their classes.".to_owned();
        emitted.declare(ERROR_CODE, None);
        emitted.insert(ERROR_CODE, Module { doc, items });
    }
    emitted.declare(CATALOGUE, Some("catalogue"));
    emitted.modules.extend(catalogue::modules(ir, emitted.names.get(CATALOGUE)));
    emitted.root.push(actions::visit(ir));
    emitted.exports = exports::exports(&emitted);
    emitted
}

/// Returns the names and descriptions of the modules that contain types.
fn modules(ir: &Ir<'_>) -> Vec<(String, String)> {
    let groups = ir.groups.iter().map(|group| (group.name.clone(), group.doc.clone()));
    let mut modules: Vec<(String, String)> = groups.collect();
    let shared = match ir.groups.is_empty() {
        true => "Types of the service.",
        false => "Types used by several groups.",
    };
    modules.push((SHARED.to_owned(), shared.to_owned()));
    if ir.enums.iter().any(|set| set.module == VALUES) {
        let values = match ir.groups.is_empty() {
            true => "Open value sets.",
            false => "Open value sets used by several groups.",
        };
        modules.push((VALUES.to_owned(), values.to_owned()));
    }
    modules
}

/// Names of the modules of the crate.
pub(crate) struct ModuleNames(BTreeMap<String, String>);

impl ModuleNames {
    /// Names each module by its subject, with a `_` if a type has that name.
    fn of(ir: &Ir<'_>) -> Self {
        let subjects = [SHARED, VALUES, ERROR_CODE, CATALOGUE, CODEC];
        let subjects: BTreeSet<&str> =
            ir.groups.iter().map(|group| group.name.as_str()).chain(subjects).collect();
        let structs = ir.structs.iter().map(|item| item.ident.as_str());
        let types: BTreeSet<&str> =
            structs.chain(ir.enums.iter().map(|set| set.ident.as_str())).collect();
        let mut names = BTreeMap::new();
        let mut taken: BTreeSet<String> = subjects.iter().map(|name| (*name).to_owned()).collect();
        for subject in subjects {
            let mut name = subject.to_owned();
            while types.contains(name.as_str()) || (name != subject && taken.contains(&name)) {
                name.push('_');
            }
            taken.insert(name.clone());
            names.insert(subject.to_owned(), name);
        }
        Self(names)
    }

    fn get<'a>(&'a self, subject: &'a str) -> &'a str {
        self.0.get(subject).map_or(subject, String::as_str)
    }
}

impl Emitted {
    /// Declares a module of the root and exports its items.
    fn declare(&mut self, name: &str, feature: Option<&str>) {
        let gate = feature.map(|feature| quote!(#[cfg(feature = #feature)]));
        let may_be_empty = (name == SHARED || name == VALUES).then(
            || quote!(#[allow(unused_imports, unreachable_pub, reason = "empty if no feature is enabled")]),
        );
        let name = self.names.get(name).to_owned();
        self.declared.push((name.clone(), feature.map(str::to_owned)));
        let name = ident(&name);
        self.root.push(quote!(#gate mod #name;));
        self.root.push(quote!(#gate #may_be_empty pub use self::#name::*;));
    }

    /// Adds a module of types with the actions of its group, and its child module with the codecs.
    fn add_types(&mut self, ir: &Ir<'_>, module: &str, doc: String) {
        let structs: Vec<&Struct<'_>> =
            ir.structs.iter().filter(|item| item.module == module).collect();
        let sets: Vec<&Enum> = ir.enums.iter().filter(|set| set.module == module).collect();
        let actions: Vec<_> = ir
            .actions
            .iter()
            .filter(|action| action.group.as_deref().unwrap_or(SHARED) == module)
            .collect();
        let names = structs.iter().map(|item| item.ident.as_str());
        let own: BTreeSet<&str> = names.chain(sets.iter().map(|set| set.ident.as_str())).collect();
        let fields = structs.iter().flat_map(|item| &item.fields);
        let mut used: BTreeSet<&str> = fields.filter_map(|field| generated(&field.ty)).collect();
        for action in &actions {
            used.extend([action.request.as_str(), action.response.as_str()]);
            used.extend(tasks::query_of(ir, action));
            used.extend(action.pages.as_ref().and_then(|pages| generated(&pages.item)));
        }
        let gated = !ir.groups.is_empty() && (module == SHARED || module == VALUES);
        let scope = Scope::new(own.clone(), used, gated);
        let mut items = Vec::new();
        for item in &structs {
            items.extend(structs::items(item, &scope));
            let of = actions.iter().filter(|action| action.request == item.ident);
            items.extend(of.flat_map(|action| actions::impls(ir, action, &scope)));
        }
        items.extend(sets.iter().flat_map(|set| enums::value_set(set, &scope)));
        let others = actions.iter().filter(|action| !own.contains(action.request.as_str()));
        items.extend(others.flat_map(|action| actions::impls(ir, action, &scope)));

        let mut head = scope.imports();
        if !own.is_empty() {
            let inner = scope.child();
            let objects = structs.iter().flat_map(|item| codec::object(item, &inner));
            let codecs = objects.chain(sets.iter().flat_map(|set| codec::value_set(set, &inner)));
            let codecs: Vec<TokenStream> = codecs.collect();
            let allow = gated
                .then(|| quote!(#[allow(unused_imports, reason = "all features may be disabled")]));
            let mut items = inner.imports();
            items.push(quote!(#allow use super::*;));
            items.extend(codecs);
            let doc = format!("JSON codecs of the types of `{module}`.");
            let codec = ident(self.names.get(CODEC));
            let path = format!("{}/{codec}", self.names.get(module));
            self.modules.insert(path, Module { doc, items });
            head.insert(
                0,
                quote!(
                    mod #codec;
                ),
            );
        }
        let items = head.into_iter().chain(items).collect();
        self.insert(module, Module { doc, items });
    }

    fn insert(&mut self, subject: &str, module: Module) {
        self.modules.insert(self.names.get(subject).to_owned(), module);
    }
}

/// Returns the name of the generated type that a value or its elements have.
fn generated(ty: &Ty) -> Option<&str> {
    match ty {
        Ty::Struct(name) | Ty::Boxed(name) | Ty::Large(name) => Some(name),
        Ty::TextEnum(name) | Ty::IntEnum(name) => Some(name),
        Ty::List(element) => generated(element),
        Ty::String | Ty::I64 | Ty::U64 | Ty::F64 | Ty::Bool | Ty::Base64 => None,
    }
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

/// Emits `#[allow(..)]` for the name of a type, or nothing if it is in camel case.
pub(crate) fn casing(name: &str) -> TokenStream {
    match name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('_') {
        true => quote!(),
        false => quote!(#[allow(non_camel_case_types, reason = "name of the reference")]),
    }
}
