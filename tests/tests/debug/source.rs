//! Analysis of the sources: fields that `Debug` shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Fields, Item, ItemImpl, Type};

/// Crates with types for users.
const CRATES: [&str; 13] = [
    "tc3-signer",
    "tc3-json",
    "tc3-api",
    "tc3-catalogue",
    "tc3-transport",
    "tc3-client",
    "essbasic",
    "essbasic-s3",
    "essbasic-callback",
    "essbasic-emulator",
    "essbasic-page",
    "essbasic-explorer",
    "essbasic-server",
];

/// Types whose `Debug` shows their content.
const CONTAINERS: [&str; 14] = [
    "Option",
    "Vec",
    "Box",
    "Arc",
    "Result",
    "BTreeMap",
    "BTreeSet",
    "HashMap",
    "HashSet",
    "VecDeque",
    "Mutex",
    "RwLock",
    "OnceLock",
    "PhantomData",
];

/// Types that contain no text.
const HARMLESS: [&str; 24] = [
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "f64",
    "NonZero",
    "SocketAddr",
    "File",
    "Duration",
    "Instant",
    "SystemTime",
    "StatusCode",
    "AtomicBool",
    "AtomicI64",
    "AtomicU64",
    "AtomicUsize",
];

/// A field that `Debug` shows and that may contain any text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shown {
    pub(crate) field: String,
    pub(crate) kind: String,
}

pub(crate) struct Sources {
    files: Vec<(String, syn::File)>,
    /// Generated types, which the overlay reviews.
    models: Vec<syn::File>,
}

impl Sources {
    pub(crate) fn read() -> Self {
        let root = workspace_tests::root().join("crates");
        let parse = |name: &str| {
            let mut files = Vec::new();
            parse_all(&root.join(name).join("src"), &mut files);
            files
        };
        let named = |name: &str| {
            parse(name)
                .into_iter()
                .map(move |file| (name.replace('-', "_"), file))
                .collect::<Vec<_>>()
        };
        Self {
            files: CRATES.into_iter().flat_map(named).collect(),
            models: parse("essbasic-models"),
        }
    }

    pub(crate) fn of(name: &str, texts: &[&str]) -> Self {
        let parse = |text: &&str| (name.to_owned(), syn::parse_file(text).unwrap());
        Self { files: texts.iter().map(parse).collect(), models: Vec::new() }
    }

    /// Returns the fields shown by `Debug` whose type is not harmless.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let mut ours = Ours::default();
        for (name, file) in &self.files {
            ours.name.clone_from(name);
            ours.visit_file(file);
        }
        self.models.iter().for_each(|file| ours.visit_file(file));
        let mut shown = BTreeSet::new();
        for (name, file) in &self.files {
            let mut reviewer = Reviewer { name, ours: &ours, shown: &mut shown };
            reviewer.visit_file(file);
        }
        shown.into_iter().collect()
    }
}

fn parse_all(folder: &Path, into: &mut Vec<syn::File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            parse_all(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "test")
    })
}

fn derives_debug(attributes: &[Attribute]) -> bool {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        attribute
            .parse_nested_meta(|meta| {
                found |= meta.path.segments.last().is_some_and(|last| last.ident == "Debug");
                Ok(())
            })
            .unwrap();
    }
    found
}

fn named(fields: &Fields) -> impl Iterator<Item = (String, &Type)> {
    fields.iter().enumerate().map(|(index, field)| {
        let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
        (name, &field.ty)
    })
}

fn flatten(tokens: TokenStream, into: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                flatten(group.stream(), into);
                // Separates the group from the next token.
                into.push(")".to_owned());
            }
            token => into.push(token.to_string()),
        }
    }
}

fn is_literal(kind: &syn::TypeReference) -> bool {
    let is_static = kind.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
    is_static && matches!(&*kind.elem, Type::Path(path) if path.path.is_ident("str"))
}

/// Types that the sources define; each is reviewed itself.
#[derive(Default)]
struct Ours {
    /// Name of the current crate.
    name: String,
    types: BTreeSet<String>,
    /// Fields of structs, by crate and type.
    fields: BTreeMap<(String, String), Vec<(String, Type)>>,
}

