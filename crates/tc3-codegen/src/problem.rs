use core::fmt;

/// Why a spec or overlay was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// The JSON Pointer (RFC 6901) of the offending value; empty for the whole document.
    pub pointer: String,
    /// What is wrong with it.
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

/// Collects the problems of one file.
pub(crate) struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Notes a problem at the path made of `segments`, which are escaped here.
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
