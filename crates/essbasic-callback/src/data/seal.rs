use serde::Deserialize;
use tc3_api::lenient;

use super::text;
use crate::Members;
use crate::open_set::open_set;

/// Something was done with a seal.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OperateSeal {
    /// The platform's application.
    #[serde(deserialize_with = "lenient::scalar")]
    pub application_id: String,
    /// The organisation, by the platform's own id.
    #[serde(deserialize_with = "lenient::scalar")]
    pub proxy_organization_open_id: String,
    /// Who did it, by the platform's own id.
    #[serde(deserialize_with = "lenient::scalar")]
    pub proxy_operator_open_id: String,
    /// Who may use the seal, by the platform's own id.
    #[serde(deserialize_with = "lenient::scalar")]
    pub authorized_operator_open_id: String,
    /// The seal.
    #[serde(deserialize_with = "lenient::scalar")]
    pub seal_id: String,
    /// What was done.
    #[serde(deserialize_with = "text")]
    pub operate: Option<SealOperate>,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

open_set! {
    /// What was done with a seal.
    SealOperate {
        Create = "Create",
        Delete = "Delete",
        Disable = "Disable",
        Enable = "Enable",
        Valid = "Valid",
        Invalid = "Invalid",
    }
}
