//! Faults that the emulator injects, drawn by a seed.

mod body;
pub(crate) mod fault;
pub(crate) mod kind;
pub(crate) mod outage;
mod replacement;
mod steps;
pub(crate) mod stream;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::fault::Fault;
use self::kind::FaultKind;
use self::outage::Outage;

/// Action name of requests for files.
pub(crate) const DOWNLOAD: &str = "download";

/// Configured faults and their hits.
#[derive(Default)]
pub(crate) struct Faults {
    injector: Mutex<Injector>,
    /// Outage that [`FaultKind::Refused`] starts.
    pub(crate) outage: Outage,
}

#[derive(Default)]
struct Injector {
    faults: Vec<Fault>,
    random: fastrand::Rng,
    hits: BTreeMap<FaultKind, u64>,
}

impl Faults {
    /// Replaces the faults and the seed, and ends an outage.
    pub(crate) fn set(&self, faults: Vec<Fault>, seed: u64) {
        let mut injector = self.injector();
        injector.faults = faults;
        injector.random = fastrand::Rng::with_seed(seed);
        self.outage.cancel();
    }

    /// Returns the faults with their remaining hits.
    pub(crate) fn current(&self) -> Vec<Fault> {
        self.injector().faults.clone()
    }

    /// Draws the fault of a request for this action. Draws are made in the order of the requests.
    pub(crate) fn draw(&self, action: &str) -> Option<FaultKind> {
        self.draw_for(action, false)
    }

    /// Draws the fault of a TLS handshake.
    pub(crate) fn draw_handshake(&self) -> Option<FaultKind> {
        self.draw_for("handshake", true)
    }

    fn draw_for(&self, action: &str, handshake: bool) -> Option<FaultKind> {
        let Injector { faults, random, hits } = &mut *self.injector();
        let applies = |fault: &Fault| {
            let only = fault.action.as_deref();
            fault.kind.hits_handshakes() == handshake && only.is_none_or(|only| only == action)
        };
        let fault = faults
            .iter_mut()
            .filter(|fault| applies(fault) && fault.times != Some(0))
            .find(|fault| random.f64() < fault.rate)?;
        fault.times = fault.times.map(|times| times - 1);
        *hits.entry(fault.kind).or_default() += 1;
        tracing::info!(action, fault = %fault.kind, "inject a fault");
        if fault.kind == FaultKind::Refused {
            self.outage.start();
        }
        Some(fault.kind)
    }

    /// Returns the number of hits of each kind.
    pub(crate) fn hits(&self) -> BTreeMap<FaultKind, u64> {
        self.injector().hits.clone()
    }

    fn injector(&self) -> MutexGuard<'_, Injector> {
        self.injector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_draw_equal_faults() {
        let draw = |seed| {
            let faults = Faults::default();
            let rules = vec![
                Fault::new(FaultKind::Drip).with_rate(0.1),
                Fault::new(FaultKind::Reset).with_rate(0.5).with_action("A").with_times(3),
            ];
            faults.set(rules, seed);
            let drawn: Vec<_> =
                (0..200).map(|n| faults.draw(if n % 2 == 0 { "A" } else { "B" })).collect();
            (drawn, faults.hits())
        };
        let (first, hits) = draw(7);
        assert_eq!(first, draw(7).0);
        assert_ne!(first, draw(8).0);
        assert_eq!(hits[&FaultKind::Reset], 3);
        assert!((8..40).contains(&hits[&FaultKind::Drip]), "{hits:?}");
        assert!(first.iter().skip(1).step_by(2).all(|kind| *kind != Some(FaultKind::Reset)));
    }
}
