//! Parses JSON into typed data; errors contain the path of the offending value.

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::problem::{Problem, pointer};

/// Parses JSON into `T`.
///
/// # Errors
/// Returns a [`Problem`] if the text is not valid JSON or does not match `T`.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let segments: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Map { key } => Some(key.clone()),
                Segment::Enum { variant } => Some(variant.clone()),
                Segment::Unknown => None,
            })
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Problem {
            file: file.to_owned(),
            pointer: pointer(&segments),
            reason: error.inner().to_string(),
        }
    })?;
    json.end().map_err(|error| Problem {
        file: file.to_owned(),
        pointer: String::new(),
        reason: error.to_string(),
    })?;
    Ok(value)
}
