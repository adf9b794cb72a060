//! JSON codecs of structs and open enums, in a child module of their types.

use proc_macro2::TokenStream;
use quote::quote;

use super::scope::Scope;
use super::{gate, ident};
use crate::ir::{Enum, Field, Side, Struct, Variants};

/// Emits the codec of a struct: requests are encoded and responses decoded; the opposite direction requires
/// the feature `server`.
pub(super) fn object(item: &Struct<'_>, scope: &Scope<'_>) -> Vec<TokenStream> {
    let gate = if item.module == crate::lower::SHARED { gate(&item.features) } else { quote!() };
    let server = quote!(#gate #[cfg(feature = "server")]);
    let (encoding, decoding) = match item.side {
        Side::Request => (&gate, &server),
        Side::Response => (&server, &gate),
        Side::Both => (&gate, &gate),
    };
    let json = scope.path("json");
    // Only servers decode requests; a missing required field is an error.
    let is_required = |field: &&Field<'_>| item.side == Side::Request && !field.optional;
    let required = item.fields.iter().filter(is_required).map(|field| &field.wire);
    let read = quote!(reader.object(#json::Decode::blank(), &[#(#required),*]));
    let mut items = vec![members(item, scope, decoding)];
    items.extend(decode(&item.ident, scope, false, &read, &blank(item, &json), decoding));
    items.extend(encode(&item.ident, scope, &write(item), encoding));
    items
}

/// Emits the codec of an open enum, which is that of its value.
pub(super) fn value_set(item: &Enum, scope: &Scope<'_>) -> Vec<TokenStream> {
    let gate = if item.module == crate::lower::VALUES { gate(&item.features) } else { quote!() };
    let json = scope.path("json");
    let (value, write) = match item.variants {
        Variants::Text(_) => (scope.path("String"), quote!(writer.text(self.as_str());)),
        Variants::Int(_) => (quote!(i64), quote!(#json::Encode::encode(&self.as_i64(), writer);)),
    };
    let read = quote!(Ok(<#value as #json::Decode>::optional(reader)?.map(Self::from)));
    let blank = quote!(Self::default());
    let decoding = decode(&item.ident, scope, true, &read, &blank, &gate);
    decoding.into_iter().chain(encode(&item.ident, scope, &write, &gate)).collect()
}

/// Emits the codec of the error codes, which is that of a string.
pub(super) fn error_code(scope: &Scope<'_>) -> Vec<TokenStream> {
    let [json, string] = ["json", "String"].map(|name| scope.path(name));
    let read = quote!(Ok(<#string as #json::Decode>::optional(reader)?.map(Self::from)));
    let (blank, write) =
        (quote!(Self::Unknown(#string::new())), quote!(writer.text(self.as_str());));
    let decoding = decode("ErrorCode", scope, false, &read, &blank, &quote!());
    decoding.into_iter().chain(encode("ErrorCode", scope, &write, &quote!())).collect()
}

/// Emits the decoding of each field.
fn members(item: &Struct<'_>, scope: &Scope<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let arms = item.fields.iter().map(|field| {
        let Field { wire, ident: field_name, optional, .. } = field;
        let field_name = ident(field_name);
        let method = match (optional, item.side) {
            (true, _) => quote!(optional),
            (false, Side::Request) => quote!(must),
            (false, _) => quote!(keep),
        };
        quote!(#wire => reader.#method(&mut self.#field_name),)
    });
    let (parameter, body) = match item.fields.is_empty() {
        true => (quote!(_), quote!(reader.skip())),
        false => (quote!(name), quote!(match name { #(#arms)* _ => reader.skip(), })),
    };
    let [json, result] = ["json", "Result"].map(|name| scope.path(name));
    quote! {
        #gate
        impl #json::Members for #name {
            fn member(
                &mut self,
                #parameter: &str,
                reader: &mut #json::Reader<'_>,
            ) -> #result<(), #json::Error> {
                #body
            }
        }
    }
}

fn blank(item: &Struct<'_>, json: &TokenStream) -> TokenStream {
    if item.default {
        return quote!(Self::default());
    }
    let fields = item.fields.iter().map(|field| {
        let name = ident(&field.ident);
        match field.optional {
            true => quote!(#name: None),
            false => quote!(#name: #json::Decode::blank()),
        }
    });
    quote!(Self { #(#fields),* })
}

fn write(item: &Struct<'_>) -> TokenStream {
    let members = item.fields.iter().map(|field| {
        let (wire, name) = (&field.wire, ident(&field.ident));
        quote!(writer.member(#wire, &self.#name);)
    });
    quote!(writer.open(); #(#members)* writer.close();)
}

fn decode(
    name: &str,
    scope: &Scope<'_>,
    null_is_blank: bool,
    read: &TokenStream,
    blank: &TokenStream,
    gate: &TokenStream,
) -> [TokenStream; 2] {
    let name = ident(name);
    let [json, result, option] = ["json", "Result", "Option"].map(|name| scope.path(name));
    let deserialize = scope.tc3_api("__deserialize");
    [
        quote! {
            #gate
            impl #json::Decode for #name {
                const NULL_IS_BLANK: bool = #null_is_blank;

                fn optional(
                    reader: &mut #json::Reader<'_>,
                ) -> #result<#option<Self>, #json::Error> {
                    #read
                }

                fn blank() -> Self {
                    #blank
                }
            }
        },
        quote!(#gate #deserialize!(#name);),
    ]
}

fn encode(
    name: &str,
    scope: &Scope<'_>,
    write: &TokenStream,
    gate: &TokenStream,
) -> [TokenStream; 2] {
    let name = ident(name);
    let json = scope.path("json");
    let serialize = scope.tc3_api("__serialize");
    [
        quote! {
            #gate
            impl #json::Encode for #name {
                fn encode(&self, writer: &mut #json::Writer) {
                    #write
                }
            }
        },
        quote!(#gate #serialize!(#name);),
    ]
}
