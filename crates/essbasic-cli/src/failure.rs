use std::fmt;
use std::process::ExitCode;

/// How a command that could start has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// Some was not, and each part that was not has said why.
    Partly,
}

impl Exit {
    pub(crate) fn when_complete(complete: bool) -> Self {
        if complete { Self::Done } else { Self::Partly }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Partly => Self::from(2),
        }
    }
}

/// What kept a command from starting, for one line: what is wrong; what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// Parts of the text may come from outside: what would break the line or drive a terminal becomes
    /// a space.
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(one_line(&text.to_string()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text without control characters and without what reverses the direction of writing.
pub(crate) fn one_line(text: &str) -> String {
    let tame = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    text.trim().chars().map(tame).collect()
}
