//! Worker incarnations and their leases.

use std::fmt;

use super::error::Error;

/// ID of a worker incarnation: 128 random bits, new for each start of a process and after each lost lease.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(String);

impl WorkerId {
    /// Returns a new random ID.
    ///
    /// # Errors
    /// Returns an error if the operating system has no random numbers.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|_| Error::unavailable("the system has no random numbers; retry later"))?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Returns the ID in hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Callbacks that the process of a worker has refused since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RefusedCallbacks {
    /// Their number.
    pub count: i64,
    /// Time since the last one, in milliseconds.
    pub age: Option<i64>,
}

/// Lease of a worker. Times are those of the clock of the store, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// Time of the operation.
    pub now: i64,
    /// Time at which the lease expires, unless a beat renews it.
    pub alive_until: i64,
}

/// Time by which the clock of the store may go back without the loss of all leases, in milliseconds: the difference of two machines whose
/// clocks are synchronized.
pub(crate) const CLOCK_SLACK_MS: i64 = 5_000;

/// Returns true if a lease of this length has not expired. If the clock went back, for instance because a standby took over, a lease that
/// ends later than one that begins now is not alive: it would last as long as the difference.
pub(crate) fn is_alive(alive_until: i64, lease: i64, now: i64) -> bool {
    alive_until > now && alive_until.saturating_sub(lease) <= now.saturating_add(CLOCK_SLACK_MS)
}
