//! Faults: what goes wrong on purpose, by a seed.

mod absence;
mod damage;
mod kind;
mod nulls;
mod stream;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

pub(crate) use self::absence::Absence;
pub use self::kind::FaultKind;
pub(crate) use self::stream::{Connection, Script, Tampered};

/// How often what goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// The part of all requests, or of all TLS handshakes, from 0 to 1, that it hits.
    #[serde(default = "always")]
    pub rate: f64,
    /// Only requests of this action; `download` are those of files at their links. A handshake has none.
    #[serde(default)]
    pub action: Option<String>,
    /// No more often than this.
    #[serde(default)]
    pub times: Option<u64>,
}

fn always() -> f64 {
    1.0
}

/// What stands for an action in requests of files.
pub(crate) const DOWNLOAD: &str = "download";

impl Fault {
    /// This, each time.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, rate: 1.0, action: None, times: None }
    }

    /// Hits this part of all requests.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Hits this action alone, or `download`.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Hits so many times and no more.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// `KIND`, `KIND=RATE`, `KIND@ACTION`, `KIND=RATE@ACTION`.
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, action) = match text.split_once('@') {
            Some((text, action)) => (text, Some(action.to_owned())),
            None => (text, None),
        };
        let (kind, rate) = text.split_once('=').unwrap_or((text, "1"));
        let kind = FaultKind::ALL.into_iter().find(|known| known.to_string() == kind);
        let kind = kind.ok_or_else(|| {
            let known: Vec<_> = FaultKind::ALL.iter().map(FaultKind::to_string).collect();
            format!("there is no such fault; there are {}", known.join(", "))
        })?;
        if kind.hits_handshakes() && action.is_some() {
            return Err(format!("{kind} hits handshakes, which have no action: leave that out"));
        }
        let rate = rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        let rate = rate.ok_or("the rate of a fault is between 0 and 1, such as 0.05")?;
        Ok(Self { kind, rate, action, times: None })
    }
}

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
    fn faults_are_written_short() {
        assert_eq!("reset".parse(), Ok(Fault::new(FaultKind::Reset)));
        let fault = Fault::new(FaultKind::StallBody).rate(0.25).action("download");
        assert_eq!("stall-body=0.25@download".parse(), Ok(fault));
        assert!("flood".parse::<Fault>().unwrap_err().contains("over-long"));
        for rate in ["reset=2", "reset=-1", "reset=x", "reset=NaN"] {
            assert!(rate.parse::<Fault>().unwrap_err().contains("between 0 and 1"));
        }
    }

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
