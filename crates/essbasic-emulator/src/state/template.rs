//! Templates of contracts.

use serde::Deserialize;

use crate::json::from_object;

/// Template of a sub-organization, as in the seed.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    /// `true` if the parties sign in any order.
    #[serde(default)]
    pub(crate) unordered: bool,
    pub(crate) recipients: Vec<Recipient>,
    /// Fields that the initiator fills in.
    #[serde(default)]
    pub(crate) fields: Vec<Field>,
}

/// Party of a template.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct Recipient {
    pub(crate) id: String,
    pub(crate) role: String,
    /// `true` for an organization, `false` for a person.
    #[serde(default)]
    pub(crate) organization: bool,
    #[serde(default)]
    pub(crate) initiator: bool,
}

/// Field that the initiator fills in.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) required: bool,
}

from_object!(Template: "a template", Recipient: "a recipient", Field: "a field");
