//! Exports of the crate root: every public item by its name and feature.
//!
//! The compiler names the feature of a missing item only if the module in which it looks exports the item by name. The
//! root of a crate therefore includes these exports, instead of all items of the generated module.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Attribute, Item, Visibility};

use super::{Emitted, ident};

/// Names by the text of their conditions, with the conditions.
type Exports = BTreeMap<String, (TokenStream, BTreeSet<String>)>;

/// Returns the exports of all modules.
pub(super) fn exports(emitted: &Emitted) -> Vec<TokenStream> {
    let mut exports = Exports::new();
    add(&mut exports, None, &emitted.root);
    for (name, feature) in &emitted.declared {
        let items = emitted.modules.get(name).map_or(&[][..], |module| &module.items);
        add(&mut exports, feature.as_deref(), items);
    }
    exports
        .into_values()
        .map(|(conditions, names)| {
            let names = names.iter().map(|name| ident(name));
            quote!(#conditions pub use self::generated::{#(#names),*};)
        })
        .collect()
}

fn add(exports: &mut Exports, feature: Option<&str>, items: &[TokenStream]) {
    let of_module = feature.map(|feature| quote!(#[cfg(feature = #feature)]));
    for tokens in items {
        // Tokens that do not parse are reported when they are formatted.
        let Ok(item) = syn::parse2::<Item>(tokens.clone()) else { continue };
        let Some((name, attributes)) = public(&item) else { continue };
        let own = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let conditions: TokenStream =
            of_module.clone().into_iter().chain(own.map(|cfg| cfg.to_token_stream())).collect();
        let entry = exports.entry(conditions.to_string());
        entry.or_insert_with(|| (conditions, BTreeSet::new())).1.insert(name);
    }
}

/// Returns the name and attributes of a public item, other than a re-export.
fn public(item: &Item) -> Option<(String, &[Attribute])> {
    let (visibility, name, attributes) = match item {
        Item::Struct(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Enum(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Fn(item) => (&item.vis, &item.sig.ident, &item.attrs),
        Item::Static(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Const(item) => (&item.vis, &item.ident, &item.attrs),
        Item::Type(item) => (&item.vis, &item.ident, &item.attrs),
        _ => return None,
    };
    matches!(visibility, Visibility::Public(_)).then(|| (name.to_string(), attributes.as_slice()))
}
