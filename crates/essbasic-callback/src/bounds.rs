//! Bounds on what is kept and shown of a message.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};
use tc3_api::lenient;

/// Maximum length of an identifier, in bytes. The platform's own have 32 characters.
pub const MAX_ID_BYTES: usize = 256;

/// Maximum length of a name that `Debug` shows, in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// Maximum number of parties, and of recipients of copies, of a typed contract.
const MAX_PARTIES: usize = 1_000;

/// Maximum number of field names that `Debug` shows of an object.
const SHOWN_FIELDS: usize = 32;

/// Maximum number of characters that `Debug` shows of a field name.
const SHOWN_CHARS: usize = 64;

/// Reads an identifier.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    bounded(deserializer, MAX_ID_BYTES)
}

/// Reads a name or another short text that `Debug` shows.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    bounded(deserializer, MAX_NAME_BYTES)
}

/// Reads a value of an open set; an empty string is `None`.
pub(crate) fn word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let text = id(deserializer)?;
    Ok((!text.is_empty()).then(|| T::from(text)))
}

/// Reads an array; `null` is an empty one.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list: Vec<T> = lenient::null_default(deserializer)?;
    if list.len() > MAX_PARTIES { Err(D::Error::custom("too many elements")) } else { Ok(list) }
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D, max: usize) -> Result<String, D::Error> {
    let text: String = lenient::scalar(deserializer)?;
    if text.len() > max { Err(D::Error::custom("too long")) } else { Ok(text) }
}

/// Writes the names of an object's fields, and not their values.
pub(crate) fn fmt_names(fields: &Map<String, Value>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut set = f.debug_set();
    for name in fields.keys().take(SHOWN_FIELDS) {
        match name.char_indices().nth(SHOWN_CHARS).and_then(|(end, _)| name.get(..end)) {
            Some(start) => set.entry(&format_args!("{start:?}..")),
            None => set.entry(name),
        };
    }
    if fields.len() > SHOWN_FIELDS { set.finish_non_exhaustive() } else { set.finish() }
}
