//! Places of matches.

/// Place of a match, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Name,
    Title,
    Sentence,
    Owner,
    Doc,
    Similar,
}
