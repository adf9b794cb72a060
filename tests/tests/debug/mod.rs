//! Review of the fields that `Debug` of our types shows.
//!
//! A derived `Debug` shows its fields. Numbers and our own types, which are reviewed themselves, are harmless. A field that
//! may contain any text, bytes or a type of another crate must be listed in `shown.txt`, with the reason why it may be
//! shown. A hand-written `Debug` shows the fields that it names. The overlay (`sensitive` and `shown`) reviews the types of
//! the models.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod source;

use source::Sources;

const REVIEWED: &str = include_str!("shown.txt");

/// Returns the listed fields: `Type.field`, or `*.field` for the field of any type.
fn reviewed() -> Vec<&'static str> {
    REVIEWED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}")).0)
        .collect()
}

fn names(line: &str, field: &str) -> bool {
    line == field || line.strip_prefix('*').is_some_and(|end| field.ends_with(end))
}

#[test]
fn every_field_shown_by_debug_is_reviewed() {
    let shown = Sources::read().shown();
    assert!(shown.len() > 50, "the sources are not found: {shown:?}");
    let reviewed = reviewed();
    let missing: Vec<_> = shown
        .iter()
        .filter(|shown| !reviewed.iter().any(|line| names(line, &shown.field)))
        .collect();
    assert!(
        missing.is_empty(),
        "fields shown by `Debug` and not in shown.txt; add them with a reason, or hide them: {missing:#?}"
    );
    let stale: Vec<_> = reviewed
        .iter()
        .filter(|line| !shown.iter().any(|shown| names(line, &shown.field)))
        .collect();
    assert!(
        stale.is_empty(),
        "`Debug` no longer shows these fields; remove them from shown.txt: {stale:#?}"
    );
}

/// Checks the detection itself.
#[test]
fn fields_with_text_are_found_in_all_forms() {
    let shown = |text: &str| -> Vec<String> {
        Sources::of("a", &[text]).shown().into_iter().map(|shown| shown.field).collect()
    };
    assert_eq!(
        shown(
            "#[derive(Clone, Debug)] pub(crate) struct A<T> { a: String, b: Option<Vec<(u8, Box<str>)>>, \
             c: Vec<u8>, d: u64, e: B, f: &'static [u8], g: T, j: &'static str, k: &'a str, h: Option<bool>, i: http::HeaderMap }
             #[derive(core::fmt::Debug)] enum B { C, D(u8, String), E { f: Arc<dyn Error> } }
             #[derive(Clone)] struct F(String);
             #[cfg(test)] mod tests { #[derive(Debug)] struct G(String); }
             mod inner { #[derive(Debug)] struct H(F, Cow<'static, str>); }"
        ),
        [
            "a::A.a", "a::A.b", "a::A.c", "a::A.f", "a::A.g", "a::A.i", "a::A.k", "a::B::D.1", "a::B::E.f",
            "a::H.1",
        ]
    );
    assert_eq!(
        shown(
            "struct A { a: String, b: u8, c: String } struct B(String); enum C { D(String) } struct E(String);
             impl fmt::Debug for A {
                 fn fmt(&self, f: &mut Formatter) -> Result { f.field(\"a\", &self.a).field(\"b\", &self.b) }
             }
             impl fmt::Debug for B {
                 fn fmt(&self, f: &mut Formatter) -> Result { write!(f, \"{} {}\", self.0, self.length()) }
             }
             impl fmt::Debug for C {
                 fn fmt(&self, f: &mut Formatter) -> Result { match self { _ => f.write_str(\"C\") } }
             }
             impl fmt::Debug for E {
                 fn fmt(&self, f: &mut Formatter) -> Result { f.write_str(\"E\") }
             }"
        ),
        ["a::A.a", "a::B.0", "a::B.length()", "a::C"]
    );
}
