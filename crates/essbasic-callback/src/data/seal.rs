use crate::field::data;
#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::open_enum::open_enum;
use crate::redacted::OtherFields;

/// An operation on a seal.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct OperateSeal {
    /// ID of the platform's application.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_organization_open_id: String,
    /// ID of the operator, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_operator_open_id: String,
    /// ID of the employee who may use the seal, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub authorized_operator_open_id: String,
    /// ID of the seal.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub seal_id: String,
    /// The operation.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub operate: Option<SealOperate>,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    OperateSeal {
        "ApplicationId" => application_id: id,
        "ProxyOrganizationOpenId" => proxy_organization_open_id: id,
        "ProxyOperatorOpenId" => proxy_operator_open_id: id,
        "AuthorizedOperatorOpenId" => authorized_operator_open_id: id,
        "SealId" => seal_id: id,
        "Operate" => operate: value,
    }
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
