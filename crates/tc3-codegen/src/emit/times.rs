//! Methods that read and set timestamps as `SystemTime`.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::{docs, ident};
use crate::ir::{Field, Side, Struct, Ty};
use crate::lower::time_methods;
use crate::overlay::Unit;

/// Emits the methods of all timestamps of a struct; nothing if it has none.
pub(super) fn methods(
    item: &Struct<'_>,
    scope: &Scope<'_>,
    gate: &TokenStream,
) -> Option<TokenStream> {
    let timed = item.fields.iter().filter_map(|field| Some((field, field.time?)));
    let methods: Vec<_> =
        timed.map(|(field, unit)| of_field(field, unit, item.side, scope)).collect();
    let name = ident(&item.ident);
    (!methods.is_empty()).then(|| quote!(#gate impl #name { #(#methods)* }))
}

fn of_field(field: &Field<'_>, unit: Unit, side: Side, scope: &Scope<'_>) -> TokenStream {
    let names = time_methods(&field.ident, side);
    let (getter, name) = (ident(&names.getter), ident(&field.ident));
    let (from, to) = match unit {
        Unit::Seconds => (quote!(from_seconds), quote!(to_seconds)),
        Unit::Milliseconds => (quote!(from_milliseconds), quote!(to_milliseconds)),
    };
    let [option, system_time, time] = ["Option", "SystemTime", "time"].map(|name| scope.path(name));
    let value = if field.optional { quote!(self.#name?) } else { quote!(self.#name) };
    let doc =
        docs([&*format!("Returns the field `{}` as a time; `None` if it is zero.", field.wire)]);
    let getter = quote! {
        #doc
        pub fn #getter(&self) -> #option<#system_time> {
            #time::#from(#value)
        }
    };
    let setter = names.setter.map(|setter| {
        let setter = ident(&setter);
        let doc = docs([&*format!("Sets the field `{}` from a time.", field.wire)]);
        let number = quote!(#time::#to(time));
        let number = match field.ty {
            Ty::U64 => quote!(#number.unsigned_abs()),
            _ => number,
        };
        let value = if field.optional { quote!(Some(#number)) } else { number };
        quote! {
            #doc
            #[must_use]
            pub fn #setter(mut self, time: #system_time) -> Self {
                self.#name = #value;
                self
            }
        }
    });
    quote!(#getter #setter)
}
