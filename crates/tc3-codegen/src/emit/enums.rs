//! Open enums: known values are variants, unknown values are preserved.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{docs, gate, ident, json};
use crate::ir::{Code, Enum, Variant, Variants};
use crate::lower::VALUES;
use crate::one_line;

pub(super) fn value_set(item: &Enum) -> Vec<TokenStream> {
    let items = match &item.variants {
        Variants::Text(variants) => {
            let mut items = text(&item.ident, &item.doc, variants);
            items.extend(text_json(&item.ident));
            items
        }
        Variants::Int(variants) => int(&item.ident, &item.doc, variants),
    };
    let gate = if item.module == VALUES { gate(&item.features) } else { quote!() };
    items.into_iter().map(|item| quote!(#gate #item)).collect()
}

pub(super) fn error_code(codes: &[Code]) -> Vec<TokenStream> {
    let doc = "Error code of the service. The set is open: the service may return other codes.";
    let variants: Vec<_> = codes
        .iter()
        .map(|code| Variant {
            ident: code.ident.clone(),
            value: code.code.clone(),
            doc: format!("{}. {}", code.description, code.advice).trim_end().to_owned(),
        })
        .collect();
    let mut items = text("ErrorCode", doc, &variants);
    let descriptions = codes.iter().map(|code| fact(code, &code.description));
    let advised = codes.iter().filter(|code| !code.advice.is_empty());
    let advice = advised.map(|code| fact(code, &code.advice));
    let str = quote!(::core::primitive::str);
    let text = quote!(::core::option::Option<&'static #str>);
    items.push(quote! {
        impl ErrorCode {
            /// Returns a short description of the code; `None` if it is unknown.
            pub fn description(&self) -> #text {
                ::tc3_api::__private::fact(DESCRIPTIONS, self.as_str())
            }

            /// Returns advice on the error; `None` if there is none.
            pub fn advice(&self) -> #text {
                Self::advice_on(self.as_str())
            }

            /// Returns advice on an error code in its wire format; `None` if there is none.
            pub fn advice_on(code: &#str) -> #text {
                ::tc3_api::__private::fact(ADVICE, code)
            }
        }
    });
    items.push(quote!(const DESCRIPTIONS: &#str = ::core::concat!(#(#descriptions),*);));
    items.push(quote!(const ADVICE: &#str = ::core::concat!(#(#advice),*);));
    items
}

/// Formats a code and a text as a line. All lines form one string: a `match` with hundreds of arms takes longer
/// to compile, and each of its strings needs a pointer and a length in the binary.
fn fact(code: &Code, text: &str) -> String {
    format!("{}\t{}\n", code.code, one_line(text))
}

/// Documents a variant, beginning with its value on the wire.
fn variant_doc<T: std::fmt::Display>(variant: &Variant<T>) -> TokenStream {
    let value = variant.value.to_string();
    let text = match value.as_str() {
        "" => format!("Empty: {}", variant.doc),
        value => format!("`{value}`: {}", variant.doc),
    };
    docs([text.as_str()])
}

fn text(name: &str, doc: &str, variants: &[Variant<String>]) -> Vec<TokenStream> {
    let name = ident(name);
    let doc = docs([doc]);
    let names: Vec<_> = variants.iter().map(|variant| ident(&variant.ident)).collect();
    let values: Vec<_> = variants.iter().map(|variant| &variant.value).collect();
    let variant_docs = variants.iter().map(variant_doc);
    let str = quote!(::core::primitive::str);
    let string = quote!(::std::string::String);
    vec![
        quote! {
            #doc
            #[derive(
                ::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq,
                ::core::cmp::Eq, ::core::hash::Hash,
            )]
            #[non_exhaustive]
            pub enum #name {
                #(#variant_docs #names,)*
                /// Value that this version does not know. `From` creates it only if no other
                /// variant matches.
                Unknown(#string),
            }
        },
        quote! {
            impl #name {
                /// Returns the value on the wire.
                pub fn as_str(&self) -> &#str {
                    match self {
                        #(Self::#names => #values,)*
                        Self::Unknown(value) => value,
                    }
                }

                fn known(value: &#str) -> ::core::option::Option<Self> {
                    ::core::option::Option::Some(match value {
                        #(#values => Self::#names,)*
                        _ => return ::core::option::Option::None,
                    })
                }
            }
        },
        quote! {
            impl ::core::convert::From<&#str> for #name {
                fn from(value: &#str) -> Self {
                    Self::known(value)
                        .unwrap_or_else(|| Self::Unknown(::std::borrow::ToOwned::to_owned(value)))
                }
            }
        },
        quote! {
            impl ::core::convert::From<#string> for #name {
                fn from(value: #string) -> Self {
                    Self::known(&value).unwrap_or(Self::Unknown(value))
                }
            }
        },
        quote! {
            impl ::core::fmt::Display for #name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.pad(self.as_str())
                }
            }
        },
    ]
}

