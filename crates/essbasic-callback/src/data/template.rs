use std::time::SystemTime;

use crate::field::data;
#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::redacted::OtherFields;
use crate::timestamp::from_unix;

/// A template that was added, changed, deleted or made available, by the type of the message.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct Template {
    /// ID of the organization that owns the template.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub organization_id: String,
    /// ID of the operator.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub operator_user_id: String,
    /// ID of the template.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub template_id: String,
    /// Name of the template.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub template_name: String,
    /// Time of the operation, as sent; see [`created_at`](Self::created_at).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub create_time: i64,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    Template {
        "OrganizationId" => organization_id: id,
        "OperatorUserId" => operator_user_id: id,
        "TemplateId" => template_id: id,
        "TemplateName" => template_name: name,
        "CreateTime" => create_time: number,
    }
}

impl Template {
    /// Returns the field `CreateTime` as a time; `None` if it is zero.
    pub fn created_at(&self) -> Option<SystemTime> {
        from_unix(self.create_time)
    }
}
