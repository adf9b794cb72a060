use serde::Deserialize;

use crate::spec::Spec;
use crate::table::Table;

/// Error codes by action, which the reference does not contain.
#[derive(Debug, Deserialize)]
pub struct ErrorCodes {
    /// Codes of each action.
    actions: Table<Vec<String>>,
    /// Meaning of each code.
    codes: Table<String>,
    /// Codes common to all services.
    #[serde(default)]
    common: Table<CommonCode>,
}

/// A code common to all services. Its other fields are opinions, which `errors.json` replaces.
#[derive(Debug, Deserialize)]
struct CommonCode {
    description: String,
}

impl ErrorCodes {
    /// Replaces the error codes of a spec, and returns the contradictions between the two as lines.
    pub fn add_to(self, spec: &mut Spec) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, action) in &mut spec.actions.0 {
            match self.actions.get(name) {
                Some(list) => {
                    action.errors = list.clone();
                    action.errors.sort();
                }
                None => {
                    lines.push(format!("contradiction: no error codes for action {name}"));
                }
            }
        }
        for (name, _) in &self.actions {
            if !spec.actions.contains_key(name) {
                let reason = "which is not in the reference; ignored";
                lines.push(format!("contradiction: error codes for action {name}, {reason}"));
            }
        }
        spec.codes = self.codes;
        let common = self.common.0.into_iter();
        spec.common_codes = common.map(|(code, facts)| (code, facts.description)).collect();
        lines
    }
}
