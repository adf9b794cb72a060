//! Generated PDF of a converted file.

use super::document::{Document, Line};

/// Returns a PDF of one page with the name of the file.
pub(crate) fn converted(name: &str) -> Vec<u8> {
    // A test checks that the font, which is part of the crate, can be parsed.
    let Some(document) = Document::new() else { return Vec::new() };
    let line = Line { size: 18.0, text: name.to_owned() };
    document.write(name, &[vec![line]], 0)
}
