//! Metadata of actions, objects and value sets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::names::Places;
use crate::emit::{actions, ident};
use crate::ir::{Action, Enum, Field, Ir, Struct, Ty, Variants};
use crate::overlay::{Limit, Rule, Wire};
use crate::words;

/// Emits the items of one module, and records the names that it imports.
pub(super) struct Emitter<'a> {
    pub(super) ir: &'a Ir<'a>,
    pub(super) places: &'a Places<'a>,
    pub(super) module: &'a str,
    /// Names of `tc3_catalogue` and `tc3_api`.
    pub(super) imports: RefCell<BTreeSet<&'static str>>,
    /// Items of other modules, by module.
    pub(super) siblings: RefCell<BTreeMap<String, BTreeSet<Ident>>>,
}

impl Emitter<'_> {
    /// Emits the `use` items for all names recorded so far.
    pub(super) fn uses(&self) -> Vec<TokenStream> {
        let mut uses = Vec::new();
        let imports = self.imports.borrow();
        if imports.contains("ActionInfo") {
            uses.push(quote!(
                use tc3_api::ActionInfo;
            ));
        }
        let catalogue: Vec<Ident> =
            imports.iter().filter(|name| **name != "ActionInfo").map(|name| ident(name)).collect();
        uses.extend(import(&quote!(tc3_catalogue), &catalogue));
        for (module, names) in &*self.siblings.borrow() {
            let module = ident(module);
            let names: Vec<Ident> = names.iter().cloned().collect();
            uses.extend(import(&quote!(super::#module), &names));
        }
        uses
    }

    /// Returns an imported name.
    fn name(&self, name: &'static str) -> Ident {
        self.imports.borrow_mut().insert(name);
        ident(name)
    }

    /// Returns the static of an object or value set.
    fn of_type(&self, name: &str) -> Option<Ident> {
        let place = self.places.of_type(name)?;
        if place.module != self.module {
            let mut siblings = self.siblings.borrow_mut();
            siblings.entry(place.module.clone()).or_default().insert(place.name.clone());
        }
        Some(place.name.clone())
    }

    pub(super) fn action(&self, action: &Action) -> Option<TokenStream> {
        let name = &self.places.action(&action.name)?.name;
        let (request, response) = (self.of_type(&action.request)?, self.of_type(&action.response)?);
        let info_type = self.name("ActionInfo");
        let info =
            actions::info(self.ir, action, &quote!(#info_type), &quote!(super::super::ERRORS));
        let (title, doc, errors) = (&action.title, &action.doc, &action.errors);
        let group = action.group.as_deref().unwrap_or_default();
        let meta = self.name("ActionMeta");
        let reads = action.reads.then(|| quote!(.reads()));
        Some(quote! {
            pub(super) const #name: #meta = #meta::new(
                #info, #title, #doc, #group, &[#(#errors),*], (&#request, &#response),
            )#reads;
        })
    }

    pub(super) fn object(&self, item: &Struct<'_>) -> Option<TokenStream> {
        let static_name = self.of_type(&item.ident)?;
        let (name, rust, doc) = (&item.name, &item.ident, &item.summary);
        let fields: Option<Vec<_>> = item.fields.iter().map(|field| self.field(field)).collect();
        let fields = fields?;
        let rules = item.rules.iter().map(|rule| self.rule(rule));
        let meta = self.name("ObjectMeta");
        Some(quote! {
            pub(super) static #static_name: #meta = #meta::new(
                #name, #rust, #doc, &[#(#fields),*], &[#(#rules),*],
            );
        })
    }

    fn field(&self, field: &Field<'_>) -> Option<TokenStream> {
        let (name, setter, doc) = (&field.wire, &field.setter, &field.summary);
        let ty = self.json_type(&field.ty)?;
        let mut element = &field.ty;
        while let Ty::List(inner) = element {
            element = inner;
        }
        let flags = [
            (field.required, quote!(.required())),
            (field.optional, quote!(.optional())),
            (field.internal, quote!(.internal())),
            (field.sensitive, quote!(.sensitive())),
            (*element == Ty::Base64, quote!(.base64())),
            (matches!(element, Ty::Boxed(_)), quote!(.boxed())),
        ];
        let mut calls: Vec<TokenStream> =
            flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, call)| call).collect();
        calls.extend(field.deprecated.map(|instead| quote!(.deprecated(#instead))));
        if let Ty::TextEnum(set) | Ty::IntEnum(set) = element {
            let set = self.of_type(set)?;
            calls.push(quote!(.values(&#set)));
        }
        calls.extend(field.limit.map(|limit| {
            let limits = self.limits(limit);
            quote!(.limits(#limits))
        }));
        let meta = self.name("FieldMeta");
        Some(quote!(#meta::new(#name, #setter, #doc, #ty)#(#calls)*))
    }

    fn json_type(&self, of: &Ty) -> Option<TokenStream> {
        let json = self.name("JsonType");
        Some(match of {
            Ty::String | Ty::Base64 | Ty::TextEnum(_) => quote!(#json::String),
            Ty::I64 | Ty::IntEnum(_) => quote!(#json::Int),
            Ty::U64 => quote!(#json::Uint),
            Ty::F64 => quote!(#json::Float),
            Ty::Bool => quote!(#json::Bool),
            Ty::Struct(name) | Ty::Boxed(name) | Ty::Large(name) => {
                let name = self.of_type(name)?;
                quote!(#json::Object(&#name))
            }
            Ty::List(element) => {
                let element = self.json_type(element)?;
                quote!(#json::List(&#element))
            }
        })
    }

    fn limits(&self, limit: &Limit) -> TokenStream {
        let size = |size: Option<u64>| maybe(size.map(Literal::u64_unsuffixed));
        let number = |number: Option<i64>| maybe(number.map(Literal::i64_unsuffixed));
        let items = [limit.min_items, limit.max_items].map(size);
        let chars = [limit.min_chars, limit.max_chars].map(size);
        let bytes = size(limit.max_bytes);
        let numbers = [limit.min, limit.max].map(number);
        let meta = self.name("Limits");
        quote!(#meta::new((#(#items),*), (#(#chars),*), #bytes, (#(#numbers),*)))
    }

    fn rule(&self, rule: &Rule) -> TokenStream {
        let Rule { needs, any_of, one_of, not_both, .. } = rule;
        let kind = if !any_of.is_empty() {
            quote!(AnyOf(&[#(#any_of),*]))
        } else if !one_of.is_empty() {
            quote!(OneOf(&[#(#one_of),*]))
        } else if !not_both.is_empty() {
            quote!(NotBoth(&[#(#not_both),*]))
        } else {
            let when = maybe(rule.when.as_ref().map(|path| self.condition(path, &rule.is)));
            quote!(Needs { when: #when, paths: &[#(#needs),*] })
        };
        let doc = words::rule(rule);
        let (meta, kinds) = (self.name("Rule"), self.name("RuleKind"));
        quote!(#meta::new(#kinds::#kind, #doc))
    }

    fn condition(&self, path: &str, values: &[Wire]) -> TokenStream {
        let values = values.iter().map(|value| match value {
            Wire::Text(text) => self.text(text),
            Wire::Int(number) => self.int(*number),
        });
        let condition = self.name("Condition");
        quote!(#condition::new(#path, &[#(#values),*]))
    }

    fn text(&self, text: &str) -> TokenStream {
        let literal = self.name("Literal");
        quote!(#literal::Text(#text))
    }

    fn int(&self, number: i64) -> TokenStream {
        let (literal, number) = (self.name("Literal"), Literal::i64_unsuffixed(number));
        quote!(#literal::Int(#number))
    }

    pub(super) fn value_set(&self, set: &Enum) -> Option<TokenStream> {
        let static_name = self.of_type(&set.ident)?;
        let (name, doc) = (&set.ident, &set.doc);
        let value = |value: TokenStream, rust: &str, doc: &str| {
            let meta = self.name("ValueMeta");
            quote!(#meta::new(#value, #rust, #doc))
        };
        let values: Vec<TokenStream> = match &set.variants {
            Variants::Text(variants) => {
                let of = variants.iter();
                of.map(|one| value(self.text(&one.value), &one.ident, &one.doc)).collect()
            }
            Variants::Int(variants) => {
                let of = variants.iter();
                of.map(|one| value(self.int(one.value), &one.ident, &one.doc)).collect()
            }
        };
        let meta = self.name("ValueSetMeta");
        Some(quote! {
            pub(super) static #static_name: #meta = #meta::new(#name, #doc, &[#(#values),*]);
        })
    }
}

fn import(path: &TokenStream, names: &[Ident]) -> Option<TokenStream> {
    match names {
        [] => None,
        [one] => Some(quote!(use #path::#one;)),
        _ => Some(quote!(use #path::{#(#names),*};)),
    }
}

fn maybe(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}
