//! Error type of the library.

use std::fmt;
use std::path::Path;

use tc3_codegen::Problem;

/// A failure, one problem per line.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// Creates an error with this message.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Creates the error of a file or folder.
    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

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