fn text_json(name: &str) -> Vec<TokenStream> {
    let name = ident(name);
    let mut items = vec![quote! {
        impl ::core::default::Default for #name {
            /// Returns the empty string, the value of an absent field.
            fn default() -> Self {
                Self::Unknown(::std::string::String::new())
            }
        }
    }];
    items.extend(json_of(
        &name,
        &quote!(writer.text(self.as_str())),
        &quote!(::std::string::String),
    ));
    items
}

/// Emits the codec of an open enum, which is that of its value.
fn json_of(
    name: &proc_macro2::Ident,
    write: &TokenStream,
    inner: &TokenStream,
) -> impl Iterator<Item = TokenStream> {
    let read = quote! {
        ::core::result::Result::Ok(::core::option::Option::map(
            <#inner as ::tc3_api::json::Decode>::optional(reader)?,
            ::core::convert::From::from,
        ))
    };
    let blank = quote!(::core::default::Default::default());
    let nothing = TokenStream::new();
    let reading = json::decode(name, true, &read, &blank, &nothing);
    reading.into_iter().chain(json::encode(name, write, &nothing))
}

fn int(name: &str, doc: &str, variants: &[Variant<i64>]) -> Vec<TokenStream> {
    let name = ident(name);
    let doc = docs([doc]);
    let names: Vec<_> = variants.iter().map(|variant| ident(&variant.ident)).collect();
    let values: Vec<_> =
        variants.iter().map(|variant| Literal::i64_unsuffixed(variant.value)).collect();
    let variant_docs = variants.iter().map(variant_doc);
    let i64 = quote!(::core::primitive::i64);
    let mut items = vec![
        quote! {
            #doc
            #[derive(
                ::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug,
                ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::hash::Hash,
            )]
            #[non_exhaustive]
            pub enum #name {
                #(#variant_docs #names,)*
                /// Value that this version does not know. `From` creates it only if no other
                /// variant matches.
                Unknown(#i64),
            }
        },
        quote! {
            impl #name {
                /// Returns the value on the wire.
                pub fn as_i64(self) -> #i64 {
                    match self {
                        #(Self::#names => #values,)*
                        Self::Unknown(value) => value,
                    }
                }
            }
        },
        quote! {
            impl ::core::convert::From<#i64> for #name {
                fn from(value: #i64) -> Self {
                    match value {
                        #(#values => Self::#names,)*
                        other => Self::Unknown(other),
                    }
                }
            }
        },
        quote! {
            impl ::core::fmt::Display for #name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Display::fmt(&self.as_i64(), f)
                }
            }
        },
        quote! {
            impl ::core::default::Default for #name {
                /// Returns the meaning of zero, the value of an absent field.
                fn default() -> Self {
                    ::core::convert::From::from(0)
                }
            }
        },
    ];
    items.extend(json_of(
        &name,
        &quote!(::tc3_api::json::Encode::encode(&self.as_i64(), writer)),
        &i64,
    ));
    items
}
