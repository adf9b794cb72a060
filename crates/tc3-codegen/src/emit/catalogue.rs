//! The catalogue: the service as data, independent of the enabled features.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{actions, ident};
use crate::ir::{Enum, Field, Ir, Struct, Ty, Variants};
use crate::overlay::{Limit, Rule, Wire};
use crate::words;

pub(super) fn items(ir: &Ir<'_>) -> Vec<TokenStream> {
    let meta = meta();
    let rows = ir.actions.iter().map(|action| {
        let info = actions::info(ir, action);
        let (title, doc, errors) = (&action.title, &action.doc, &action.errors);
        let group = action.group.as_deref().unwrap_or_default();
        let (request, response) = (ident(&action.request), ident(&action.response));
        quote! {
            #meta::ActionMeta::new(
                #info, #title, #doc, #group, &[#(#errors),*],
                (&objects::#request, &objects::#response),
            )
        }
    });
    let objects = ir.structs.iter().map(|item| ident(&item.ident));
    let object_items = ir.structs.iter().map(object);
    let sets = ir.enums.iter().map(|set| ident(&set.ident));
    let set_items = ir.enums.iter().map(value_set);
    let codes = ir.codes.iter().map(|code| {
        let (name, doc, advice) = (&code.code, format!("{}.", code.description), &code.advice);
        quote!(#meta::CodeMeta::new(#name, #doc, #advice))
    });
    let mut items = vec![
        quote! {
            /// The service as data: its actions, objects, value sets and error codes.
            pub static CATALOGUE: #meta::Catalogue = #meta::Catalogue::new(
                &[#(#rows),*],
                &[#(&objects::#objects),*],
                &[#(&sets::#sets),*],
                &[#(#codes),*],
            );
        },
        quote! {
            #[allow(non_upper_case_globals, reason = "names of the reference")]
            mod objects { #(#object_items)* }
        },
    ];
    if !ir.enums.is_empty() {
        items.push(quote! {
            #[allow(non_upper_case_globals, reason = "names of the types")]
            mod sets { #(#set_items)* }
        });
    }
    items
}

fn meta() -> TokenStream {
    quote!(::tc3_catalogue)
}

fn object(item: &Struct<'_>) -> TokenStream {
    let meta = meta();
    let static_name = ident(&item.ident);
    let (name, rust, doc) = (&item.name, &item.ident, &item.summary);
    let members = item.fields.iter().map(member);
    let rules = item.rules.iter().map(|rule| self::rule(rule));
    quote! {
        pub(super) static #static_name: #meta::ObjectMeta = #meta::ObjectMeta::new(
            #name, #rust, #doc, &[#(#members),*], &[#(#rules),*],
        );
    }
}

fn member(field: &Field<'_>) -> TokenStream {
    let meta = meta();
    let (name, setter, doc) = (&field.wire, &field.setter, &field.summary);
    let ty = json_type(&field.ty);
    let mut facts = Vec::new();
    let mut element = &field.ty;
    while let Ty::List(inner) = element {
        element = inner;
    }
    for (holds, fact) in [
        (field.required, quote!(.required())),
        (field.optional, quote!(.optional())),
        (field.internal, quote!(.internal())),
        (field.sensitive, quote!(.sensitive())),
        (*element == Ty::Base64, quote!(.base64())),
        (matches!(element, Ty::Boxed(_)), quote!(.boxed())),
    ] {
        if holds {
            facts.push(fact);
        }
    }
    facts.extend(field.deprecated.map(|instead| quote!(.deprecated(#instead))));
    if let Ty::TextEnum(set) | Ty::IntEnum(set) = element {
        let set = ident(set);
        facts.push(quote!(.values(&super::sets::#set)));
    }
    facts.extend(field.limit.map(|limit| {
        let limits = limits(limit);
        quote!(.limits(#limits))
    }));
    quote!(#meta::MemberMeta::new(#name, #setter, #doc, #ty)#(#facts)*)
}

fn json_type(of: &Ty) -> TokenStream {
    let json = quote!(::tc3_catalogue::JsonType);
    match of {
        Ty::String | Ty::Base64 | Ty::TextEnum(_) => quote!(#json::String),
        Ty::I64 | Ty::IntEnum(_) => quote!(#json::Int),
        Ty::U64 => quote!(#json::Uint),
        Ty::F64 => quote!(#json::Float),
        Ty::Bool => quote!(#json::Bool),
        Ty::Struct(name) | Ty::Boxed(name) | Ty::Large(name) => {
            let name = ident(name);
            quote!(#json::Object(&#name))
        }
        Ty::List(element) => {
            let element = json_type(element);
            quote!(#json::List(&#element))
        }
    }
}

fn limits(limit: &Limit) -> TokenStream {
    let meta = meta();
    let size = |size: Option<u64>| maybe(size.map(Literal::u64_unsuffixed));
    let number = |number: Option<i64>| maybe(number.map(Literal::i64_unsuffixed));
    let items = [limit.min_items, limit.max_items].map(size);
    let chars = [limit.min_chars, limit.max_chars].map(size);
    let bytes = size(limit.max_bytes);
    let numbers = [limit.min, limit.max].map(number);
    quote!(#meta::Limits::new((#(#items),*), (#(#chars),*), #bytes, (#(#numbers),*)))
}

fn maybe(value: Option<Literal>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn rule(rule: &Rule) -> TokenStream {
    let meta = meta();
    let Rule { needs, any_of, one_of, not_both, .. } = rule;
    let kind = if !any_of.is_empty() {
        quote!(AnyOf(&[#(#any_of),*]))
    } else if !one_of.is_empty() {
        quote!(OneOf(&[#(#one_of),*]))
    } else if !not_both.is_empty() {
        quote!(NotBoth(&[#(#not_both),*]))
    } else {
        let when = match &rule.when {
            None => quote!(::core::option::Option::None),
            Some(path) => {
                let values = rule.is.iter().map(|value| match value {
                    Wire::Text(text) => quote!(#meta::Literal::Text(#text)),
                    Wire::Int(number) => int(*number),
                });
                let condition = quote!(#meta::Condition::new(#path, &[#(#values),*]));
                quote!(::core::option::Option::Some(#condition))
            }
        };
        quote!(Needs { when: #when, paths: &[#(#needs),*] })
    };
    let doc = words::rule(rule);
    quote!(#meta::Rule::new(#meta::RuleKind::#kind, #doc))
}

fn int(number: i64) -> TokenStream {
    let (meta, number) = (meta(), Literal::i64_unsuffixed(number));
    quote!(#meta::Literal::Int(#number))
}

fn value_set(set: &Enum) -> TokenStream {
    let meta = meta();
    let static_name = ident(&set.ident);
    let (name, doc) = (&set.ident, &set.doc);
    let values: Vec<TokenStream> = match &set.variants {
        Variants::Text(variants) => variants
            .iter()
            .map(|variant| {
                let (value, rust, doc) = (&variant.value, &variant.ident, &variant.doc);
                quote!(#meta::ValueMeta::new(#meta::Literal::Text(#value), #rust, #doc))
            })
            .collect(),
        Variants::Int(variants) => variants
            .iter()
            .map(|variant| {
                let (value, rust, doc) = (int(variant.value), &variant.ident, &variant.doc);
                quote!(#meta::ValueMeta::new(#value, #rust, #doc))
            })
            .collect(),
    };
    quote! {
        pub(super) static #static_name: #meta::ValueSetMeta =
            #meta::ValueSetMeta::new(#name, #doc, &[#(#values),*]);
    }
}
