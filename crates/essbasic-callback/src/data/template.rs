use std::time::SystemTime;

use serde::Deserialize;
use tc3_api::lenient;

use super::as_time;
use crate::Members;
use crate::bounds::{id, name};

/// A template was added, changed, deleted or made available: the message's type says which.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Template {
    /// The organisation that has it.
    #[serde(deserialize_with = "id")]
    pub organization_id: String,
    /// Who did it.
    #[serde(deserialize_with = "id")]
    pub operator_user_id: String,
    /// The template.
    #[serde(deserialize_with = "id")]
    pub template_id: String,
    /// The template's name.
    #[serde(deserialize_with = "name")]
    pub template_name: String,
    /// When.
    #[serde(deserialize_with = "lenient::scalar")]
    pub create_time: i64,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

impl Template {
    /// The member `CreateTime` as a time; `None` of zero.
    pub fn create_time_as_time(&self) -> Option<SystemTime> {
        as_time(self.create_time)
    }
}
