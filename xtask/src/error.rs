//! Error type of all commands.

use std::fmt;
use std::path::Path;

use tc3_codegen::Problem;

/// Error message of a failed command, one problem per line.
#[derive(Debug)]
pub(crate) struct Error(pub(crate) String);

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Self(lines.join("\n"))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self(problem.to_string())
    }
}
