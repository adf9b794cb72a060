//! The overlay, `overlay.json`: corrections and additions to a spec.

mod effect;
mod forms;
mod pagination;
mod streams;

use serde::{Deserialize, Serialize};

pub use effect::{Effect, EffectEntry};
pub use forms::{FieldForm, Form};
pub use pagination::PaginationEntry;
pub use streams::{StreamEntry, StreamError};

use crate::errors::{ErrorClass, Facts, Retry};
use crate::table::Table;

/// Corrections and additions to the spec of one version of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// Path of the JSON Schema, relative to the file.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// Rate limits of the actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Hosts that differ from the default host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// Actions whose requests are not `POST /` with a JSON body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<Form>,
    /// Idempotent actions, each with the reason.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub idempotent: Table<String>,
    /// Actions whose effect differs from the one by their name: `Describe*` and `Get*` read, others may change data.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub effect: Table<EffectEntry>,
    /// Actions whose response may be a stream of events: those that the spec does not mark, and details of streams.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub streams: Table<StreamEntry>,
    /// Classes of error codes, by code or family (`OperationDenied.`).
    #[serde(default, skip_serializing_if = "is_empty")]
    pub errors: Table<ErrorEntry>,
    /// Corrections of whether requests require a field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Required>,
    /// Rust names that replace the default name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<Rename>,
    /// Fields whose values `Debug` redacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<FieldPattern>,
    /// String fields that `Debug` shows. If not empty, every string field must be listed here or in
    /// `sensitive`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<FieldPattern>,
    /// Open value sets, by the name of their Rust enum.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub values: Table<ValueSet>,
    /// Limits of field values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Rules between the fields of a request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Integer fields that are timestamps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<Time>,
    /// String fields that contain base64, as `Object.Field`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base64: Vec<String>,
    /// Tasks, by the action that reports their progress.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub tasks: Table<Task>,
    /// Deprecated fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deprecated: Vec<Deprecated>,
    /// Corrections of how actions return pages.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub pagination: Table<PaginationEntry>,
    /// Cargo features with their actions, by name; each action belongs to one.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub groups: Table<Group>,
    /// Documentation.
    #[serde(default, skip_serializing_if = "Docs::is_empty")]
    pub docs: Docs,
}

/// Rate limits, in requests per second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Limit of each action that `actions` does not list.
    pub default: u32,
    /// Limits by action.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub actions: Table<u32>,
    /// Source of the information.
    pub reason: String,
}

/// The host of the service, or of one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Name of the action; absent for the whole service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The production host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The host of the test environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_host: Option<String>,
    /// Source of the information.
    pub reason: String,
}

/// The class of an error code or family, which replaces the platform's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorEntry {
    /// Class of the error.
    pub class: ErrorClass,
    /// Effect of a retry.
    #[serde(default, skip_serializing_if = "Retry::is_never")]
    pub retry: Retry,
    /// `true` if every request of the same action and caller fails for the same reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub affects_all: bool,
    /// Source of the information.
    pub reason: String,
}

impl From<&ErrorEntry> for Facts {
    fn from(entry: &ErrorEntry) -> Self {
        Self { class: entry.class, retry: entry.retry, affects_all: entry.affects_all }
    }
}

/// A correction of whether requests require a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// Name of the object.
    pub object: String,
    /// Name of the field.
    pub field: String,
    /// The corrected value, the opposite of the reference.
    pub required: bool,
    /// Source of the information.
    pub reason: String,
}

/// A Rust name that replaces the default name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// Name of the object.
    pub object: String,
    /// Name of the field; absent to rename the type of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// New Rust name.
    pub to: String,
    /// Reason for the entry.
    pub reason: String,
}

/// Fields selected by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldPattern {
    /// Name of the object; absent for all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Name of the field; a leading or a trailing `*` matches any string fields with that suffix or
    /// prefix.
    pub field: String,
    /// Reason for the entry.
    pub reason: String,
}

/// An open set of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueSet {
    /// Documentation of the enum.
    pub doc: String,
    /// Source of the information.
    pub reason: String,
    /// Fields of this type, as `Object.Field`.
    pub fields: Vec<String>,
    /// Known values.
    pub values: Vec<Value>,
}

