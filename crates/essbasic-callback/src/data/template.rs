use std::time::SystemTime;

use serde::Deserialize;
use tc3_api::lenient;

#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::field::{id, name};
use crate::redacted::OtherFields;
use crate::timestamp::from_unix;

/// A template that was added, changed, deleted or made available, by the type of the message.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Template {
    /// ID of the organization that owns the template.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub organization_id: String,
    /// ID of the operator.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub operator_user_id: String,
    /// ID of the template.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub template_id: String,
    /// Name of the template.
    #[serde(deserialize_with = "name", skip_serializing_if = "is_default")]
    pub template_name: String,
    /// Time of the operation, as sent; see [`created_at`](Self::created_at).
    #[serde(deserialize_with = "lenient::scalar", skip_serializing_if = "is_default")]
    pub create_time: i64,
    /// All other fields.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl Template {
    /// Returns the field `CreateTime` as a time; `None` if it is zero.
    pub fn created_at(&self) -> Option<SystemTime> {
        from_unix(self.create_time)
    }
}
