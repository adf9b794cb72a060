use core::fmt;

/// An error in a spec or overlay, with its position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Name of the file, as given by the caller.
    pub file: String,
    /// JSON Pointer (RFC 6901) of the offending value; empty for the whole document.
    pub pointer: String,
    /// Description of the error.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, pointer, reason } = self;
        let pointer = if pointer.is_empty() { "/" } else { pointer };
        write!(f, "{file}: {pointer}: {reason}")
    }
}

impl std::error::Error for Problem {}

/// Collector of the problems of one file.
pub(crate) struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Adds a problem at the path of `segments`, which are escaped.
    pub(crate) fn add(&mut self, segments: &[&str], reason: impl Into<String>) {
        self.found.push(Problem {
            file: self.file.to_owned(),
            pointer: pointer(segments),
            reason: reason.into(),
        });
    }

    pub(crate) fn into_found(self) -> Vec<Problem> {
        self.found
    }

    pub(crate) fn into_result(self) -> Result<(), Vec<Problem>> {
        if self.found.is_empty() { Ok(()) } else { Err(self.found) }
    }
}

pub(crate) fn pointer(segments: &[&str]) -> String {
    segments
        .iter()
        .flat_map(|segment| ["/".to_owned(), segment.replace('~', "~0").replace('/', "~1")])
        .collect()
}
