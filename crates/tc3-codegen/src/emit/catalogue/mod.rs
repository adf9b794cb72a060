//! The catalogue: the service as data, independent of the enabled features. One file for each group.

mod metadata;
mod names;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use self::metadata::Emitter;
use self::names::{Place, Places};
use super::{ERROR_CODE, Module, ident};
use crate::doc::instruction;
use crate::ir::Ir;
use crate::lower::SHARED;

/// Emits the modules of the catalogue, by path; `catalogue` is the name of their parent.
pub(super) fn modules(ir: &Ir<'_>, catalogue: &str) -> BTreeMap<String, Module> {
    let places = Places::of(ir);
    let mut modules = BTreeMap::new();
    for (name, _) in super::modules(ir) {
        let items = items(ir, &places, &name);
        if !items.is_empty() {
            let doc = format!("Metadata of the actions, objects and value sets of `{name}`.");
            modules.insert(name, Module { doc, items });
        }
    }
    if !ir.codes.is_empty() {
        let doc = "Metadata of the error codes.".to_owned();
        modules.insert(ERROR_CODE.to_owned(), Module { doc, items: codes(ir) });
    }
    let root = root(ir, &places, modules.keys());
    let below = |(name, module)| (format!("{catalogue}/{name}"), module);
    let mut modules: BTreeMap<String, Module> = modules.into_iter().map(below).collect();
    modules.insert(catalogue.to_owned(), root);
    modules
}

fn root<'a>(ir: &Ir<'_>, places: &Places<'_>, modules: impl Iterator<Item = &'a String>) -> Module {
    let path = |place: Option<&Place>| {
        let Place { module, name } = place?;
        let module = ident(module);
        Some(quote!(#module::#name))
    };
    let actions = ir.actions.iter().filter_map(|action| path(places.action(&action.name)));
    let objects = ir.structs.iter().filter_map(|item| path(places.of_type(&item.ident)));
    let sets = ir.enums.iter().filter_map(|set| path(places.of_type(&set.ident)));
    let codes = match ir.codes.is_empty() {
        true => quote!(&[]),
        false => quote!(&error_code::CODES),
    };
    let declarations = modules.map(|name| {
        let name = ident(name);
        quote!(mod #name;)
    });
    let mut items: Vec<TokenStream> = declarations.collect();
    items.push(quote!(
        use tc3_catalogue::Catalogue;
    ));
    items.push(quote! {
        /// The service as data: its actions, objects, value sets and error codes.
        pub static CATALOGUE: Catalogue = Catalogue::new(
            &[#(#actions),*],
            &[#(&#objects),*],
            &[#(&#sets),*],
            #codes,
        );
    });
    Module { doc: "The catalogue: the service as data.".to_owned(), items }
}

/// Emits the items of a module with its imports; nothing if there are none.
fn items(ir: &Ir<'_>, places: &Places<'_>, module: &str) -> Vec<TokenStream> {
    let emitter = Emitter {
        ir,
        places,
        module,
        imports: RefCell::new(BTreeSet::new()),
        siblings: RefCell::new(BTreeMap::new()),
    };
    let actions =
        ir.actions.iter().filter(|action| action.group.as_deref().unwrap_or(SHARED) == module);
    let structs = ir.structs.iter().filter(|item| item.module == module);
    let sets = ir.enums.iter().filter(|set| set.module == module);
    let items: Vec<TokenStream> = actions
        .filter_map(|action| emitter.action(action))
        .chain(structs.filter_map(|item| emitter.object(item)))
        .chain(sets.filter_map(|set| emitter.value_set(set)))
        .collect();
    emitter.uses().into_iter().chain(items).collect()
}

fn codes(ir: &Ir<'_>) -> Vec<TokenStream> {
    let count = proc_macro2::Literal::usize_unsuffixed(ir.codes.len());
    let codes = ir.codes.iter().map(|code| {
        let (doc, hint) = (format!("{}.", code.description), instruction(&code.hint));
        let name = &code.code;
        quote!(CodeMeta::new(#name, #doc, #hint))
    });
    vec![
        quote!(
            use tc3_catalogue::CodeMeta;
        ),
        quote!(pub(super) static CODES: [CodeMeta; #count] = [#(#codes),*];),
    ]
}
