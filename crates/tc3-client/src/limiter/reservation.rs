//! Permits of calls, which are released unless they are used.

use core::fmt;
use std::error::Error;
#[cfg(any(feature = "async-core", feature = "ureq"))]
use std::sync::Arc;
use std::time::Duration;

use super::permit::{Permit, PermitRequest};
use super::window::RateLimiter;
use crate::time::Now;

/// The error of a limiter.
pub(crate) type LimiterError = Box<dyn Error + Send + Sync>;

type Release = Box<dyn FnOnce(&Permit) + Send + Sync>;

/// The limiter that has granted a permit.
enum Owner {
    Window(RateLimiter),
    Caller(Release),
}

/// A reserved permit of a call. It is released when it is dropped, unless the call has used it.
pub struct Reservation {
    permit: Permit,
    /// `None` once it is used.
    owner: Option<Owner>,
}

impl Reservation {
    /// Creates a reservation with a function that releases the permit.
    pub fn new(permit: Permit, release: impl FnOnce(&Permit) + Send + Sync + 'static) -> Self {
        Self { permit, owner: Some(Owner::Caller(Box::new(release))) }
    }

    /// Returns the permit.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Replaces the permit by the one with which the limiter has confirmed it. The old one is not released.
    #[must_use]
    pub fn confirmed_as(mut self, permit: Permit) -> Self {
        self.permit = permit;
        self
    }

    /// Returns the time from which the permit is valid, on the monotonic clock.
    pub(crate) fn at(&mut self, now: Now) -> Duration {
        self.permit.fix(now)
    }

    /// Uses the permit.
    pub(crate) fn take(mut self) {
        self.owner = None;
    }

    /// Reserves a permit in this process, or confirms the previous one.
    pub(crate) fn in_process(
        limiter: &RateLimiter,
        request: &PermitRequest<'_>,
        previous: Option<Self>,
    ) -> Self {
        match previous {
            None => Self {
                permit: limiter.reserve(request),
                owner: Some(Owner::Window(limiter.clone())),
            },
            Some(previous) => {
                let permit = limiter.confirm(request, &previous.permit);
                previous.confirmed_as(permit)
            }
        }
    }

    /// Reserves a permit, or confirms the previous one.
    #[cfg(feature = "async-core")]
    pub(crate) async fn reserve(
        limiter: &Arc<dyn super::AsyncRateLimiter>,
        request: &PermitRequest<'_>,
        previous: Option<Self>,
    ) -> Result<Self, LimiterError> {
        let Some(previous) = previous else {
            let (permit, limiter) = (limiter.reserve(request).await?, Arc::clone(limiter));
            return Ok(Self::new(permit, move |permit| limiter.release(permit)));
        };
        let permit = limiter.confirm(request, &previous.permit).await?;
        Ok(previous.confirmed_as(permit))
    }

    /// Reserves a permit, or confirms the previous one.
    #[cfg(feature = "ureq")]
    pub(crate) fn reserve_blocking(
        limiter: &Arc<dyn super::BlockingRateLimiter>,
        request: &PermitRequest<'_>,
        previous: Option<Self>,
    ) -> Result<Self, LimiterError> {
        let Some(previous) = previous else {
            let (permit, limiter) = (limiter.reserve(request)?, Arc::clone(limiter));
            return Ok(Self::new(permit, move |permit| limiter.release(permit)));
        };
        let permit = limiter.confirm(request, &previous.permit)?;
        Ok(previous.confirmed_as(permit))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match self.owner.take() {
            None => {}
            Some(Owner::Window(limiter)) => limiter.release(&self.permit),
            Some(Owner::Caller(release)) => release(&self.permit),
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("permit", &self.permit).finish_non_exhaustive()
    }
}
