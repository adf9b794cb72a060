//! What `Debug` of our own types may show, judged type by type.
//!
//! A `Debug` that is derived shows its fields. Numbers, words of ours and types that are judged here
//! themselves are harmless; a field that may hold any text, bytes or somebody else's type stands in
//! `shown.txt` with the reason why it may be seen. What is new fails until it is judged. A `Debug`
//! that is written by hand shows the fields that it names.
//! Types of the models are judged by the overlay (`sensitive` and `shown`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

mod source;

use source::Sources;

const JUDGED: &str = include_str!("shown.txt");

/// The fields that lines of the list name: all of `Type.field`, or with `*.field` that of any type.
fn judged() -> Vec<&'static str> {
    JUDGED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}")).0)
        .collect()
}

fn names(line: &str, field: &str) -> bool {
    line == field || line.strip_prefix('*').is_some_and(|end| field.ends_with(end))
}

#[test]
fn every_field_that_debug_shows_is_judged() {
    let shown = Sources::read().shown();
    assert!(shown.len() > 50, "the sources are not found: {shown:?}");
    let judged = judged();
    let asked: Vec<_> =
        shown.iter().filter(|shown| !judged.iter().any(|line| names(line, &shown.field))).collect();
    assert!(
        asked.is_empty(),
        "may `Debug` show these? Say why in shown.txt, or hide them: {asked:#?}"
    );
    let stale: Vec<_> =
        judged.iter().filter(|line| !shown.iter().any(|shown| names(line, &shown.field))).collect();
    assert!(stale.is_empty(), "no `Debug` shows these any more: {stale:#?}");
}

/// The judge sees what it has to.
#[test]
fn text_is_found_wherever_it_hides() {
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
