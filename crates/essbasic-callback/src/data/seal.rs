use serde::Deserialize;

use crate::Members;
use crate::bounds::{id, word};
use crate::open_set::open_set;

/// Something was done with a seal.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct OperateSeal {
    /// The platform's application.
    #[serde(deserialize_with = "id")]
    pub application_id: String,
    /// The organisation, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_organization_open_id: String,
    /// Who did it, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub proxy_operator_open_id: String,
    /// Who may use the seal, by the platform's own id.
    #[serde(deserialize_with = "id")]
    pub authorized_operator_open_id: String,
    /// The seal.
    #[serde(deserialize_with = "id")]
    pub seal_id: String,
    /// What was done.
    #[serde(deserialize_with = "word")]
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
