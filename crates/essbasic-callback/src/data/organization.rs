use std::time::SystemTime;

use serde::Deserialize;
use tc3_api::lenient;

use super::{as_time, text};
use crate::bounds::{id, name};
use crate::{Members, Personal};

/// An organisation authorised the platform, or did not.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OrgAuth {
    /// The platform's application.
    #[serde(deserialize_with = "id")]
    pub application_id: String,
    /// The organisation, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_organization_open_id: String,
    /// The operator, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_operator_open_id: String,
    /// Whether it was authorised.
    #[serde(deserialize_with = "lenient::optional")]
    pub auth_success: Option<bool>,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

/// An organisation opened e-sign, or did not.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OrgOpenTsignBiz {
    /// The platform's application.
    #[serde(deserialize_with = "id")]
    pub application_id: String,
    /// The organisation, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_organization_open_id: String,
    /// The operator, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_operator_open_id: String,
    /// The application that the service made for the organisation.
    #[serde(deserialize_with = "id")]
    pub proxy_app_id: String,
    /// Whether it was opened.
    #[serde(deserialize_with = "lenient::optional")]
    pub open_success: Option<bool>,
    /// The organisation's name.
    #[serde(deserialize_with = "name")]
    pub organization_name: String,
    /// The organisation's unified social credit code.
    #[serde(rename = "USCC", deserialize_with = "text")]
    pub uscc: Option<Personal>,
    /// The name of the organisation's legal representative.
    #[serde(deserialize_with = "text")]
    pub legal_name: Option<Personal>,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

/// An organisation was certified, or was not.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OrgCertify {
    /// The platform's application.
    #[serde(deserialize_with = "id")]
    pub application_id: String,
    /// The organisation, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_organization_open_id: String,
    /// Whether it was certified.
    #[serde(deserialize_with = "lenient::optional")]
    pub operate_success: Option<bool>,
    /// Why not, where it was not.
    #[serde(deserialize_with = "text")]
    pub certify_reason: Option<Personal>,
    /// When. The form is not published: text, or a number as text.
    #[serde(deserialize_with = "id")]
    pub operate_time: String,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

impl OrgCertify {
    /// The member `OperateTime` as a time; `None` where it is no number, or zero.
    pub fn operate_time_as_time(&self) -> Option<SystemTime> {
        as_time(self.operate_time.trim().parse().ok()?)
    }
}
