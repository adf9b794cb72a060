//! Effects of actions.

use super::{Model, no_action};
use crate::overlay::{Effect, Overlay};
use crate::problem::Problems;
use crate::spec::Spec;

pub(super) fn check(at: &mut Problems<'_>, spec: &Spec, overlay: &Overlay) {
    for (action, entry) in &overlay.effect {
        if !spec.actions.contains_key(action) {
            at.add(&["effect", action], no_action(action));
        } else if entry.effect == Effect::by_name(action) {
            at.add(&["effect", action], "stale: equals the effect by the name");
        }
    }
}

impl Model<'_> {
    /// Returns whether an action only reads.
    pub(crate) fn reads(&self, action: &str) -> bool {
        let entry = self.overlay.effect.get(action);
        entry.map_or_else(|| Effect::by_name(action), |entry| entry.effect) == Effect::Read
    }
}
