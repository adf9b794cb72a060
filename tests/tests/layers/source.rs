//! The names and paths in the code of one module.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMacro, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// Returns the file of a child module and the folder of the child's own children.
pub(super) fn child_file(child: &ItemMod, declared_in: &Path, folder: &Path) -> (PathBuf, PathBuf) {
    let name = child.ident.to_string();
    for attribute in &child.attrs {
        if let syn::Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("path")
            && let syn::Expr::Lit(value) = &meta.value
            && let syn::Lit::Str(value) = &value.lit
        {
            let path = declared_in.parent().unwrap().join(value.value());
            let folder = path.parent().unwrap().to_owned();
            return (path, folder);
        }
    }
    let flat = folder.join(format!("{name}.rs"));
    let below = folder.join(&name);
    let path = if flat.exists() { flat } else { below.join("mod.rs") };
    (path, below)
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "test")
    })
}

pub(super) fn declared(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The names and paths of one module.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) children: Vec<ItemMod>,
    pub(super) items: BTreeSet<String>,
    pub(super) uses: Vec<(String, Vec<String>)>,
    pub(super) globs: Vec<Vec<String>>,
    pub(super) paths: BTreeSet<Vec<String>>,
}

impl Collector {
    fn use_tree(&mut self, tree: &UseTree, prefix: &[String]) {
        let with = |name: &syn::Ident| -> Vec<String> {
            prefix.iter().cloned().chain([name.to_string()]).collect()
        };
        match tree {
            UseTree::Path(tree) => self.use_tree(&tree.tree, &with(&tree.ident)),
            UseTree::Group(tree) => tree.items.iter().for_each(|tree| self.use_tree(tree, prefix)),
            UseTree::Glob(_) => self.globs.push(prefix.to_vec()),
            UseTree::Name(tree) if tree.ident == "self" => {
                self.import(prefix.last().cloned(), prefix.to_vec());
            }
            UseTree::Name(tree) => self.import(Some(tree.ident.to_string()), with(&tree.ident)),
            UseTree::Rename(tree) => {
                let path = if tree.ident == "self" { prefix.to_vec() } else { with(&tree.ident) };
                self.import(Some(tree.rename.to_string()), path);
            }
        }
    }

    fn import(&mut self, name: Option<String>, path: Vec<String>) {
        self.paths.insert(path.clone());
        self.uses.extend(name.map(|name| (name, path)));
    }

    /// Records the paths in the tokens of a macro or attribute.
    fn tokens(&mut self, tokens: TokenStream, only_from_crate: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream(), only_from_crate),
                TokenTree::Ident(first) => {
                    let external =
                        at > 0 && (is(at - 1, '.') || is(at - 1, ':') && at > 1 && is(at - 2, ':'));
                    let mut path = vec![first.to_string()];
                    while is(at + 1, ':')
                        && is(at + 2, ':')
                        && let Some(TokenTree::Ident(name)) = tokens.get(at + 3)
                    {
                        path.push(name.to_string());
                        at += 3;
                    }
                    if !external && (!only_from_crate || path[0] == "crate") {
                        self.paths.insert(path);
                    }
                }
                TokenTree::Literal(literal) => {
                    // `with = "crate::codec"` of an attribute.
                    if let Ok(path) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && let Ok(path) = path.parse::<syn::Path>()
                        && path.segments.len() > 1
                    {
                        self.visit_path(&path);
                    }
                }
                TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.children.push(item.clone());
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.use_tree(&item.tree, &[]);
        }
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if item.mac.path.is_ident("macro_rules") {
            self.tokens(item.mac.tokens.clone(), true);
        } else {
            visit::visit_item_macro(self, item);
        }
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if !attribute.path().is_ident("doc") {
            self.visit_path(attribute.path());
            if let syn::Meta::List(list) = &attribute.meta {
                self.tokens(list.tokens.clone(), false);
            }
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|segment| segment.ident.to_string());
            self.paths.insert(names.collect());
        }
        visit::visit_path(self, path);
    }
}
