//! Operations of the rate, of loops and of numbers.

use super::super::error::Error;
use super::super::pace::{Booking, Pace};
use super::super::requests::{self as request, Swept};
use super::super::view::{Booked, Counts, Pause, Sample};
use super::super::{Ledger, limits};

/// Rate.
impl Ledger {
    /// Books moments of requests for an action. All replicas share the window: no window has more than [`Pace::limit`] moments.
    ///
    /// The caller sends a request at its moment: `moment - now` milliseconds after the operation began, by a monotonic clock of its
    /// own, so that the latency of the store makes no request late. At a moment more than 25 ms past, nothing is sent; the caller
    /// books another one. [`Pace::window`] allows for that delay, and for the latency of requests.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable: no request may be sent.
    pub async fn book(&self, pace: Pace) -> Result<Booking, Error> {
        limits::name("action", &pace.action)?;
        limits::delay(pace.window)?;
        limits::delay(pace.horizon)?;
        limits::delay(pace.delay)?;
        let allowed = 1..=limits::MAX_MOMENTS;
        if !allowed.contains(&pace.count) || !allowed.contains(&pace.limit) || pace.window == 0 {
            return Err(Error::invalid(format!(
                "number or rate of moments is not in 1 to {}, or the window is 0",
                limits::MAX_MOMENTS
            )));
        }
        self.run(request::Book { pace }).await
    }

    /// Returns moments at which no request was sent, so that others can book them.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable; the moments remain unused then.
    pub async fn release(&self, action: &str, moments: Vec<i64>) -> Result<(), Error> {
        limits::name("action", action)?;
        limits::batch(moments.len())?;
        self.run(request::ReleaseMoments { action: action.to_owned(), moments }).await
    }

    /// Returns the booked moments of each action, at the time of its last booking.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn paces(&self) -> Result<Booked, Error> {
        self.run(request::Paces {}).await
    }
}

/// Operation.
impl Ledger {
    /// Returns an error if messages cannot be committed. Changes nothing, unless the last change was not committed: then a few bytes are
    /// written, so that a disk that is full is noticed as well as one that has space again.
    ///
    /// # Errors
    /// Returns an error with the reason: the store is unavailable, read-only, full, or was replaced by another one.
    pub async fn check_commits(&self) -> Result<(), Error> {
        let (store, writes) = (self.store_id.clone(), self.health.is_failing());
        self.run(request::CheckStore { store, writes }).await
    }

    /// Returns whether a change was not committed because of the store, and none was since.
    #[cfg(test)]
    pub(crate) fn is_failing(&self) -> bool {
        self.health.is_failing()
    }

    /// Notes that a message was not committed in time, as if its operation had failed: it may still wait, for instance for a standby.
    pub(crate) fn note_late_commit(&self) {
        self.health.fail();
    }

    /// Returns numbers of contracts, forwards and workers. Their cost does not depend on the number of finished contracts.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn counts(&self) -> Result<Counts, Error> {
        self.run(request::CountAll {}).await
    }

    /// Pauses a loop for all replicas, because of an error that affects every contract. The next probe is after the time for which the
    /// pause has lasted: at least five seconds, at most `delay`.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn pause(&self, name: &str, cause: &str, delay: i64) -> Result<(), Error> {
        limits::name("name of a loop", name)?;
        limits::delay(delay)?;
        let (name, cause) = (name.to_owned(), limits::detail(cause));
        self.run(request::PauseLoop { name, cause, delay }).await
    }

    /// Returns true if a loop may work: it is not paused, or this is the one worker that probes. The next probe follows as after
    /// [`pause`](Self::pause).
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn probe(&self, name: &str, delay: i64) -> Result<bool, Error> {
        limits::name("name of a loop", name)?;
        limits::delay(delay)?;
        self.run(request::Probe { name: name.to_owned(), delay, is_first: false }).await
    }

    /// Returns true, as [`probe`](Self::probe) of the one worker that probes: for the first probe of a process, which may have the fix.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn probe_first(&self, name: &str, delay: i64) -> Result<bool, Error> {
        limits::name("name of a loop", name)?;
        limits::delay(delay)?;
        self.run(request::Probe { name: name.to_owned(), delay, is_first: true }).await
    }

    /// Ends the pause of a loop. Returns whether it was paused.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn resume(&self, name: &str) -> Result<bool, Error> {
        limits::name("name of a loop", name)?;
        self.run(request::Resume { name: name.to_owned() }).await
    }

    /// Returns the paused loops.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn pauses(&self) -> Result<Vec<Pause>, Error> {
        self.run(request::Pauses {}).await
    }

    /// Stores the sample of the current minute, unless a replica has stored it. Returns true if this call did.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn sample(&self) -> Result<bool, Error> {
        self.run(request::TakeSample {}).await
    }

    /// Returns the samples since a time, earliest first: at most 10,080, those of 7 days.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn samples(&self, since: i64) -> Result<Vec<Sample>, Error> {
        self.run(request::Samples { since }).await
    }

    /// Deletes bodies after `retention` milliseconds, messages after 7 days or `retention` if it is longer, samples after 7 days and
    /// workers that expired an hour ago. Messages with forwards in the queue are kept. At most `limit` bodies and messages are deleted;
    /// repeat while a number is `limit`.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn sweep(&self, retention: i64, limit: usize) -> Result<Swept, Error> {
        limits::delay(retention)?;
        limits::batch(limit)?;
        self.run(request::Sweep { retention, limit }).await
    }
}
