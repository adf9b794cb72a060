//! Contracts of the trial, and how each of them ends.

/// End of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Every party signs.
    Signed,
    /// Every party signs; later the contract is relieved.
    Relieved,
    Rejected,
    Cancelled,
}

impl Fate {
    /// Returns whether the files of the contract are archived.
    pub(crate) fn is_archived(self) -> bool {
        matches!(self, Self::Signed | Self::Relieved)
    }
}

/// A contract.
#[derive(Clone, Debug)]
pub(crate) struct Contract {
    pub(crate) id: String,
    pub(crate) fate: Fate,
    /// True if no callback reports that every party has signed.
    pub(crate) is_unreported: bool,
}

/// Returns the contracts. `unreported` is a percentage.
pub(crate) fn contracts(count: usize, unreported: f64, seed: u64) -> Vec<Contract> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|number| {
            let fate = match random.u32(..100) {
                0..3 => Fate::Rejected,
                3..6 => Fate::Cancelled,
                6..8 => Fate::Relieved,
                _ => Fate::Signed,
            };
            let is_unreported = fate == Fate::Signed && random.f64() * 100.0 < unreported;
            Contract { id: format!("yDTrial{number:025}"), fate, is_unreported }
        })
        .collect()
}
