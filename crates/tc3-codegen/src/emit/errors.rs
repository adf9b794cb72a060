//! Tables of error classes.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};

use super::ident;
use crate::errors::{Facts, PlatformError};
use crate::ir::Code;
use crate::one_line;
use crate::table::Table;

/// Emits the table of the platform, for `tc3-api`.
pub(crate) fn platform(entries: &Table<PlatformError>) -> Vec<TokenStream> {
    let rules = entries.0.iter().map(|(key, entry)| (key.clone(), Facts::from(entry))).collect();
    let rules = self::rules(&rules, &|name| ident(name).into_token_stream());
    let hints = entries.0.iter().filter_map(|(key, entry)| Some((key, entry.hint.as_deref()?)));
    let hints = concatenated(hints.map(|(key, hint)| line(key, hint)).collect());
    vec![
        quote!(
            use crate::error_class::{ErrorClass, ErrorRule, RetryRule};
        ),
        quote!(pub(crate) const RULES: &[(&str, ErrorRule)] = &[#(#rules),*];),
        quote!(pub(crate) const HINTS: &str = #hints;),
    ]
}

/// Emits the entries of a table; `path` returns the path of a type of `tc3-api`.
pub(super) fn rules(
    entries: &BTreeMap<String, Facts>,
    path: &dyn Fn(&str) -> TokenStream,
) -> Vec<TokenStream> {
    // The path of a type may import it.
    if entries.is_empty() {
        return Vec::new();
    }
    let [rule, class, retry] = ["ErrorRule", "ErrorClass", "RetryRule"].map(path);
    let entry = |(key, facts): (&String, &Facts)| {
        let (class_name, retry_name) =
            (ident(&facts.class.variant()), ident(&facts.retry.variant()));
        let affects_all = facts.affects_all.then(|| quote!(.affects_all()));
        quote!((#key, #rule::new(#class::#class_name, #retry::#retry_name)#affects_all))
    };
    entries.iter().map(entry).collect()
}

/// Returns the lines of the hints that the service states itself.
pub(super) fn own_hints(codes: &[Code]) -> TokenStream {
    let own = codes.iter().filter(|code| code.is_own_hint);
    concatenated(own.map(|code| line(&code.code, &code.hint)).collect())
}

/// Formats a code and a text as a line. All lines form one string: a `match` with hundreds of arms takes longer
/// to compile, and each of its strings needs a pointer and a length in the binary.
pub(super) fn line(code: &str, text: &str) -> String {
    format!("{code}\t{}\n", one_line(text))
}

/// Returns one string of several lines.
pub(super) fn concatenated(lines: Vec<String>) -> TokenStream {
    match lines.as_slice() {
        [] => quote!(""),
        [one] => quote!(#one),
        lines => quote!(concat!(#(#lines),*)),
    }
}
