//! The first line in which two texts differ, with its name.

use super::{Departure, Difference, Part};

/// The first different line.
pub(super) struct Lines {
    pub(super) difference: Difference,
    /// Name of the line, such as `path`.
    name: &'static str,
    /// Reason, if the texts differ in a way that is not that of the line.
    reason: Option<&'static str>,
}

const PAYLOAD: &str = "hash of the body";

impl Lines {
    /// Compares a canonical request; returns `None` if it is the expected one.
    pub(super) fn of_canonical(given: &str, expected: &str) -> Option<Self> {
        let count = expected.split('\n').count();
        let name = |line: usize| match line {
            0 => "method",
            1 => "path",
            2 => "query",
            line if line + 1 == count => PAYLOAD,
            line if line + 2 == count => "list of signed headers",
            line if line + 3 == count => "empty line after the headers",
            _ => "header",
        };
        Self::new(given, expected, name)
    }

    /// Compares a string to sign; returns `None` if it is the expected one.
    pub(super) fn of_string_to_sign(given: &str, expected: &str) -> Option<Self> {
        let name = |line: usize| match line {
            0 => "algorithm",
            1 => "timestamp",
            2 => "credential scope",
            _ => "hash of the canonical request",
        };
        Self::new(given, expected, name)
    }

    fn new(given: &str, expected: &str, name: impl Fn(usize) -> &'static str) -> Option<Self> {
        if given == expected {
            return None;
        }
        let (mut lines, mut others) = (given.split('\n'), expected.split('\n'));
        let (line, given_line, expected_line) = (0..).find_map(|line| {
            let (given, expected) = (lines.next(), others.next());
            (given != expected)
                .then(|| (line, given.unwrap_or_default(), expected.unwrap_or_default()))
        })?;
        let without_returns = given.replace("\r\n", "\n");
        let reason = if without_returns == expected {
            Some("its lines end with CR LF, expected LF")
        } else if given.trim_end_matches(['\r', '\n']) == expected {
            Some("it ends with a line end, expected none")
        } else if given.trim_end() == expected.trim_end() {
            Some("it lacks white space at the end")
        } else {
            None
        };
        let difference = Difference {
            line: Some(line + 1),
            given: given_line.to_owned(),
            expected: expected_line.to_owned(),
        };
        Some(Self { difference, name: name(line), reason })
    }

    /// Returns whether the line is the hash of the body.
    pub(super) fn is_payload(&self) -> bool {
        self.reason.is_none() && self.name == PAYLOAD
    }

    /// Returns the difference with a reason: the given one, or one by the names in the line.
    pub(super) fn departure(self, part: Part, reason: Option<String>) -> Departure {
        let Self { difference, name, reason: of_text } = self;
        let (given, expected) = (&*difference.given, &*difference.expected);
        let reason = match (of_text, reason) {
            (Some(reason), _) => reason.to_owned(),
            (None, Some(reason)) => reason,
            (None, None) if given.trim_ascii() == expected && given != expected => {
                format!("the {name} has white space around it")
            }
            (None, None) if given.eq_ignore_ascii_case(expected) => {
                format!("the {name} is in another case than the expected {expected}")
            }
            (None, None) if name == PAYLOAD => {
                "the hash of the body differs: another body was hashed, or it was serialized again"
                    .to_owned()
            }
            (None, None) if given.is_empty() => {
                format!("the {name} is missing: expected {expected}")
            }
            (None, None) if expected.is_empty() => format!("the {name} is missing before {given}"),
            (None, None) => match (given.split_once(':'), expected.split_once(':')) {
                (Some((a, _)), Some((b, _))) if name == "header" && a != b => {
                    format!(
                        "the header {a} is in the place of {b}: signed headers are sorted by name"
                    )
                }
                (Some((a, _)), Some(_)) if name == "header" => {
                    format!("the header {a} has another value")
                }
                _ => format!("the {name} is {given}, expected {expected}"),
            },
        };
        Departure { difference: Some(difference), ..Departure::new(part, reason) }
    }
}
