//! Code generator for Tencent Cloud API 3.0 services.
//!
//! [`generate`] turns a [spec](mod@spec) and an [overlay](mod@overlay) into the source of a models crate.
//! [`reference::Reference`] turns the vendor's official reference into a spec.
//!
//! All functions are pure: text in, text out. The stages are: parse, validate, apply the overlay, lower to
//! an IR with all names resolved, emit tokens, format. Errors of the input are returned as a list of
//! [`Problem`]s, each with file, JSON Pointer and reason.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod apply;
mod diff;
mod doc;
mod emit;
pub mod errors;
mod format;
mod ir;
mod lower;
mod markdown;
mod names;
pub mod overlay;
pub mod pages;
mod parse;
mod platform;
mod problem;
mod reach;
pub mod reference;
mod rename;
mod size;
pub mod spec;
mod table;
mod validate;
mod words;

pub use diff::{Change, ChangeKind, changelog, diff};
pub use names::{is_device, is_keyword};
pub use parse::parse;
pub use platform::{diff_errors, generate_errors};
pub use problem::Problem;
pub use rename::missing_renames;
pub use table::Table;

use errors::PlatformErrors;
use overlay::{Docs, Overlay};
use proc_macro2::TokenStream;
use spec::Spec;

/// An input file: its name, used in messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Name of the file, as shown in messages.
    pub name: &'a str,
    /// Content of the file.
    pub text: &'a str,
}

/// The generated parts of a models crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Paths below the crate's `src/generated`, with the text of each file, sorted by path.
    pub files: Vec<(String, String)>,
    /// Lines of the `[features]` section of the crate's manifest.
    pub features: String,
}

/// The input of [`generate`].
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The specification: `spec.json`.
    pub spec: Source<'a>,
    /// Corrections and additions to the specification: `overlay.json`.
    pub overlay: Source<'a>,
    /// Documentation of the reference, used for items that the overlay does not document: `docs.json`.
    pub docs: Option<Source<'a>>,
    /// Error classes of the platform: `errors.json`.
    pub errors: Option<Source<'a>>,
    /// Comment of the root file: name and checksum of the spec.
    pub provenance: &'a str,
}

/// Generates the source of a models crate.
///
/// # Errors
/// Returns all [`Problem`]s of the input if it is malformed or inconsistent.
pub fn generate(input: Input<'_>) -> Result<Output, Vec<Problem>> {
    let Input { spec, overlay, docs, errors, provenance } = input;
    let parsed_spec = parse::<Spec>(spec.name, spec.text);
    let parsed_overlay = parse::<Overlay>(overlay.name, overlay.text);
    let parsed_docs = docs.map(|docs| parse::<Docs>(docs.name, docs.text)).transpose();
    let parsed_errors =
        errors.map(|errors| parse::<PlatformErrors>(errors.name, errors.text)).transpose();
    let (parsed_spec, parsed_overlay, parsed_docs, parsed_errors) =
        match (parsed_spec, parsed_overlay, parsed_docs, parsed_errors) {
            (Ok(spec), Ok(overlay), Ok(docs), Ok(errors)) => (spec, overlay, docs, errors),
            (spec, overlay, docs, errors) => {
                let found = [spec.err(), overlay.err(), docs.err(), errors.err()];
                return Err(found.into_iter().flatten().collect());
            }
        };
    validate::check(spec.name, &parsed_spec)?;
    let given = apply::Given {
        spec: &parsed_spec,
        overlay: &parsed_overlay,
        reference: parsed_docs.as_ref(),
        platform: parsed_errors.as_ref(),
    };
    let model = apply::apply(overlay.name, given)?;
    let ir = lower::lower(&model, spec.name, overlay.name)?;
    let emitted = emit::emit(&ir);

    let title = markdown::escape(&format!("{} ({} {})", ir.title, ir.service, ir.version));
    let mut files = Vec::new();
    let mut add = |path: String, head: &str, items: &[TokenStream]| {
        let text = formatted(&path, head, items)?;
        files.push((path, text));
        Ok::<(), Vec<Problem>>(())
    };
    for (name, module) in &emitted.modules {
        let head = format!("{MARK}\n//! {}\n", one_line(&module.doc));
        add(format!("{name}.rs"), &head, &module.items)?;
    }
    let (provenance, title) = (one_line(provenance), one_line(&title));
    let head = format!("{MARK}\n// {provenance}\n//! {title}.\n{ALLOW}");
    add("mod.rs".to_owned(), &head, &emitted.root)?;
    add("exports.rs".to_owned(), &format!("{MARK}\n"), &emitted.exports)?;
    files.sort();
    Ok(Output { files, features: features(&ir) })
}

/// Formats the items of a generated file.
fn formatted(file: &str, head: &str, items: &[TokenStream]) -> Result<String, Vec<Problem>> {
    format::format(head, items).map_err(|error| {
        let reason = format!("internal error: generated code is invalid Rust: {error}");
        vec![Problem { file: file.to_owned(), pointer: String::new(), reason }]
    })
}

const MARK: &str = "// @generated by tc3-codegen; do not edit.";

const ALLOW: &str = "#![allow(
    clippy::too_many_arguments,
    clippy::should_implement_trait,
    clippy::large_enum_variant,
    reason = \"the reference determines required fields and field names\"
)]
";

/// Replaces line breaks, so that the text cannot end the comment that contains it.
fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Replaces control characters and bidirectional controls, which the compiler rejects in comments.
fn visible(text: &str) -> String {
    let bidirectional = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || bidirectional(c) { ' ' } else { c }).collect()
}

fn features(ir: &ir::Ir<'_>) -> String {
    let names: Vec<&str> = ir.groups.iter().map(|group| group.name.as_str()).collect();
    let all: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let mut text = String::from("default = [\"serde\"]\n");
    text.push_str("# All actions.\n");
    text.push_str(&format!("full = [{}]\n", all.join(", ")));
    text.push_str(
        "# `Serialize` and `Deserialize` for all types.\nserde = [\"server\", \"tc3-api/serde\"]\n\
         # The server side: decode requests and encode responses.\nserver = []\n\
         # The catalogue: actions, objects, values and error codes as data.\ncatalogue = [\"dep:tc3-catalogue\"]\n",
    );
    for group in &ir.groups {
        text.push_str(&format!("# {}\n{} = []\n", one_line(&group.doc), group.name));
    }
    text
}
