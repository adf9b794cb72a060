//! Faults: what goes wrong on purpose, by a seed.

mod damage;
mod fault;
mod kind;
mod nulls;
mod outage;
mod stream;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::fault::Fault;
pub use self::kind::FaultKind;
pub(crate) use self::outage::Absence;
pub(crate) use self::stream::{Connection, Script, Tampered};

/// What stands for an action in requests of files.
pub(crate) const DOWNLOAD: &str = "download";

/// All that is to go wrong.
#[derive(Default)]
pub(crate) struct Faults {
    dice: Mutex<Dice>,
    /// For how long connections are refused.
    pub(crate) absence: Absence,
}

#[derive(Default)]
struct Dice {
    faults: Vec<Fault>,
    random: fastrand::Rng,
    hits: BTreeMap<FaultKind, u64>,
}

impl Faults {
    pub(crate) fn set(&self, faults: Vec<Fault>, seed: u64) {
        let mut dice = self.dice();
        dice.faults = faults;
        dice.random = fastrand::Rng::with_seed(seed);
        self.absence.end();
    }

    /// What is to happen to a request of this action. The draws are made in the order of the requests.
    pub(crate) fn draw(&self, action: &str) -> Option<FaultKind> {
        self.draw_of(action, false)
    }

    /// What is to happen to a TLS handshake.
    pub(crate) fn draw_handshake(&self) -> Option<FaultKind> {
        self.draw_of("handshake", true)
    }

    fn draw_of(&self, action: &str, handshake: bool) -> Option<FaultKind> {
        let Dice { faults, random, hits } = &mut *self.dice();
        let meant = |fault: &Fault| {
            let only = fault.action.as_deref();
            fault.kind.hits_handshakes() == handshake && only.is_none_or(|only| only == action)
        };
        let fault = faults
            .iter_mut()
            .filter(|fault| meant(fault) && fault.times != Some(0))
            .find(|fault| random.f64() < fault.rate)?;
        fault.times = fault.times.map(|times| times - 1);
        *hits.entry(fault.kind).or_default() += 1;
        tracing::info!(action, fault = %fault.kind, "goes wrong");
        if fault.kind == FaultKind::Refused {
            self.absence.begin();
        }
        Some(fault.kind)
    }

    /// How often what has gone wrong.
    pub(crate) fn hits(&self) -> BTreeMap<FaultKind, u64> {
        self.dice().hits.clone()
    }

    fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let drawn = |seed| {
            let faults = Faults::default();
            let rules = vec![
                Fault::new(FaultKind::Drip).rate(0.1),
                Fault::new(FaultKind::Reset).rate(0.5).action("A").times(3),
            ];
            faults.set(rules, seed);
            let drawn: Vec<_> =
                (0..200).map(|n| faults.draw(if n % 2 == 0 { "A" } else { "B" })).collect();
            (drawn, faults.hits())
        };
        let (first, hits) = drawn(7);
        assert_eq!(first, drawn(7).0);
        assert_ne!(first, drawn(8).0);
        assert_eq!(hits[&FaultKind::Reset], 3);
        assert!((8..40).contains(&hits[&FaultKind::Drip]), "{hits:?}");
        assert!(first.iter().skip(1).step_by(2).all(|kind| *kind != Some(FaultKind::Reset)));
    }
}
