//! Results and errors of commands.

use std::fmt;
use std::process::ExitCode;

use crate::cause::Cause;

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

/// An error that prevented a command from starting or continuing. Its fix is on a line of its own.
///
/// The text of an error of the command itself is "cause; fix".
#[derive(Debug)]
pub(crate) struct Failure(Cause);

impl Failure {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self(Cause::new(text, None))
    }

    /// Returns the cause and the fix for a report.
    pub(crate) fn cause(&self) -> &Cause {
        &self.0
    }

    /// Adds what to do after the fix.
    pub(crate) fn then(mut self, next: &str) -> Self {
        let text = self.0.hint.as_mut().unwrap_or(&mut self.0.message);
        text.push_str("; ");
        text.push_str(next);
        self
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self(cause)
    }
}

impl From<&essbasic::Error> for Failure {
    fn from(error: &essbasic::Error) -> Self {
        Self(Cause::new(error, error.hint()))
    }
}

impl From<essbasic::Error> for Failure {
    fn from(error: essbasic::Error) -> Self {
        Self::from(&error)
    }
}

impl From<tc3_client::Error> for Failure {
    fn from(error: tc3_client::Error) -> Self {
        Self(Cause::new(&error, error.hint()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cause { message, hint } = &self.0;
        f.write_str(message)?;
        match hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}
