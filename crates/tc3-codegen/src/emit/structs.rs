//! Structs with constructors, setters, timestamp accessors and redacting `Debug` implementations.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, gate, ident, json};
use crate::ir::{Field, Side, Struct, Ty};
use crate::lower::time_methods;
use crate::overlay::Unit;

pub(super) fn items(item: &Struct<'_>) -> Vec<TokenStream> {
    let gate = if item.module == crate::lower::SHARED { gate(&item.features) } else { quote!() };
    let mut items = vec![definition(item, &gate)];
    if item.side != Side::Response {
        items.push(builder(item, &gate));
    }
    items.extend(json::object(item, &gate));
    items.extend(times(item, &gate));
    if item.fields.iter().any(|field| field.sensitive) {
        items.push(debug(item, &gate));
    }
    items
}

fn definition(item: &Struct<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let doc = docs(item.doc.iter().map(String::as_str));
    let casing = (!is_camel(&item.ident))
        .then(|| quote!(#[allow(non_camel_case_types, reason = "name of the reference")]));
    let default = item.default.then(|| quote!(::core::default::Default,));
    let debug =
        (!item.fields.iter().any(|field| field.sensitive)).then(|| quote!(::core::fmt::Debug,));
    let fields = item.fields.iter().map(definition_field);
    quote! {
        #doc
        #gate
        #casing
        #[derive(::core::clone::Clone, ::core::cmp::PartialEq, #debug #default)]
        #[non_exhaustive]
        pub struct #name { #(#fields)* }
    }
}

fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('_')
}

fn definition_field(field: &Field<'_>) -> TokenStream {
    let name = ident(&field.ident);
    let doc = docs(field.doc.iter().map(String::as_str));
    let ty = ty(&field.ty);
    let ty = if field.optional { quote!(::core::option::Option<#ty>) } else { ty };
    quote! {
        #doc
        pub #name: #ty,
    }
}

/// Returns the Rust type of a field.
fn ty(ty: &Ty) -> TokenStream {
    match ty {
        Ty::String => quote!(::std::string::String),
        Ty::I64 => quote!(::core::primitive::i64),
        Ty::U64 => quote!(::core::primitive::u64),
        Ty::F64 => quote!(::core::primitive::f64),
        Ty::Bool => quote!(::core::primitive::bool),
        Ty::Base64 => quote!(::tc3_api::Base64),
        Ty::Struct(name) | Ty::TextEnum(name) | Ty::IntEnum(name) => {
            let name = ident(name);
            quote!(super::#name)
        }
        Ty::Boxed(name) | Ty::Large(name) => {
            let name = ident(name);
            quote!(::std::boxed::Box<super::#name>)
        }
        Ty::List(element) => {
            let element = self::ty(element);
            quote!(::std::vec::Vec<#element>)
        }
    }
}

/// Returns the type of the parameter that sets a field, and its conversion to the type of the field.
fn parameter(of: &Ty, name: &proc_macro2::Ident) -> (TokenStream, TokenStream) {
    let into = quote!(::core::convert::Into);
    match of {
        Ty::String | Ty::TextEnum(_) | Ty::IntEnum(_) | Ty::Base64 => {
            let ty = ty(of);
            (quote!(impl #into<#ty>), quote!(#into::into(#name)))
        }
        Ty::Boxed(inner) | Ty::Large(inner) => {
            let inner = ident(inner);
            (quote!(super::#inner), quote!(::std::boxed::Box::new(#name)))
        }
        Ty::List(element) => {
            let iter = quote!(::core::iter::IntoIterator);
            let items = quote!(#iter::into_iter(#name));
            let element_ty = ty(element);
            if matches!(**element, Ty::String | Ty::TextEnum(_) | Ty::IntEnum(_) | Ty::Base64) {
                let converted = quote!(::core::iter::Iterator::map(#items, #into::into));
                (
                    quote!(impl #iter<Item = impl #into<#element_ty>>),
                    quote!(::core::iter::Iterator::collect(#converted)),
                )
            } else {
                (
                    quote!(impl #iter<Item = #element_ty>),
                    quote!(::core::iter::Iterator::collect(#items)),
                )
            }
        }
        plain => (ty(plain), quote!(#name)),
    }
}

/// Emits `new` with the required fields as arguments, and a setter for each optional field.
fn builder(item: &Struct<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let mut parameters = Vec::new();
    let mut values = Vec::new();
    let mut setters = Vec::new();
    for field in &item.fields {
        let field_name = ident(&field.ident);
        if field.optional {
            values.push(quote!(#field_name: ::core::option::Option::None));
            let method = ident(&field.setter);
            let value_name = ident("value");
            let (ty, value) = parameter(&field.ty, &value_name);
            let doc = docs([&*format!("Sets the field `{}`.", field.wire)]);
            let deprecated = field.deprecated.map(|note| quote!(#[deprecated(note = #note)]));
            setters.push(quote! {
                #doc
                #deprecated
                #[must_use]
                pub fn #method(mut self, value: #ty) -> Self {
                    self.#field_name = ::core::option::Option::Some(#value);
                    self
                }
            });
        } else {
            let (ty, value) = parameter(&field.ty, &field_name);
            parameters.push(quote!(#field_name: #ty));
            values.push(match field.ty {
                Ty::I64 | Ty::U64 | Ty::F64 | Ty::Bool | Ty::Struct(_) => quote!(#field_name),
                _ => quote!(#field_name: #value),
            });
        }
    }
    let doc = if parameters.is_empty() {
        docs(["Creates the object with no field set."])
    } else {
        docs(["Creates the object with its required fields."])
    };
    let deprecated =
        item.deprecated.then(|| quote!(#[deprecated(note = "the service removes the action")]));
    quote! {
        #gate
        impl #name {
            #doc
            #deprecated
            #[must_use]
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values),* }
            }
            #(#setters)*
        }
    }
}

/// Emits the methods that read and set timestamps as `SystemTime`.
fn times(item: &Struct<'_>, gate: &TokenStream) -> Option<TokenStream> {
    let timed = item.fields.iter().filter_map(|field| Some((field, field.time?)));
    let methods: Vec<_> = timed
        .map(|(field, unit)| {
            let [read, set] = time_methods(&field.ident).map(|name| ident(&name));
            let name = ident(&field.ident);
            let (from, to) = match unit {
                Unit::Seconds => (quote!(from_seconds), quote!(to_seconds)),
                Unit::Milliseconds => (quote!(from_milliseconds), quote!(to_milliseconds)),
            };
            let time = quote!(::std::time::SystemTime);
            let value = if field.optional { quote!(self.#name?) } else { quote!(self.#name) };
            let doc = docs([&*format!(
                "Returns the field `{}` as a time; `None` if it is zero.",
                field.wire
            )]);
            let reader = quote! {
                #doc
                pub fn #read(&self) -> ::core::option::Option<#time> {
                    ::tc3_api::time::#from(#value)
                }
            };
            let doc = docs([&*format!("Sets the field `{}` from a time.", field.wire)]);
            let number = quote!(::tc3_api::time::#to(time));
            let number = match field.ty {
                Ty::U64 => quote!(#number.unsigned_abs()),
                _ => number,
            };
            let value =
                if field.optional { quote!(::core::option::Option::Some(#number)) } else { number };
            let writer = (item.side != Side::Response).then(|| {
                quote! {
                    #doc
                    #[must_use]
                    pub fn #set(mut self, time: #time) -> Self {
                        self.#name = #value;
                        self
                    }
                }
            });
            quote!(#reader #writer)
        })
        .collect();
    let name = ident(&item.ident);
    (!methods.is_empty()).then(|| quote!(#gate impl #name { #(#methods)* }))
}

/// Emits a `Debug` implementation that redacts the values of sensitive fields.
fn debug(item: &Struct<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let label = item.ident.trim_start_matches("r#");
    let fields = item.fields.iter().map(|field| {
        let field_name = ident(&field.ident);
        let label = field.ident.trim_start_matches("r#");
        let redacted = quote!(::tc3_api::__private::Redacted);
        let value = match (field.sensitive, field.optional) {
            (false, _) => quote!(&self.#field_name),
            (true, false) => quote!(&#redacted),
            (true, true) => {
                quote!(&::core::option::Option::map(
                    ::core::option::Option::as_ref(&self.#field_name),
                    |_| #redacted,
                ))
            }
        };
        quote!(.field(#label, #value))
    });
    quote! {
        #gate
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#label)#(#fields)*.finish()
            }
        }
    }
}
