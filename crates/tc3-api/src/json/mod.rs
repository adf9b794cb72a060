//! How generated types are read from JSON and written to it: one reader and one writer that are generic
//! over nothing, so that each type adds little more than a list of its members.
//!
//! Through serde each type would be compiled anew for each format and each combination with others; for
//! the hundreds of types of a service that is most of the time that their crate takes. With the feature
//! `serde` generated types are serde types all the same, by way of their JSON: for formats that describe
//! themselves, such as `serde_json`'s text and values.
//!
//! What real servers send where the reference promises something else is read as what it says: `null`
//! for an empty list or an object without members, a number in a string, a truth value as 1 or 0. What
//! is broken in substance, such as an object in place of a number, is an error.

#[cfg(feature = "serde")]
mod bridge;
mod decode;
mod encode;
mod object;
mod reader;
mod scalar;
#[cfg(test)]
mod tests;
mod writer;

use core::fmt;

#[cfg(feature = "serde")]
pub(crate) use bridge::deserialize_with;
#[cfg(feature = "serde")]
pub use bridge::{deserialize, encode_by_serde, serialize};
pub(crate) use decode::NoMembers;
pub use decode::{Decode, Members};
pub use encode::Encode;
pub use reader::Reader;
pub use writer::Writer;

/// Reads a value that stands alone.
///
/// # Errors
/// The text is no JSON, or none of this type.
pub fn decode<T: Decode>(json: &[u8]) -> Result<T, Error> {
    let mut reader = Reader::new(json)?;
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// A value as JSON.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    let mut writer = Writer::default();
    value.encode(&mut writer);
    writer.finish()
}

/// Why JSON was not read: what was expected, and where. Nothing of the JSON itself, which may hold personal
/// data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Unexpected>);

/// Apart, so that a result without a value is one word.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unexpected {
    expected: &'static str,
    at: usize,
}

impl Error {
    pub(crate) fn new(expected: &'static str, at: usize) -> Self {
        Self(Box::new(Unexpected { expected, at }))
    }

    /// Bytes before the place.
    pub fn offset(&self) -> usize {
        self.0.at
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.0.expected, self.0.at)
    }
}

impl core::error::Error for Error {}

/// Whole floats are exact up to here: past it they no longer tell neighbours apart.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// How many bytes from here on stand in a JSON text as themselves: up to a quotation mark, a backslash or
/// a control character.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Of each byte below `than`, the highest bit; above the first there may be others too.
    let below = |word: u64, than: u64| word.wrapping_sub(ONES * than) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if special & HIGH != 0 {
            return index * 8 + (special & HIGH).trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    bytes.len() - rest.len() + rest.iter().position(special).unwrap_or(rest.len())
}
