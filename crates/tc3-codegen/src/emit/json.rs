//! JSON codecs of structs.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::ident;
use crate::ir::{Field, Side, Struct};

/// Emits the codec of a struct: requests are encoded and responses decoded; the opposite direction requires
/// the feature `server`.
pub(super) fn object(item: &Struct<'_>, gate: &TokenStream) -> Vec<TokenStream> {
    let server = quote!(#gate #[cfg(feature = "server")]);
    let (writing, reading) = match item.side {
        Side::Request => (gate, &server),
        Side::Response => (&server, gate),
        Side::Both => (gate, gate),
    };
    let name = ident(&item.ident);
    // Only servers decode requests; a missing required field is an error.
    let is_required = |field: &&Field<'_>| item.side == Side::Request && !field.optional;
    let required = item.fields.iter().filter(is_required).map(|field| &field.wire);
    let read = quote! {
        reader.object(<Self as ::tc3_api::json::Decode>::blank(), &[#(#required),*])
    };
    let mut items = vec![members(item, reading)];
    items.extend(decode(&name, false, &read, &blank(item), reading));
    items.extend(encode(&name, &written(item), writing));
    items
}

/// Emits the decoding of each field.
fn members(item: &Struct<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(&item.ident);
    let arms = item.fields.iter().map(|field| {
        let Field { wire, ident: field_name, optional, .. } = field;
        let field_name = ident(field_name);
        let how = match (optional, item.side) {
            (true, _) => quote!(optional),
            (false, Side::Request) => quote!(must),
            (false, _) => quote!(keep),
        };
        quote!(#wire => reader.#how(&mut self.#field_name),)
    });
    let (parameter, body) = match item.fields.is_empty() {
        true => (quote!(_), quote!(reader.skip())),
        false => (quote!(name), quote!(match name { #(#arms)* _ => reader.skip(), })),
    };
    quote! {
        #gate
        impl ::tc3_api::json::Members for #name {
            fn member(
                &mut self,
                #parameter: &::core::primitive::str,
                reader: &mut ::tc3_api::json::Reader<'_>,
            ) -> ::core::result::Result<(), ::tc3_api::json::Error> {
                #body
            }
        }
    }
}

fn blank(item: &Struct<'_>) -> TokenStream {
    if item.default {
        return quote!(::core::default::Default::default());
    }
    let fields = item.fields.iter().map(|field| {
        let name = ident(&field.ident);
        match field.optional {
            true => quote!(#name: ::core::option::Option::None),
            false => quote!(#name: ::tc3_api::json::Decode::blank()),
        }
    });
    quote!(Self { #(#fields),* })
}

fn written(item: &Struct<'_>) -> TokenStream {
    let members = item.fields.iter().map(|field| {
        let (wire, name) = (&field.wire, ident(&field.ident));
        quote!(writer.member(#wire, &self.#name);)
    });
    quote!(writer.open(); #(#members)* writer.close();)
}

pub(super) fn decode(
    name: &Ident,
    null_is_blank: bool,
    read: &TokenStream,
    blank: &TokenStream,
    gate: &TokenStream,
) -> [TokenStream; 2] {
    [
        quote! {
            #gate
            impl ::tc3_api::json::Decode for #name {
                const NULL_IS_BLANK: ::core::primitive::bool = #null_is_blank;

                fn optional(
                    reader: &mut ::tc3_api::json::Reader<'_>,
                ) -> ::core::result::Result<::core::option::Option<Self>, ::tc3_api::json::Error> {
                    #read
                }

                fn blank() -> Self {
                    #blank
                }
            }
        },
        quote!(#gate ::tc3_api::__deserialize!(#name);),
    ]
}

pub(super) fn encode(name: &Ident, write: &TokenStream, gate: &TokenStream) -> [TokenStream; 2] {
    [
        quote! {
            #gate
            impl ::tc3_api::json::Encode for #name {
                fn encode(&self, writer: &mut ::tc3_api::json::Writer) {
                    #write
                }
            }
        },
        quote!(#gate ::tc3_api::__serialize!(#name);),
    ]
}
