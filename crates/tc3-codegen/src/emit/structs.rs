//! Structs with constructors, setters and redacting `Debug` implementations.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::{casing, docs, gate, ident, times};
use crate::ir::{Field, Side, Struct, Ty};

pub(super) fn items(item: &Struct<'_>, scope: &Scope<'_>) -> Vec<TokenStream> {
    let gate = if item.module == crate::lower::SHARED { gate(&item.features) } else { quote!() };
    let mut items = vec![definition(item, scope, &gate)];
    if item.side != Side::Response {
        items.push(builder(item, scope, &gate));
    }
    items.extend(times::methods(item, scope, &gate));
    if item.fields.iter().any(|field| field.sensitive) {
        items.push(debug(item, scope, &gate));
    }
    items
}

fn definition(item: &Struct<'_>, scope: &Scope<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let doc = docs(item.doc.iter().map(String::as_str));
    let casing = casing(&item.ident);
    let default = item.default.then(|| quote!(, Default));
    let debug = (!item.fields.iter().any(|field| field.sensitive)).then(|| quote!(Debug,));
    let fields = item.fields.iter().map(|field| {
        let name = ident(&field.ident);
        let doc = docs(field.doc.iter().map(String::as_str));
        let ty = field_type(field, scope);
        quote!(#doc pub #name: #ty,)
    });
    quote! {
        #doc
        #gate
        #casing
        #[derive(Clone, #debug PartialEq #default)]
        #[non_exhaustive]
        pub struct #name { #(#fields)* }
    }
}

fn field_type(field: &Field<'_>, scope: &Scope<'_>) -> TokenStream {
    let ty = ty(&field.ty, scope);
    if !field.optional {
        return ty;
    }
    let option = scope.path("Option");
    quote!(#option<#ty>)
}

/// Returns the Rust type of a value.
pub(super) fn ty(ty: &Ty, scope: &Scope<'_>) -> TokenStream {
    match ty {
        Ty::String => scope.path("String"),
        Ty::I64 => quote!(i64),
        Ty::U64 => quote!(u64),
        Ty::F64 => quote!(f64),
        Ty::Bool => quote!(bool),
        Ty::Base64 => scope.path("Base64"),
        Ty::Struct(name) | Ty::TextEnum(name) | Ty::IntEnum(name) => scope.type_path(name),
        Ty::Boxed(name) | Ty::Large(name) => {
            let (boxed, name) = (scope.path("Box"), scope.type_path(name));
            quote!(#boxed<#name>)
        }
        Ty::List(element) => {
            let (vec, element) = (scope.path("Vec"), self::ty(element, scope));
            quote!(#vec<#element>)
        }
    }
}

/// Returns the type of the parameter that sets a field, and its conversion to the type of the field.
fn parameter(of: &Ty, name: &proc_macro2::Ident, scope: &Scope<'_>) -> (TokenStream, TokenStream) {
    let converts =
        |ty: &Ty| matches!(ty, Ty::String | Ty::TextEnum(_) | Ty::IntEnum(_) | Ty::Base64);
    match of {
        of if converts(of) => {
            let (into, ty) = (scope.path("Into"), ty(of, scope));
            (quote!(impl #into<#ty>), quote!(#name.into()))
        }
        Ty::Boxed(inner) | Ty::Large(inner) => {
            let boxed = scope.path("Box");
            (scope.type_path(inner), quote!(#boxed::new(#name)))
        }
        Ty::List(element) => {
            let iterable = scope.path("IntoIterator");
            let element_ty = ty(element, scope);
            if converts(element) {
                let into = scope.path("Into");
                (
                    quote!(impl #iterable<Item = impl #into<#element_ty>>),
                    quote!(#name.into_iter().map(#into::into).collect()),
                )
            } else {
                (quote!(impl #iterable<Item = #element_ty>), quote!(#name.into_iter().collect()))
            }
        }
        plain => (ty(plain, scope), quote!(#name)),
    }
}

/// Emits `new` with the required fields as arguments, and a setter for each optional field.
fn builder(item: &Struct<'_>, scope: &Scope<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let mut parameters = Vec::new();
    let mut values = Vec::new();
    let mut setters = Vec::new();
    for field in &item.fields {
        let field_name = ident(&field.ident);
        if field.optional {
            values.push(quote!(#field_name: None));
            setters.push(setter(field, scope));
        } else {
            let (ty, value) = parameter(&field.ty, &field_name, scope);
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

fn setter(field: &Field<'_>, scope: &Scope<'_>) -> TokenStream {
    let (method, field_name) = (ident(&field.setter), ident(&field.ident));
    let (ty, value) = parameter(&field.ty, &ident("value"), scope);
    let doc = docs([&*format!("Sets the field `{}`.", field.wire)]);
    let deprecated = field.deprecated.map(|note| quote!(#[deprecated(note = #note)]));
    quote! {
        #doc
        #deprecated
        #[must_use]
        pub fn #method(mut self, value: #ty) -> Self {
            self.#field_name = Some(#value);
            self
        }
    }
}

/// Emits a `Debug` implementation that redacts the values of sensitive fields.
fn debug(item: &Struct<'_>, scope: &Scope<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let label = item.ident.trim_start_matches("r#");
    let (fmt, redacted) = (scope.path("fmt"), scope.path("Redacted"));
    let fields = item.fields.iter().map(|field| {
        let field_name = ident(&field.ident);
        let label = field.ident.trim_start_matches("r#");
        let value = match (field.sensitive, field.optional) {
            (false, _) => quote!(&self.#field_name),
            (true, false) => quote!(&#redacted),
            (true, true) => quote!(&self.#field_name.as_ref().map(|_| #redacted)),
        };
        quote!(.field(#label, #value))
    });
    quote! {
        #gate
        impl #fmt::Debug for #name {
            fn fmt(&self, f: &mut #fmt::Formatter<'_>) -> #fmt::Result {
                f.debug_struct(#label)#(#fields)*.finish()
            }
        }
    }
}
