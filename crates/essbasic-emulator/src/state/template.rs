//! Templates that contracts are made from.

use serde::Deserialize;

use crate::json::from_object;

/// A template of a sub-organisation, as the seed gives it.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    /// Whether the parties sign in any order.
    #[serde(default)]
    pub(crate) unordered: bool,
    pub(crate) recipients: Vec<Recipient>,
    /// What the initiator fills in.
    #[serde(default)]
    pub(crate) fields: Vec<Field>,
}

/// A party that a template provides for.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct Recipient {
    pub(crate) id: String,
    pub(crate) role: String,
    /// Whether an organisation signs, not a person.
    #[serde(default)]
    pub(crate) organization: bool,
    #[serde(default)]
    pub(crate) initiator: bool,
}

/// A field to fill in.
#[derive(Clone, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) required: bool,
}

from_object!(Template: "a template", Recipient: "a recipient", Field: "a field");
