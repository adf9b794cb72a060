//! Open enums: known values are variants, unknown values are preserved.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::scope::Scope;
use super::{casing, docs, errors, gate, ident};
use crate::ir::{Enum, Ir, Variant, Variants};
use crate::lower::VALUES;

pub(super) fn value_set(item: &Enum, scope: &Scope<'_>) -> Vec<TokenStream> {
    let gate = if item.module == VALUES { gate(&item.features) } else { quote!() };
    match &item.variants {
        Variants::Text(variants) => {
            let mut items = text(&item.ident, &item.doc, variants, scope, &gate);
            items.push(text_default(&item.ident, scope, &gate));
            items
        }
        Variants::Int(variants) => int(&item.ident, &item.doc, variants, scope, &gate),
    }
}

pub(super) fn error_code(ir: &Ir<'_>, scope: &Scope<'_>) -> Vec<TokenStream> {
    let codes = &ir.codes;
    let doc = "Error code of the service. The set is open: the service may return other codes.";
    let variants: Vec<_> = codes
        .iter()
        .map(|code| Variant {
            ident: code.ident.clone(),
            value: code.code.clone(),
            doc: code.doc.clone(),
        })
        .collect();
    let mut items = text("ErrorCode", doc, &variants, scope, &quote!());
    let descriptions = codes.iter().map(|code| errors::line(&code.code, &code.description));
    let descriptions = errors::concatenated(descriptions.collect());
    let hints = errors::own_hints(codes);
    let find = scope.tc3_api("__private::fact");
    let [class, table] = ["ErrorClass", "ErrorTable"].map(|name| scope.path(name));
    let rules = errors::rules(&ir.errors, &|name| scope.path(name));
    items.push(quote! {
        impl ErrorCode {
            /// Returns a short description of the code; `None` if it is unknown.
            pub fn description(&self) -> Option<&'static str> {
                #find(DESCRIPTIONS, self.as_str())
            }

            /// Returns the class of the error.
            pub fn class(&self) -> #class {
                ERRORS.rule(self.as_str()).class
            }

            /// Returns the fix of the error, if one is known.
            pub fn hint(&self) -> Option<&'static str> {
                ERRORS.hint(self.as_str())
            }
        }
    });
    items.push(quote! {
        /// Classes and hints of the error codes of the service.
        pub const ERRORS: #table = #table::new(&[#(#rules),*], HINTS);
    });
    items.push(quote!(
        const DESCRIPTIONS: &str = #descriptions;
    ));
    items.push(quote!(
        const HINTS: &str = #hints;
    ));
    items
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

fn text(
    name: &str,
    doc: &str,
    variants: &[Variant<String>],
    scope: &Scope<'_>,
    gate: &TokenStream,
) -> Vec<TokenStream> {
    let (name, casing) = (ident(name), casing(name));
    let doc = docs([doc]);
    let names: Vec<_> = variants.iter().map(|variant| ident(&variant.ident)).collect();
    let values: Vec<_> = variants.iter().map(|variant| &variant.value).collect();
    let variant_docs = variants.iter().map(variant_doc);
    let [string, option, from, fmt] =
        ["String", "Option", "From", "fmt"].map(|name| scope.path(name));
    vec![
        quote! {
            #doc
            #gate
            #casing
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            #[non_exhaustive]
            pub enum #name {
                #(#variant_docs #names,)*
                /// Value without a variant in this version. `From` creates it only if no other
                /// variant matches.
                Unknown(#string),
            }
        },
        quote! {
            #gate
            impl #name {
                /// Returns the value on the wire.
                pub fn as_str(&self) -> &str {
                    match self {
                        #(Self::#names => #values,)*
                        Self::Unknown(value) => value,
                    }
                }

                fn known(value: &str) -> #option<Self> {
                    Some(match value {
                        #(#values => Self::#names,)*
                        _ => return None,
                    })
                }
            }
        },
        quote! {
            #gate
            impl #from<&str> for #name {
                fn from(value: &str) -> Self {
                    Self::known(value).unwrap_or_else(|| Self::Unknown(value.to_owned()))
                }
            }
        },
        quote! {
            #gate
            impl #from<#string> for #name {
                fn from(value: #string) -> Self {
                    Self::known(&value).unwrap_or(Self::Unknown(value))
                }
            }
        },
        quote! {
            #gate
            impl #fmt::Display for #name {
                fn fmt(&self, f: &mut #fmt::Formatter<'_>) -> #fmt::Result {
                    f.pad(self.as_str())
                }
            }
        },
    ]
}

fn text_default(name: &str, scope: &Scope<'_>, gate: &TokenStream) -> TokenStream {
    let name = ident(name);
    let [default, string] = ["Default", "String"].map(|name| scope.path(name));
    quote! {
        #gate
        impl #default for #name {
            /// Returns the empty string, the value of an absent field.
            fn default() -> Self {
                Self::Unknown(#string::new())
            }
        }
    }
}

fn int(
    name: &str,
    doc: &str,
    variants: &[Variant<i64>],
    scope: &Scope<'_>,
    gate: &TokenStream,
) -> Vec<TokenStream> {
    let (name, casing) = (ident(name), casing(name));
    let doc = docs([doc]);
    let names: Vec<_> = variants.iter().map(|variant| ident(&variant.ident)).collect();
    let values: Vec<_> =
        variants.iter().map(|variant| Literal::i64_unsuffixed(variant.value)).collect();
    let variant_docs = variants.iter().map(variant_doc);
    let [from, fmt, default] = ["From", "fmt", "Default"].map(|name| scope.path(name));
    vec![
        quote! {
            #doc
            #gate
            #casing
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #[non_exhaustive]
            pub enum #name {
                #(#variant_docs #names,)*
                /// Value without a variant in this version. `From` creates it only if no other
                /// variant matches.
                Unknown(i64),
            }
        },
        quote! {
            #gate
            impl #name {
                /// Returns the value on the wire.
                pub fn as_i64(self) -> i64 {
                    match self {
                        #(Self::#names => #values,)*
                        Self::Unknown(value) => value,
                    }
                }
            }
        },
        quote! {
            #gate
            impl #from<i64> for #name {
                fn from(value: i64) -> Self {
                    match value {
                        #(#values => Self::#names,)*
                        other => Self::Unknown(other),
                    }
                }
            }
        },
        quote! {
            #gate
            impl #fmt::Display for #name {
                fn fmt(&self, f: &mut #fmt::Formatter<'_>) -> #fmt::Result {
                    #fmt::Display::fmt(&self.as_i64(), f)
                }
            }
        },
        quote! {
            #gate
            impl #default for #name {
                /// Returns the meaning of zero, the value of an absent field.
                fn default() -> Self {
                    Self::from(0)
                }
            }
        },
    ]
}
