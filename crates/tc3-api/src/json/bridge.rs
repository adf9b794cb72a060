//! Generated types as types of serde, by way of their JSON; and types of serde as requests.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserializer, Serialize, Serializer};

use super::{Decode, Encode, Error, Reader, encode};

/// A value of any type of serde's as JSON.
///
/// # Errors
/// It has no form in JSON: a map whose keys are no texts, say.
pub fn encode_by_serde(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| Error::new("a value that has a form in JSON", 0))
}

/// Writes a value in any format that describes itself.
///
/// # Errors
/// What the format's own writer fails with.
pub fn serialize<T: Encode, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    through(&encode(value), serializer)
}

fn through<S: Serializer>(json: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    serde_transcode::transcode(&mut reader, serializer).map_err(S::Error::custom)
}

/// Reads a value from any format that describes itself.
///
/// # Errors
/// What the format's own reader fails with, or where the value is none of the type.
pub fn deserialize<'de, T: Decode, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserialize_with(deserializer, |reader| reader.value())
}

/// Reads a value by this function.
pub(crate) fn deserialize_with<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    read: fn(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, D::Error> {
    let json = json(deserializer)?;
    let value = Reader::new(&json).and_then(|mut reader| read(&mut reader));
    value.map_err(D::Error::custom)
}

fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let mut json = Vec::new();
    serde_transcode::transcode(deserializer, &mut serde_json::Serializer::new(&mut json))
        .map_err(D::Error::custom)?;
    Ok(json)
}
