use serde::Deserialize;

#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::field::{id, open_enum as value};
use crate::open_enum::open_enum;
use crate::redacted::OtherFields;

/// An operation on a seal.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OperateSeal {
    /// ID of the platform's application.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_organization_open_id: String,
    /// ID of the operator, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_operator_open_id: String,
    /// ID of the employee who may use the seal, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub authorized_operator_open_id: String,
    /// ID of the seal.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub seal_id: String,
    /// The operation.
    #[serde(deserialize_with = "value", skip_serializing_if = "is_default")]
    pub operate: Option<SealOperate>,
    /// All other fields.
    #[serde(flatten)]
    pub other: OtherFields,
}

open_enum! {
    /// An operation on a seal, or a change of its validity.
    SealOperate {
        Create = "Create",
        Delete = "Delete",
        Disable = "Disable",
        Enable = "Enable",
        Valid = "Valid",
        Invalid = "Invalid",
    }
}
