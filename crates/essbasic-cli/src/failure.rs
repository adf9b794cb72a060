use std::fmt;
use std::process::ExitCode;

/// Result of a command that has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything succeeded.
    Done,
    /// A part failed; each failure has been reported.
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

/// An error that prevented a command from starting, in one line: the cause; the fix.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// Parts of the text may be untrusted: characters that break the line or control a terminal become
    /// spaces.
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(one_line(&text.to_string()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the text without control characters and without bidirectional formatting characters.
pub(crate) fn one_line(text: &str) -> String {
    let tame = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    text.trim().chars().map(tame).collect()
}
