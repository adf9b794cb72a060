//! Clock skew: signatures with the time of the server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Call, Step};
use crate::error::Error;
use crate::time::{Now, skew};

/// Minimum difference of two clock skews, in seconds.
const MIN_SKEW_CHANGE: u64 = 60;

/// Minimum time of an attempt whose signature may have expired during the transfer. The service accepts it for five
/// minutes, which a smaller clock skew shortens.
const MIN_TRANSFER: Duration = Duration::from_secs(60);

/// Times that the clock of a server can have, since the Unix epoch: the years 2018, in which this signature was introduced,
/// to 2099.
const PLAUSIBLE: std::ops::Range<Duration> =
    Duration::from_secs(1_514_764_800)..Duration::from_secs(4_102_444_800);

impl<'a> Call<'a> {
    /// Returns the clock skew with which the next attempt is signed.
    pub(super) fn skew(&self) -> i64 {
        self.corrected.unwrap_or_else(|| self.engine.skew.load(Ordering::Relaxed))
    }

    /// Uses the clock skew of this call for later calls, because the service has accepted a signature with it.
    pub(super) fn confirm_skew(&self) {
        let Some(skew) = self.corrected else { return };
        if self.engine.skew.swap(skew, Ordering::Relaxed) != skew {
            tracing::warn!(skew_seconds = skew, "clock skew corrected with the time of the server");
        }
    }

    /// Retries with the server's time. A call corrects the skew again only if the value differs: then the clock of the
    /// previous server was wrong. A signature that expired during its transfer is replaced once.
    pub(super) fn correct_clock(
        &mut self,
        now: Now,
        server: Option<Duration>,
        error: Error,
    ) -> Step<'a> {
        if self.has_expired_in_transfer(now, server) {
            if std::mem::replace(&mut self.is_signed_again, true) {
                return self.fail(error);
            }
            return self.begin(now);
        }
        let Some(server) = server.filter(|server| PLAUSIBLE.contains(server)) else {
            return self.fail(error);
        };
        let skew = skew(server, now);
        if self.corrected.is_some_and(|tried| tried.abs_diff(skew) < MIN_SKEW_CHANGE) {
            return self.fail(error);
        }
        self.corrected = Some(skew);
        self.begin(now)
    }

    /// Replaces the hint of an expired signature if the clock is not the cause.
    pub(super) fn explain_expiry(&self, now: Now, server: Option<Duration>, error: Error) -> Error {
        match self.has_expired_in_transfer(now, server) {
            true => error.with_hint(
                "the transfer took longer than the 5 minutes for which a signature is valid; send less per request, \
                 or use a faster connection"
                    .into(),
            ),
            false => error,
        }
    }

    /// Returns whether the signature has expired during a long transfer: the clock agrees with the server's.
    fn has_expired_in_transfer(&self, now: Now, server: Option<Duration>) -> bool {
        let took = now.monotonic.saturating_sub(self.signed_at);
        let is_right = |server| skew(server, now).abs_diff(self.skew()) < MIN_SKEW_CHANGE;
        took >= MIN_TRANSFER && server.is_none_or(is_right)
    }
}
