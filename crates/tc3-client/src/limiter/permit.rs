//! Permits and requests for them.

use std::sync::Arc;
use std::time::Duration;

use crate::time::Now;

/// A request for the permit of one attempt.
///
/// It identifies service and action, and neither the account nor the region, which the service counts separately. A limiter
/// for several accounts or regions is one value per account and region, each for the clients of that account and region.
///
/// The use of a permit is not reported: a permit that is not released counts as used from its time on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PermitRequest<'a> {
    /// Name of the service, such as `essbasic`.
    pub service: &'a str,
    /// Name of the action. That of the outer action if the call is encapsulated.
    pub action: &'a str,
    /// Rate limit of the action in requests per second, by [`RateLimit`](crate::RateLimit); at least one.
    pub rate: u32,
    /// Time of the request on the clock of the client.
    pub now: Now,
    /// Time until the deadline of the call; `None` if it has none. It bounds the IO of a limiter.
    pub timeout: Option<Duration>,
}

impl<'a> PermitRequest<'a> {
    /// Creates a request without a timeout. A rate of zero counts as one.
    pub fn new(service: &'a str, action: &'a str, rate: u32, now: Now) -> Self {
        Self { service, action, rate: rate.max(1), now, timeout: None }
    }
}

/// The right to send one request within the rate limit, from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    start: Start,
    id: Option<Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Time on the monotonic clock.
    At(Duration),
    /// Time since the limiter returned the permit.
    After(Duration),
}

impl Permit {
    /// Creates a permit that is valid `wait` after the limiter returns it.
    pub fn after(wait: Duration) -> Self {
        Self { start: Start::After(wait), id: None }
    }

    /// Creates a permit that is valid from a time on the monotonic clock.
    pub(super) fn at(at: Duration, id: Arc<str>) -> Self {
        Self { start: Start::At(at), id: Some(id) }
    }

    /// Sets the ID by which the limiter finds the permit when it is confirmed or released.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Returns the ID that the limiter has set.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the time from `now` until the permit is valid.
    pub fn wait(&self, now: Now) -> Duration {
        match self.start {
            Start::At(at) => at.saturating_sub(now.monotonic),
            Start::After(wait) => wait,
        }
    }

    /// Returns the time from which the permit is valid, on the monotonic clock. From now on it is fixed.
    pub(crate) fn fix(&mut self, now: Now) -> Duration {
        let at = match self.start {
            Start::At(at) => at,
            Start::After(wait) => now.monotonic.saturating_add(wait),
        };
        self.start = Start::At(at);
        at
    }

    /// Returns the window and the time of a permit of [`RateLimiter`](super::RateLimiter).
    pub(super) fn window(&self) -> Option<(&Arc<str>, Duration)> {
        match (self.start, &self.id) {
            (Start::At(at), Some(id)) => Some((id, at)),
            _ => None,
        }
    }
}
