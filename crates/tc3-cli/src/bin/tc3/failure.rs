//! Results and errors of commands.

use std::fmt;
use std::process::ExitCode;

/// Result of a command that has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command is done.
    Done,
    /// A check failed, or nothing was found; the reason has been printed.
    Negative,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Negative => Self::from(2),
        }
    }
}

/// An error that prevented a command from starting or continuing. Its fix is on a line of its own.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self { message: printable(&text.to_string()), hint: None }
    }
}

impl From<tc3_cli::Error> for Failure {
    fn from(error: tc3_cli::Error) -> Self {
        Self::new(error)
    }
}

impl From<tc3_client::Error> for Failure {
    fn from(error: tc3_client::Error) -> Self {
        Self { message: printable(&error.to_string()), hint: error.hint().map(printable) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Replaces characters that control a terminal or reorder text, line breaks excepted.
pub(crate) fn printable(text: &str) -> String {
    let tame = |c: char| match c {
        '\n' => c,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(tame).collect()
}