/// One value of an open set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Value on the wire.
    pub value: Wire,
    /// Name of the variant; derived from a string value by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Documentation of the variant.
    pub doc: String,
}

/// A value on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wire {
    /// Value of an integer field.
    Int(i64),
    /// Value of a string field.
    Text(String),
}

/// Limits of the values of a request field. All bounds are inclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Name of the object, which must be part of a request.
    pub object: String,
    /// Name of the field.
    pub field: String,
    /// Minimum number of elements of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// Maximum number of elements of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// Minimum length of a string, or of each string of an array, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_chars: Option<u64>,
    /// Maximum length of a string, or of each string of an array, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// Maximum size of a string in bytes; of the decoded file if it is base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Minimum of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Maximum of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// A rule between the fields of a request: exactly one of `needs`, `any_of`, `one_of` and `not_both`.
///
/// Paths are relative to the object: `Agent.AppId`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name of the object, which must be part of a request.
    pub object: String,
    /// The rule applies only if this path is set; only with `needs`.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The rule applies only if the path in `if` has one of these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<Wire>,
    /// Paths that must all be set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Paths of which at least one must be set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// Paths of which exactly one must be set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// Paths of which at most one may be set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_both: Vec<String>,
}

/// An integer field that is a timestamp since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Name of the object.
    pub object: String,
    /// Name of the field.
    pub field: String,
    /// Unit of the timestamp.
    pub unit: Unit,
}

/// Unit of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// The tasks whose progress one action reports: exactly one of `status` and `complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Field of the request that takes the ID of the task.
    pub id: String,
    /// Field of the response with the status, and the meaning of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Array of the response that has the result at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<TaskResult>,
    /// Error codes of a task that has not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running_codes: Vec<String>,
    /// Delay before the second query, in seconds.
    pub interval: u32,
    /// Actions that start such tasks, by name.
    pub starts: Table<TaskStart>,
    /// Source of the information.
    pub reason: String,
}

/// The status of a task. Of a field with a value set, each value must be in one of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskStatus {
    /// Name of the field.
    pub field: String,
    /// Values of a task that has not ended, as any value that is not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<Wire>,
    /// Values of a task that has ended with a result.
    pub succeeded: Vec<Wire>,
    /// Values of a task that has ended without a result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Wire>,
}

/// An array that is not empty at the end of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskResult {
    /// Name of the array, whose elements are objects.
    pub list: String,
    /// String fields of which each element has at least one at the end.
    pub any_of: Vec<String>,
}

/// An action that starts a task. The request for the progress gets the fields that both requests have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskStart {
    /// Field of its response with the ID; absent if it has the name of `id` of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Fixed values of the request for the progress.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub set: Table<Wire>,
}

/// A deprecated field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deprecated {
    /// Name of the object; absent for all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Name of the field.
    pub field: String,
    /// Replacement, as an instruction.
    pub instead: String,
}

/// A Cargo feature and its actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Subject of the actions.
    pub doc: String,
    /// Names of the actions; an action belongs to one group only.
    pub actions: Vec<String>,
}

/// Documentation, in Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    /// `true` if undocumented items are an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// Documentation of actions.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub actions: Table<String>,
    /// Rust examples that create the request of an action, each the body of a function.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub examples: Table<String>,
    /// Documentation of fields by name, for objects that do not document the field.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub fields: Table<String>,
    /// Documentation of objects and their fields.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub objects: Table<ObjectDoc>,
    /// Meanings of error codes, which replace those of the spec.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub meanings: Table<String>,
    /// Fixes of errors, by code, in the form of [`PlatformError::hint`](crate::errors::PlatformError::hint).
    #[serde(default, skip_serializing_if = "is_empty")]
    pub codes: Table<String>,
}

impl Docs {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Documentation of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectDoc {
    /// Description of the object. A request is documented by its action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Documentation of the fields.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub fields: Table<String>,
}

fn is_empty<T>(table: &Table<T>) -> bool {
    table.is_empty()
}
