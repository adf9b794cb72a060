use serde::Deserialize;

use crate::spec::{CommonCode, Spec};
use crate::table::Table;

/// Error codes by action, which the reference lacks.
#[derive(Debug, Deserialize)]
pub struct ErrorCodes {
    /// The codes of each action.
    actions: Table<Vec<String>>,
    /// What each code means.
    codes: Table<String>,
    /// The codes of every service.
    #[serde(default)]
    common: Table<CommonCode>,
}

impl ErrorCodes {
    /// Puts the codes into a spec in place of those it has, and tells where the two contradict each other.
    pub fn add_to(self, spec: &mut Spec) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, action) in &mut spec.actions.0 {
            match self.actions.get(name) {
                Some(list) => {
                    action.errors = list.clone();
                    action.errors.sort();
                }
                None => {
                    lines.push(format!("contradiction: no error codes given for action {name}"));
                }
            }
        }
        for (name, _) in &self.actions {
            if !spec.actions.contains_key(name) {
                let reason = "which the reference does not have: dropped";
                lines.push(format!("contradiction: error codes for action {name}, {reason}"));
            }
        }
        spec.codes = self.codes;
        spec.common_codes = self.common;
        lines
    }
}
