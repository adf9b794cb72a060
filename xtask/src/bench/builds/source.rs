//! The source of the models crate: what of it is on with which features, and what it would be by serde's derives.

use std::collections::{BTreeMap, BTreeSet};

use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, File, ImplItem, Item, ItemImpl, Lit, Meta, Stmt, Token};

use crate::error::Error;
use crate::files::{read, root};

/// Where it stands.
pub(super) const CRATE: &str = "crates/essbasic-models";

/// The files below `generated`, by name.
pub(super) struct Source(BTreeMap<String, File>);

impl Source {
    /// What is on with these features of the crate; without what tells so.
    pub(super) fn with(features: &BTreeSet<String>) -> Result<Self, Error> {
        let folder = root().join(CRATE).join("src/generated");
        let parsed = |name: &str| {
            let path = folder.join(format!("{name}.rs"));
            let parsed = syn::parse_file(&read(&path)?);
            parsed.map_err(|error| Error::new(format!("{}: {error}", path.display())))
        };
        let mut top = parsed("mod")?;
        keep(&mut top, features);
        let mut files = BTreeMap::new();
        for item in &top.items {
            if let Item::Mod(module) = item {
                let name = module.ident.to_string();
                let mut file = parsed(&name)?;
                keep(&mut file, features);
                files.insert(name, file);
            }
        }
        files.insert("mod".to_owned(), top);
        Ok(Self(files))
    }

    /// Its lines, formatted.
    pub(super) fn lines(&self) -> usize {
        self.0.values().map(|file| prettyplease::unparse(file).lines().count()).sum()
    }

    /// The names of all requests.
    pub(super) fn requests(&self) -> Vec<String> {
        let items = self.0.values().flat_map(|file| &file.items);
        let actions = items.filter_map(|item| match item {
            Item::Impl(one) if of_trait(one)? == "Action" => of_type(one),
            _ => None,
        });
        actions.collect()
    }

    /// The same types with serde's derives in place of what codegen has emitted, by the file's name.
    pub(super) fn derived(&self, all: &Self) -> Result<BTreeMap<String, String>, Error> {
        let names = all.names();
        let derived = |(name, file): (&String, &File)| {
            let file = super::derive::file(file, &names)?;
            Ok((name.clone(), prettyplease::unparse(&file)))
        };
        self.0.iter().map(derived).collect()
    }

    /// What each member of each type is called on the wire, as its writer has it.
    fn names(&self) -> Names {
        let mut names = Names::new();
        for item in self.0.values().flat_map(|file| &file.items) {
            if let Item::Impl(one) = item
                && of_trait(one).as_deref() == Some("Encode")
                && let Some(name) = of_type(one)
            {
                names.insert(name, members(one));
            }
        }
        names
    }
}

/// By type and field.
pub(super) type Names = BTreeMap<String, BTreeMap<String, String>>;

/// Leaves what is on.
fn keep(file: &mut File, features: &BTreeSet<String>) {
    file.items.retain(|item| is_on(attributes(item), features));
    for item in &mut file.items {
        if let Some(attributes) = attributes_mut(item) {
            attributes.retain(|attribute| !attribute.path().is_ident("cfg"));
        }
    }
}

fn is_on(attributes: &[Attribute], features: &BTreeSet<String>) -> bool {
    let cfg = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    cfg.map(Attribute::parse_args::<Meta>).all(|meta| meta.is_ok_and(|meta| holds(&meta, features)))
}

fn holds(meta: &Meta, features: &BTreeSet<String>) -> bool {
    match meta {
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let mut parts = parts.into_iter().flatten().map(|part| holds(&part, features));
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("any") => parts.any(|part| part),
                Some("all") => parts.all(|part| part),
                Some("not") => parts.all(|part| !part),
                _ => false,
            }
        }
        Meta::NameValue(pair) => {
            pair.path.is_ident("feature")
                && text(&pair.value).is_some_and(|name| features.contains(&name))
        }
        Meta::Path(_) => false,
    }
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Of what codegen emits.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

fn attributes_mut(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Struct(item) => Some(&mut item.attrs),
        Item::Enum(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Macro(item) => Some(&mut item.attrs),
        Item::Mod(item) => Some(&mut item.attrs),
        Item::Use(item) => Some(&mut item.attrs),
        Item::Fn(item) => Some(&mut item.attrs),
        Item::Static(item) => Some(&mut item.attrs),
        Item::Const(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// The trait's own name, without where it stands.
pub(super) fn of_trait(one: &ItemImpl) -> Option<String> {
    let (path, _) = one.trait_.as_ref()?;
    path.segments.last().map(|segment| segment.ident.to_string())
}

pub(super) fn of_type(one: &ItemImpl) -> Option<String> {
    let ty = &one.self_ty;
    Some(quote!(#ty).to_string())
}

/// What `writer.member("Name", &self.field)` says of each field.
fn members(one: &ItemImpl) -> BTreeMap<String, String> {
    let functions = one.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    });
    let calls =
        functions.flat_map(|function| &function.block.stmts).filter_map(|stmt| match stmt {
            Stmt::Expr(Expr::MethodCall(call), _) if call.method == "member" => Some(call),
            _ => None,
        });
    let pair = |call: &syn::ExprMethodCall| {
        let mut arguments = call.args.iter();
        let name = text(arguments.next()?)?;
        let Expr::Reference(field) = arguments.next()? else { return None };
        let Expr::Field(field) = &*field.expr else { return None };
        let member = &field.member;
        Some((quote!(#member).to_string(), name))
    };
    calls.filter_map(pair).collect()
}
