//! The facts of one version of one service, as `spec.json` holds them.

use serde::{Deserialize, Serialize};

use crate::table::Table;

/// One version of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Where the file's JSON Schema stands, relative to the file.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The service's short name: `essbasic`, `cvm`.
    pub service: String,
    /// The API version, `YYYY-MM-DD`.
    pub version: String,
    /// The service's official Chinese name.
    pub title: String,
    /// The actions by name.
    pub actions: Table<Action>,
    /// The members of each object by the object's name, in the reference's order.
    pub objects: Table<Vec<Member>>,
    /// What each error code of the service means, in a few words.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub codes: Table<String>,
    /// The error codes that any service may answer.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub common_codes: Table<CommonCode>,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The official Chinese title.
    pub title: String,
    /// The object that is the request's body.
    pub request: String,
    /// The object that is the answer.
    pub response: String,
    /// Whether the service still offers the action.
    pub status: Status,
    /// Whether the action is sent with `Authorization: SKIP`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_sign: bool,
    /// The error codes known of the action, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// Whether the service still offers an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In service.
    Online,
    /// In service, announced to go.
    Deprecated,
    /// Out of service.
    Offline,
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The name on the wire.
    pub name: String,
    /// One of [`SCALARS`], `object` or `list`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The object of an `object`; the element of a `list`: a scalar or an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Whether a request must carry it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Whether it is internal to the platform.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// Whether an answer is said to carry it always.
    #[serde(default, skip_serializing_if = "is_false")]
    pub output_required: bool,
    /// Whether an answer may carry `null` for it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
}

/// An error code that any service may answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonCode {
    /// What it means.
    pub description: String,
    /// What to do about it.
    pub judgement: String,
    /// Whether the call is worth repeating: `yes`, `no` or `conditional`.
    pub retry: String,
}

/// The types a member or a list's element may have besides objects.
pub const SCALARS: [&str; 9] =
    ["string", "int64", "uint64", "float", "bool", "date", "datetime", "datetime_iso", "binary"];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_empty<T>(table: &Table<T>) -> bool {
    table.is_empty()
}
