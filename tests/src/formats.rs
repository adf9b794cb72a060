//! Round trips of a value through the self-describing formats of serde.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A TOML document must be a table, so that a scalar or array is the field of one.
#[derive(Serialize, Deserialize)]
struct Field<T> {
    value: T,
}

/// Returns the name of each format with the value after a round trip through it, or with the error of the format. `None`:
/// the value is not a map, and cannot be a TOML document.
pub fn round_trips<T: Serialize + DeserializeOwned>(
    value: &T,
) -> [(&'static str, Option<Result<T, String>>); 11] {
    let is_map = serde_json::to_value(value).is_ok_and(|json| json.is_object());
    [
        ("JSON", Some(json(value))),
        ("JSON from a slice", Some(json_from_slice(value))),
        ("JSON from a reader", Some(json_from_reader(value))),
        ("JSON value", Some(json_value(value))),
        ("YAML", Some(yaml(value))),
        ("RON", Some(ron(value))),
        ("MessagePack", Some(message_pack(value))),
        ("MessagePack with names", Some(message_pack_with_names(value))),
        ("CBOR", Some(cbor(value))),
        ("TOML", is_map.then(|| toml(value))),
        ("TOML field", Some(toml_field(value))),
    ]
}

fn text(error: impl Display) -> String {
    error.to_string()
}

fn json<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = serde_json::to_string(value).map_err(text)?;
    serde_json::from_str(&written).map_err(text)
}

fn json_from_slice<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = serde_json::to_vec_pretty(value).map_err(text)?;
    serde_json::from_slice(&written).map_err(text)
}

fn json_from_reader<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = serde_json::to_vec(value).map_err(text)?;
    serde_json::from_reader(written.as_slice()).map_err(text)
}

fn json_value<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    serde_json::from_value(serde_json::to_value(value).map_err(text)?).map_err(text)
}

fn yaml<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = serde_norway::to_string(value).map_err(text)?;
    serde_norway::from_str(&written).map_err(text)
}

fn ron<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = ron::to_string(value).map_err(text)?;
    ron::from_str(&written).map_err(text)
}

fn message_pack<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = rmp_serde::to_vec(value).map_err(text)?;
    rmp_serde::from_slice(&written).map_err(text)
}

fn message_pack_with_names<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = rmp_serde::to_vec_named(value).map_err(text)?;
    rmp_serde::from_read(written.as_slice()).map_err(text)
}

fn cbor<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let mut written = Vec::new();
    ciborium::into_writer(value, &mut written).map_err(text)?;
    ciborium::from_reader(written.as_slice()).map_err(text)
}

fn toml<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    toml::from_str(&toml::to_string(value).map_err(text)?).map_err(text)
}

fn toml_field<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, String> {
    let written = toml::to_string(&Field { value }).map_err(text)?;
    toml::from_str::<Field<T>>(&written).map(|field| field.value).map_err(text)
}
