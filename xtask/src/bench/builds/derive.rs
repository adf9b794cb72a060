//! A generated file with serde's derives in place of the emitted code.

use std::collections::BTreeMap;

use quote::quote;
use syn::{File, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, parse_quote};

use super::source::{Names, of_trait, of_type};
use crate::error::Error;

/// Which sides of a type the file has.
#[derive(Clone, Copy, Default)]
struct Sides {
    written: bool,
    read: bool,
}

pub(super) fn file(file: &File, names: &Names) -> Result<File, Error> {
    let mut sides: BTreeMap<String, Sides> = BTreeMap::new();
    for item in &file.items {
        if let Item::Impl(one) = item
            && let (Some(name), Some(of)) = (of_type(one), of_trait(one))
        {
            let sides = sides.entry(name).or_default();
            sides.written |= of == "Encode";
            sides.read |= of == "Decode";
        }
    }
    let mut items = Vec::new();
    for item in &file.items {
        match item {
            Item::Macro(one) if is_bridge(one) => {}
            Item::Impl(one) => items.extend(kept(one).map(Item::Impl)),
            Item::Struct(one) => {
                let name = one.ident.to_string();
                let sides = sides.get(&name).copied().unwrap_or_default();
                items.push(Item::Struct(structure(one, sides, names.get(&name))?));
            }
            Item::Enum(one) => {
                let sides = sides.get(&one.ident.to_string()).copied().unwrap_or_default();
                items.extend(set(one, sides, &file.items));
            }
            other => items.push(other.clone()),
        }
    }
    let mut derived = file.clone();
    derived.items = items;
    Ok(derived)
}

/// `__serialize!` or `__deserialize!`.
fn is_bridge(one: &syn::ItemMacro) -> bool {
    let last = one.mac.path.segments.last().map(|segment| segment.ident.to_string());
    last.is_some_and(|name| name == "__serialize" || name == "__deserialize")
}

/// All but what serde does instead.
fn kept(one: &ItemImpl) -> Option<ItemImpl> {
    let mut one = one.clone();
    match of_trait(&one).as_deref() {
        Some("Encode" | "Decode" | "Members") => return None,
        Some("Action") => {
            one.items.retain(|item| !matches!(item, ImplItem::Fn(_)));
            one.items.extend::<[ImplItem; 2]>([
                parse_quote! {
                    fn encode(&self) -> Result<Vec<u8>, ::tc3_api::json::Error> {
                        ::tc3_api::json::encode_by_serde(self)
                    }
                },
                parse_quote! {
                    fn decode(
                        answer: &[u8],
                    ) -> Result<::tc3_api::Envelope<Self::Response>, ::tc3_api::json::Error> {
                        ::tc3_api::Envelope::deserialize(answer)
                    }
                },
            ]);
        }
        _ => {}
    }
    Some(one)
}

