use std::time::SystemTime;

use serde::Deserialize;
use tc3_api::lenient;

#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::field::{id, name, string};
use crate::redacted::{OtherFields, Personal};
use crate::timestamp::from_unix;

/// The outcome of an organization's authorization of the platform.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OrgAuth {
    /// ID of the platform's application.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_organization_open_id: String,
    /// ID of the operator, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_operator_open_id: String,
    /// True if the platform was authorized.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "is_default")]
    pub auth_success: Option<bool>,
    /// All other fields.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// The outcome of an organization's activation of e-sign.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OrgOpenTsignBiz {
    /// ID of the platform's application.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_organization_open_id: String,
    /// ID of the operator, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_operator_open_id: String,
    /// ID of the application that the service created for the organization.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_app_id: String,
    /// True if e-sign was activated.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "is_default")]
    pub open_success: Option<bool>,
    /// Name of the organization.
    #[serde(deserialize_with = "name", skip_serializing_if = "is_default")]
    pub organization_name: String,
    /// Unified social credit code of the organization.
    #[serde(rename = "USCC", deserialize_with = "string", skip_serializing_if = "is_default")]
    pub uscc: Option<Personal>,
    /// Name of the organization's legal representative.
    #[serde(deserialize_with = "string", skip_serializing_if = "is_default")]
    pub legal_name: Option<Personal>,
    /// All other fields.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// The outcome of an organization's certification.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OrgCertify {
    /// ID of the platform's application.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub proxy_organization_open_id: String,
    /// True if the organization was certified.
    #[serde(deserialize_with = "lenient::optional", skip_serializing_if = "is_default")]
    pub operate_success: Option<bool>,
    /// Reason of a failure.
    #[serde(deserialize_with = "string", skip_serializing_if = "is_default")]
    pub certify_reason: Option<Personal>,
    /// Time of the event, as sent; see [`operated_at`](Self::operated_at). The reference does not document the
    /// format.
    #[serde(deserialize_with = "id", skip_serializing_if = "is_default")]
    pub operate_time: String,
    /// All other fields.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl OrgCertify {
    /// Returns the field `OperateTime` as a time; `None` if it is zero or not a number.
    pub fn operated_at(&self) -> Option<SystemTime> {
        from_unix(self.operate_time.trim().parse().ok()?)
    }
}
