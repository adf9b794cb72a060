//! Names that a generated module refers to.
//!
//! A service may have objects named `Option` or `Result`. A module uses the name of the prelude or of an import
//! unless a type in its scope has that name; it then uses the absolute path.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::ident;

/// Names of the prelude, with their absolute paths.
const PRELUDE: [(&str, &str); 9] = [
    ("Box", "std::boxed::Box"),
    ("Default", "core::default::Default"),
    ("From", "core::convert::From"),
    ("Into", "core::convert::Into"),
    ("IntoIterator", "core::iter::IntoIterator"),
    ("Option", "core::option::Option"),
    ("Result", "core::result::Result"),
    ("String", "std::string::String"),
    ("Vec", "std::vec::Vec"),
];

/// Names that a module imports if it uses them, with their paths.
const IMPORTS: [(&str, &str); 26] = [
    ("fmt", "std::fmt"),
    ("Duration", "std::time::Duration"),
    ("SystemTime", "std::time::SystemTime"),
    ("Action", "tc3_api::Action"),
    ("ActionInfo", "tc3_api::ActionInfo"),
    ("Base64", "tc3_api::Base64"),
    ("Envelope", "tc3_api::Envelope"),
    ("ErrorClass", "tc3_api::ErrorClass"),
    ("ErrorFields", "tc3_api::ErrorFields"),
    ("ErrorRule", "tc3_api::ErrorRule"),
    ("ErrorTable", "tc3_api::ErrorTable"),
    ("Event", "tc3_api::Event"),
    ("PageField", "tc3_api::PageField"),
    ("Paginated", "tc3_api::Paginated"),
    ("Pagination", "tc3_api::Pagination"),
    ("Position", "tc3_api::Position"),
    ("RetryRule", "tc3_api::RetryRule"),
    ("Redacted", "tc3_api::Redacted"),
    ("StartTask", "tc3_api::StartTask"),
    ("StreamInfo", "tc3_api::StreamInfo"),
    ("StreamingAction", "tc3_api::StreamingAction"),
    ("TaskQuery", "tc3_api::TaskQuery"),
    ("TaskState", "tc3_api::TaskState"),
    ("Visitor", "tc3_api::Visitor"),
    ("json", "tc3_api::json"),
    ("time", "tc3_api::time"),
];

/// Scope of a generated module.
pub(super) struct Scope<'a> {
    /// Types of the module and types that it imports.
    types: BTreeSet<&'a str>,
    /// Types that the module imports from other modules.
    siblings: BTreeSet<&'a str>,
    /// `true` if items of the module depend on different features, so that imports may be unused.
    gated: bool,
    /// Entries of [`IMPORTS`] that the module uses.
    used: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Scope<'a> {
    /// Creates the scope of a module that contains the types `own` and refers to the types `used`.
    ///
    /// A gated module imports no types: an import would need the features of all of its uses.
    pub(super) fn new(own: BTreeSet<&'a str>, used: BTreeSet<&'a str>, gated: bool) -> Self {
        let siblings: BTreeSet<&str> =
            if gated { BTreeSet::new() } else { used.difference(&own).copied().collect() };
        let types = own.union(&siblings).copied().collect();
        Self { types, siblings, gated, used: RefCell::default() }
    }

    /// Creates the scope of a child module that imports everything from this module.
    pub(super) fn child(&self) -> Self {
        Self {
            types: self.types.clone(),
            siblings: BTreeSet::new(),
            gated: self.gated,
            used: RefCell::default(),
        }
    }

    /// Returns a path to a generated type.
    pub(super) fn type_path(&self, name: &str) -> TokenStream {
        let ident = ident(name);
        if self.types.contains(name) { quote!(#ident) } else { quote!(super::#ident) }
    }

    /// Returns a path to an item of [`PRELUDE`] or [`IMPORTS`].
    pub(super) fn path(&self, name: &str) -> TokenStream {
        let short = ident(name);
        let import = IMPORTS.iter().find(|(import, _)| *import == name);
        let prelude = PRELUDE.iter().find(|(import, _)| *import == name);
        match import.or(prelude) {
            Some((_, path)) if self.types.contains(name) => absolute(path),
            Some((name, _)) if import.is_some() => {
                self.used.borrow_mut().insert(*name);
                quote!(#short)
            }
            _ => quote!(#short),
        }
    }

    /// Returns a path below the crate `tc3_api`.
    pub(super) fn tc3_api(&self, path: &str) -> TokenStream {
        self.below_root(&format!("tc3_api::{path}"))
    }

    /// Returns the `use` items of the module.
    pub(super) fn imports(&self) -> Vec<TokenStream> {
        let used = self.used.borrow();
        let of = |root: &str| -> Vec<&str> {
            let paths = IMPORTS.iter().filter(|(name, path)| {
                used.contains(name) && path.split("::").next() == Some(root)
            });
            paths.map(|(_, path)| *path).collect()
        };
        let allow = self
            .gated
            .then(|| quote!(#[allow(unused_imports, reason = "all features may be disabled")]));
        let std = of("std").into_iter().map(|path| self.below_root(path));
        let mut items: Vec<TokenStream> = std.map(|path| quote!(#allow use #path;)).collect();
        let names = of("tc3_api").into_iter().filter_map(|path| path.rsplit("::").next());
        let names: Vec<_> = names.map(ident).collect();
        let root = self.below_root("tc3_api");
        match names.as_slice() {
            [] => {}
            [one] => items.push(quote!(#allow use #root::#one;)),
            _ => items.push(quote!(#allow use #root::{#(#names),*};)),
        }
        let siblings: Vec<_> = self.siblings.iter().map(|name| ident(name)).collect();
        match siblings.as_slice() {
            [] => {}
            [one] => items.push(quote!(use super::#one;)),
            _ => items.push(quote!(use super::{#(#siblings),*};)),
        }
        items
    }

    /// Returns the path, absolute if a type has the name of its first segment.
    fn below_root(&self, path: &str) -> TokenStream {
        let segments = path.split("::").map(ident);
        match path.split("::").next() {
            Some(root) if self.types.contains(root) => absolute(path),
            _ => quote!(#(#segments)::*),
        }
    }
}

fn absolute(path: &str) -> TokenStream {
    let segments = path.split("::").map(ident);
    quote!(#(::#segments)*)
}
