use std::fmt;
use std::process::ExitCode;

use crate::cause::Cause;
pub(crate) use crate::cause::one_line;

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

/// An error that prevented a command from starting: the cause, and the fix if the library states one.
///
/// The text of an error of the command itself is "cause; fix".
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    hint: Option<String>,
}

impl Failure {
    /// Parts of the text may be untrusted: characters that break the line or control a terminal become
    /// spaces.
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self { text: one_line(&text.to_string()), hint: None }
    }

    /// Sets the fix, on a line of its own.
    pub(crate) fn with_hint(self, hint: Option<&str>) -> Self {
        Self { hint: hint.map(one_line), ..self }
    }

    /// Returns the cause and the fix for a report.
    pub(crate) fn cause(&self) -> Cause {
        Cause { message: self.text.clone(), hint: self.hint.clone() }
    }

    /// Adds what to do after the fix.
    pub(crate) fn then(self, next: &str) -> Self {
        match self.hint {
            Some(hint) => Self { hint: Some(format!("{hint}; {next}")), ..self },
            None => Self { text: format!("{}; {next}", self.text), ..self },
        }
    }
}

impl From<&essbasic::Error> for Failure {
    fn from(error: &essbasic::Error) -> Self {
        Self::new(error).with_hint(error.hint())
    }
}

impl From<tc3_client::Error> for Failure {
    fn from(error: tc3_client::Error) -> Self {
        Self::new(&error).with_hint(error.hint())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}
