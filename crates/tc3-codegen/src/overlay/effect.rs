//! Effects of actions.

use serde::{Deserialize, Serialize};

/// The effect of one action that differs from the one by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectEntry {
    /// The effect.
    pub effect: Effect,
    /// Source of the information.
    pub reason: String,
}

/// Effect of an action on the data of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only reads.
    Read,
    /// It may change data.
    Write,
}

impl Effect {
    /// Returns the effect of an action by its name: `Describe` and `Get` at its beginning read.
    pub(crate) fn by_name(action: &str) -> Self {
        match ["Describe", "Get"].iter().any(|verb| action.starts_with(verb)) {
            true => Self::Read,
            false => Self::Write,
        }
    }
}
