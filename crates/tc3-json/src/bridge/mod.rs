//! Bridge to serde: types of this crate in other formats, and types of serde as JSON.

mod from_format;
mod from_text;
mod to_format;
mod to_json;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserializer, Serialize, Serializer};

use crate::encode::encode;
use crate::error::Error;
use crate::format::check_duplicates;
use crate::reader::{Decode, Reader};
use crate::scanner::Scanner;
use crate::writer::{Encode, Writer};

/// Names by which serde_json passes text through serde: of `RawValue`, and of a `Number` if a program enables
/// its feature `arbitrary_precision`.
const RAW_TEXT: [&str; 2] = ["$serde_json::private::RawValue", "$serde_json::private::Number"];

/// Returns a value of any type of serde as JSON.
///
/// The text of a `serde_json::value::RawValue` is written unchanged, digit by digit.
///
/// # Errors
/// Returns an error if a float is NaN or infinite, if the keys of a map are not strings, numbers or booleans, or
/// if an object has a name twice.
pub fn encode_by_serde<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::default();
    value.serialize(to_json::ToJson(&mut writer))?;
    let json = writer.finish()?;
    check_duplicates(&json)?;
    Ok(json)
}

/// Serializes a value in any self-describing format.
///
/// # Errors
/// Returns the error of the format's serializer, or that of [`encode`].
pub fn serialize<T: Encode, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let json = encode(value).map_err(S::Error::custom)?;
    let scanner = Scanner::new(&json).map_err(S::Error::custom)?;
    to_format::Node(scanner).serialize(serializer)
}

/// Deserializes a value from any self-describing format.
///
/// # Errors
/// Returns the error of the format's deserializer, or an error if the value is not of the type.
pub fn deserialize<'de, T: Decode, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserialize_with(deserializer, |reader| reader.value())
}

pub(crate) fn deserialize_with<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    read: fn(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, D::Error> {
    if from_text::is_json_text::<D>() {
        // The text itself, unless serde_json is built without `RawValue`.
        return match from_text::text(deserializer)? {
            (json, true) => Reader::new(&json).and_then(|mut reader| read(&mut reader)),
            (json, false) => Reader::of_rounded(&json).and_then(|mut reader| read(&mut reader)),
        }
        .map_err(D::Error::custom);
    }
    let mut writer = Writer::default();
    from_format::copy(deserializer, &mut writer)?;
    let value = writer.finish().and_then(|json| read(&mut Reader::of_rounded(&json)?));
    value.map_err(D::Error::custom)
}
