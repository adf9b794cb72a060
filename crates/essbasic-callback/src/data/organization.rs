use std::time::SystemTime;

use crate::field::data;
#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::redacted::{OtherFields, Personal};
use crate::timestamp::from_unix;

/// The outcome of an organization's authorization of the platform.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct OrgAuth {
    /// ID of the platform's application.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_organization_open_id: String,
    /// ID of the operator, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_operator_open_id: String,
    /// True if the platform was authorized.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub auth_success: Option<bool>,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    OrgAuth {
        "ApplicationId" => application_id: id,
        "ProxyOrganizationOpenId" => proxy_organization_open_id: id,
        "ProxyOperatorOpenId" => proxy_operator_open_id: id,
        "AuthSuccess" => auth_success: boolean,
    }
}

/// The outcome of an organization's activation of e-sign.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct OrgOpenTsignBiz {
    /// ID of the platform's application.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_organization_open_id: String,
    /// ID of the operator, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_operator_open_id: String,
    /// ID of the application that the service created for the organization.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_app_id: String,
    /// True if e-sign was activated.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub open_success: Option<bool>,
    /// Name of the organization.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub organization_name: String,
    /// Unified social credit code of the organization.
    #[cfg_attr(feature = "serde", serde(rename = "USCC", skip_serializing_if = "is_default"))]
    pub uscc: Option<Personal>,
    /// Name of the organization's legal representative.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub legal_name: Option<Personal>,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    OrgOpenTsignBiz {
        "ApplicationId" => application_id: id,
        "ProxyOrganizationOpenId" => proxy_organization_open_id: id,
        "ProxyOperatorOpenId" => proxy_operator_open_id: id,
        "ProxyAppId" => proxy_app_id: id,
        "OpenSuccess" => open_success: boolean,
        "OrganizationName" => organization_name: name,
        "USCC" => uscc: string,
        "LegalName" => legal_name: string,
    }
}

/// The outcome of an organization's certification.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct OrgCertify {
    /// ID of the platform's application.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub application_id: String,
    /// ID of the organization, assigned by the platform.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub proxy_organization_open_id: String,
    /// True if the organization was certified.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub operate_success: Option<bool>,
    /// Reason of a failure.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub certify_reason: Option<Personal>,
    /// Time of the event, as sent; see [`operated_at`](Self::operated_at). The reference does not document the
    /// format.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub operate_time: String,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    OrgCertify {
        "ApplicationId" => application_id: id,
        "ProxyOrganizationOpenId" => proxy_organization_open_id: id,
        "OperateSuccess" => operate_success: boolean,
        "CertifyReason" => certify_reason: string,
        "OperateTime" => operate_time: id,
    }
}

impl OrgCertify {
    /// Returns the field `OperateTime` as a time; `None` if it is zero or not a number.
    pub fn operated_at(&self) -> Option<SystemTime> {
        from_unix(self.operate_time.trim().parse().ok()?)
    }
}
