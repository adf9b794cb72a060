//! Source of the models crate that is enabled by a set of features.

use std::collections::BTreeSet;
use std::path::Path;

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, File, Item, Lit, Meta, Token};

use super::super::error::Error;
use super::super::files::{read, root};

/// Folder of the models crate.
pub(super) const CRATE: &str = "crates/essbasic-models";

/// Parsed files of enabled modules.
pub(super) struct Source(Vec<File>);

impl Source {
    /// Parses the generated files, and removes the items that these features do not enable.
    pub(super) fn with(features: &BTreeSet<String>) -> Result<Self, Error> {
        let folder = root().join(CRATE).join("src/generated");
        let mut files = Vec::new();
        add(&mut files, &folder.join("mod.rs"), &folder, features)?;
        Ok(Self(files))
    }

    /// Returns the number of formatted lines.
    pub(super) fn lines(&self) -> usize {
        self.0.iter().map(|file| prettyplease::unparse(file).lines().count()).sum()
    }

    /// Returns the number of actions.
    pub(super) fn actions(&self) -> usize {
        let items = self.0.iter().flat_map(|file| &file.items);
        items.filter(|item| implements(item, "Action")).count()
    }
}

/// Adds a file and its child modules, which are in `folder`.
fn add(
    files: &mut Vec<File>,
    path: &Path,
    folder: &Path,
    features: &BTreeSet<String>,
) -> Result<(), Error> {
    let mut file = syn::parse_file(&read(path)?)
        .map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
    file.items.retain(|item| is_enabled(attributes(item), features));
    for item in &file.items {
        if let Item::Mod(module) = item {
            let name = module.ident.to_string();
            add(files, &folder.join(format!("{name}.rs")), &folder.join(&name), features)?;
        }
    }
    files.push(file);
    Ok(())
}

fn is_enabled(attributes: &[Attribute], features: &BTreeSet<String>) -> bool {
    let cfg = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    cfg.map(Attribute::parse_args::<Meta>)
        .all(|meta| meta.is_ok_and(|meta| evaluate(&meta, features)))
}

fn evaluate(meta: &Meta, features: &BTreeSet<String>) -> bool {
    match meta {
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let mut parts = parts.into_iter().flatten().map(|part| evaluate(&part, features));
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("any") => parts.any(|part| part),
                Some("all") => parts.all(|part| part),
                Some("not") => parts.all(|part| !part),
                _ => false,
            }
        }
        Meta::NameValue(pair) => {
            pair.path.is_ident("feature")
                && string(&pair.value).is_some_and(|name| features.contains(&name))
        }
        Meta::Path(_) => false,
    }
}

fn string(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the attributes of an item of a kind that is generated.
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

/// Returns whether the item implements a trait with this name.
fn implements(item: &Item, name: &str) -> bool {
    let Item::Impl(item) = item else { return false };
    let path = item.trait_.as_ref().map(|(path, _)| path);
    path.and_then(|path| path.segments.last()).is_some_and(|segment| segment.ident == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_enable_modules_and_items() {
        let with = |features: &[&str]| {
            Source::with(&features.iter().map(|name| (*name).to_owned()).collect()).unwrap()
        };
        let (none, one) = (with(&[]), with(&["flows"]));
        assert_eq!(none.actions(), 0);
        assert!(one.actions() > 3 && one.lines() > none.lines());
        assert!(with(&["flows", "server"]).lines() > one.lines());
    }
}
