//! Open sets: what is known is a variant, what is not is kept.

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
    let doc = "An error code. The set is open: the service may answer others.";
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
            /// What the code means, in a few words of English; `None` of a code not known.
            pub fn description(&self) -> #text {
                ::tc3_api::__private::fact(DESCRIPTIONS, self.as_str())
            }

            /// What to do about it; `None` where nothing is known.
            pub fn advice(&self) -> #text {
                Self::advice_on(self.as_str())
            }

            /// What to do about a code as a call's error spells it; `None` where nothing is known.
            pub fn advice_on(code: &#str) -> #text {
                ::tc3_api::__private::fact(ADVICE, code)
            }
        }
    });
    items.push(quote!(const DESCRIPTIONS: &#str = ::core::concat!(#(#descriptions),*);));
    items.push(quote!(const ADVICE: &#str = ::core::concat!(#(#advice),*);));
    items
}

/// A line of a code and a text about it. Hundreds of them are one text: a `match` with as many arms takes
/// longer to compile, and each of its texts as much again in a program for where it stands.
fn fact(code: &Code, text: &str) -> String {
    format!("{}\t{}\n", code.code, one_line(text))
}

/// What a variant says, under the value that a reader of the reference looks for.
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
                /// A value that this version does not know. Made by `From` only where no other
                /// variant fits; so matching it means what it says.
                Unknown(#string),
            }
        },
        quote! {
            impl #name {
                /// The value on the wire.
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
            /// The empty text, as an answer that lacks the member has it.
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

/// An open set is read and written as the value that it holds.
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
                /// A value that this version does not know. Made by `From` only where no other
                /// variant fits; so matching it means what it says.
                Unknown(#i64),
            }
        },
        quote! {
            impl #name {
                /// The value on the wire.
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
                /// What zero says, as an answer that lacks the member has it.
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