impl<'ast> Visit<'ast> for Ours {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Struct(item) => {
                let name = item.ident.to_string();
                let fields = self.fields.entry((self.name.clone(), name.clone())).or_default();
                fields.extend(named(&item.fields).map(|(name, kind)| (name, kind.clone())));
                self.types.insert(name);
            }
            Item::Enum(item) => _ = self.types.insert(item.ident.to_string()),
            _ => {}
        }
        syn::visit::visit_item(self, item);
    }
}

struct Reviewer<'a> {
    name: &'a str,
    ours: &'a Ours,
    shown: &'a mut BTreeSet<Shown>,
}

impl Reviewer<'_> {
    fn fields(&mut self, at: &str, fields: &Fields) {
        for (name, kind) in named(fields) {
            self.field(at, &name, kind);
        }
    }

    fn field(&mut self, at: &str, name: &str, kind: &Type) {
        if self.may_contain_text(kind, false) {
            let kind = quote::quote!(#kind).to_string().replace(' ', "");
            self.shown.insert(Shown { field: format!("{}::{at}.{name}", self.name), kind });
        }
    }

    /// Adds the fields that a hand-written `Debug` names, and the values that it uses as a whole.
    fn hand_written(&mut self, at: &str, body: &ItemImpl) {
        let mut words = Vec::new();
        flatten(quote::quote!(#body), &mut words);
        let ours = self.ours;
        let of = ours.fields.get(&(self.name.to_owned(), at.to_owned()));
        for (index, _) in words.iter().enumerate().filter(|(_, word)| *word == "self") {
            let after = |steps: usize| words.get(index + steps).map(String::as_str);
            match (after(1), after(2)) {
                // The parameter `&self`.
                (Some(","), _) if index > 0 && words[index - 1] == "&" => {}
                (Some("."), Some(name)) => {
                    let found: Vec<_> =
                        of.into_iter().flatten().filter(|(field, _)| field == name).collect();
                    for (_, kind) in &found {
                        self.field(at, name, kind);
                    }
                    if found.is_empty() {
                        self.whole(&format!("{at}.{name}()"));
                    }
                }
                _ => self.whole(at),
            }
        }
    }

    fn whole(&mut self, value: &str) {
        let field = format!("{}::{value}", self.name);
        self.shown.insert(Shown { field, kind: "hand-written".to_owned() });
    }

    /// Returns whether the type may contain any text. `many` is true for elements of arrays, such as bytes.
    fn may_contain_text(&self, kind: &Type, many: bool) -> bool {
        match kind {
            // A literal of the source code.
            Type::Reference(kind) if is_literal(kind) => false,
            Type::Reference(kind) => self.may_contain_text(&kind.elem, many),
            Type::Slice(kind) => self.may_contain_text(&kind.elem, true),
            Type::Array(kind) => self.may_contain_text(&kind.elem, true),
            Type::Tuple(kind) => kind.elems.iter().any(|kind| self.may_contain_text(kind, many)),
            Type::Path(kind) => {
                let last = kind.path.segments.last().unwrap();
                let name = last.ident.to_string();
                if CONTAINERS.contains(&name.as_str()) {
                    let syn::PathArguments::AngleBracketed(inner) = &last.arguments else {
                        return true;
                    };
                    return inner.args.iter().any(|inner| {
                        matches!(inner, syn::GenericArgument::Type(inner)
                            if self.may_contain_text(inner, many || name == "Vec"))
                    });
                }
                let byte = many && name == "u8";
                byte || !(HARMLESS.contains(&name.as_str()) || self.ours.types.contains(&name))
            }
            _ => true,
        }
    }
}

impl<'ast> Visit<'ast> for Reviewer<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(item) if is_test(&item.attrs) => return,
            Item::Struct(item) if derives_debug(&item.attrs) => {
                self.fields(&item.ident.to_string(), &item.fields);
            }
            Item::Enum(item) if derives_debug(&item.attrs) => {
                for variant in &item.variants {
                    self.fields(&format!("{}::{}", item.ident, variant.ident), &variant.fields);
                }
            }
            Item::Impl(item) => {
                let of = item.trait_.as_ref().and_then(|(path, ..)| path.segments.last());
                if of.is_some_and(|last| last.ident == "Debug")
                    && let Type::Path(kind) = &*item.self_ty
                {
                    self.hand_written(&kind.path.segments.last().unwrap().ident.to_string(), item);
                }
            }
            _ => {}
        }
        syn::visit::visit_item(self, item);
    }
}