fn derives(sides: Sides) -> Vec<syn::Attribute> {
    let mut derives = Vec::new();
    if sides.written {
        derives.push(parse_quote!(#[derive(::serde::Serialize)]));
    }
    if sides.read {
        derives.push(parse_quote!(#[derive(::serde::Deserialize)]));
    }
    derives
}

fn structure(
    one: &ItemStruct,
    sides: Sides,
    names: Option<&BTreeMap<String, String>>,
) -> Result<ItemStruct, Error> {
    let mut one = one.clone();
    if !sides.written && !sides.read {
        return Ok(one);
    }
    // A reader that asks for a member has no default to put in its place.
    let whole =
        one.attrs.iter().any(|attribute| quote!(#attribute).to_string().contains("Default"));
    one.attrs.extend(derives(sides));
    for field in &mut one.fields {
        let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let Some(name) = names.and_then(|names| names.get(&ident)) else {
            return Err(Error::new(format!("{}.{ident} is written nowhere", one.ident)));
        };
        field.attrs.push(parse_quote!(#[serde(rename = #name)]));
        let ty = &field.ty;
        let optional = quote!(#ty).to_string().replace(' ', "").contains("option::Option<");
        if sides.read && (optional || whole) {
            field.attrs.push(parse_quote!(#[serde(default)]));
        }
        if sides.written && optional {
            field.attrs.push(
                parse_quote!(#[serde(skip_serializing_if = "::core::option::Option::is_none")]),
            );
        }
    }
    Ok(one)
}

/// A set of values, by way of its text or number, as one would write it by hand.
fn set(one: &ItemEnum, sides: Sides, items: &[Item]) -> Vec<Item> {
    let mut one = one.clone();
    if !sides.written && !sides.read {
        return vec![Item::Enum(one)];
    }
    let ident = &one.ident;
    let is_number = items.iter().any(|item| match item {
        Item::Impl(made) if of_type(made).is_some_and(|name| *ident == name) => {
            let path = made.trait_.as_ref().map(|(path, _)| quote!(#path).to_string());
            path.is_some_and(|path| path.contains("From") && path.contains("i64"))
        }
        _ => false,
    });
    let (wire, value) = match is_number {
        true => ("i64", quote!(value.as_i64())),
        false => {
            ("::std::string::String", quote!(::std::borrow::ToOwned::to_owned(value.as_str())))
        }
    };
    let to: syn::Type = match is_number {
        true => parse_quote!(i64),
        false => parse_quote!(::std::string::String),
    };
    let into = parse_quote!(
        impl ::core::convert::From<#ident> for #to {
            fn from(value: #ident) -> Self { #value }
        }
    );
    one.attrs.extend(derives(sides));
    let both = match (sides.read, sides.written) {
        (true, true) => parse_quote!(#[serde(from = #wire, into = #wire)]),
        (true, false) => parse_quote!(#[serde(from = #wire)]),
        _ => parse_quote!(#[serde(into = #wire)]),
    };
    one.attrs.push(both);
    let mut made = vec![Item::Enum(one)];
    if sides.written {
        made.push(into);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As codegen emits it.
    const EMITTED: &str = r#"
        #[derive(::core::default::Default)]
        pub struct Flow {
            pub id: ::std::string::String,
            pub kind: ::core::option::Option<super::Kind>,
        }
        impl ::tc3_api::json::Members for Flow {}
        impl ::tc3_api::json::Decode for Flow {}
        ::tc3_api::__deserialize!(Flow);
        impl ::tc3_api::Action for Flow {
            type Response = super::Flow;
            fn encode(&self) {}
        }
        pub enum Kind { One, Unknown(i64) }
        impl ::core::convert::From<::core::primitive::i64> for Kind {}
        impl ::tc3_api::json::Encode for Kind {}
        ::tc3_api::__serialize!(Kind);
    "#;

    #[test]
    fn serde_takes_the_place_of_what_was_emitted() {
        let members = [("id", "FlowId"), ("kind", "FlowKind")];
        let members = members.map(|(field, name)| (field.to_owned(), name.to_owned()));
        let names = Names::from([("Flow".to_owned(), BTreeMap::from(members))]);
        let derived = file(&syn::parse_file(EMITTED).unwrap(), &names).unwrap();
        let text = prettyplease::unparse(&derived);
        for there in [
            "#[derive(::serde::Deserialize)]\npub struct Flow",
            "#[serde(rename = \"FlowId\")]\n    #[serde(default)]",
            "#[derive(::serde::Serialize)]\n#[serde(into = \"i64\")]\npub enum Kind",
            "impl ::core::convert::From<Kind> for i64",
            "::tc3_api::json::encode_by_serde(self)",
            "::tc3_api::Envelope::deserialize(answer)",
        ] {
            assert!(text.contains(there), "{there} is not in {text}");
        }
        for gone in
            ["json::Members", "json::Decode", "json::Encode", "serialize!", "skip_serializing_if"]
        {
            assert!(!text.contains(gone), "{gone} is in {text}");
        }
        let unknown = file(&syn::parse_file(EMITTED).unwrap(), &Names::new());
        assert!(unknown.err().unwrap().to_string().contains("Flow.id"));
    }
}
