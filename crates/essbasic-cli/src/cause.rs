//! Cause of a failure with its fix, and text on one line.

use std::fmt;
use std::path::Path;

use essbasic::FlowError;

use crate::hints::translated;

/// Cause of a failure and its fix, on one line each.
///
/// Parts may be untrusted: characters that break the line or control a terminal are replaced.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Cause {
    pub(crate) fn new(message: impl fmt::Display, hint: Option<&str>) -> Self {
        Self {
            message: one_line(&message.to_string()),
            hint: hint.map(|hint| one_line(&translated(hint))),
        }
    }

    pub(crate) fn of(error: &FlowError) -> Self {
        Self::new(&error.message, error.hint())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Returns a number with its noun, such as `1 contract` or `2 contracts`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns the text without control characters and without bidirectional formatting characters.
pub(crate) fn one_line(text: &str) -> String {
    text.trim().chars().map(tame).collect()
}

/// Returns a space for a control character or a bidirectional formatting character, and any other character unchanged.
pub(crate) fn tame(c: char) -> char {
    match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// Returns the path as shown in messages, on one line.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string().chars().map(tame).collect()
}
