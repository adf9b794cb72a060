//! The specification of one version of a service, `spec.json`.

use serde::{Deserialize, Serialize};

use crate::table::Table;

/// Specification of one version of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Path of the JSON Schema, relative to the file.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// Short name of the service: `essbasic`, `cvm`.
    pub service: String,
    /// The API version, `YYYY-MM-DD`.
    pub version: String,
    /// Official Chinese name of the service.
    pub title: String,
    /// The actions by name.
    pub actions: Table<Action>,
    /// Fields of each object, by the object's name, in the order of the reference.
    pub objects: Table<Vec<FieldSpec>>,
    /// Short descriptions of the error codes of the service.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub codes: Table<String>,
    /// Short descriptions of the error codes common to all services.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub common_codes: Table<String>,
}

impl Spec {
    /// Returns the description of an error code of the service, or else of all services.
    pub(crate) fn meaning(&self, code: &str) -> Option<&String> {
        self.codes.get(code).or_else(|| self.common_codes.get(code))
    }
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The official Chinese title.
    pub title: String,
    /// Object of the request body.
    pub request: String,
    /// Object of the response.
    pub response: String,
    /// Availability of the action.
    pub status: Status,
    /// `true` if the action is sent with `Authorization: SKIP`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_sign: bool,
    /// `true` if the response may be a stream of events.
    #[serde(default, skip_serializing_if = "is_false")]
    pub streamed: bool,
    /// Known error codes of the action, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// Availability of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Available.
    Online,
    /// Available, removal announced.
    Deprecated,
    /// No longer available.
    Offline,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Name on the wire.
    pub name: String,
    /// One of [`SCALARS`], `object` or `list`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Object type of an `object`; element type of a `list`: a scalar or an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// `true` if requests require it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// `true` if it is internal to the platform.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// `true` if every response contains it, according to the reference.
    #[serde(default, skip_serializing_if = "is_false")]
    pub output_required: bool,
    /// `true` if it may be `null` in a response.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
}

/// Scalar types of fields and array elements.
pub const SCALARS: [&str; 9] =
    ["string", "int64", "uint64", "float", "bool", "date", "datetime", "datetime_iso", "binary"];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_empty<T>(table: &Table<T>) -> bool {
    table.is_empty()
}
