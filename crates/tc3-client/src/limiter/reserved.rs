//! Permits of calls, which are released unless they are used.

use std::error::Error;
#[cfg(any(feature = "async-core", feature = "ureq"))]
use std::sync::Arc;
use std::time::Duration;

use super::permit::{Permit, PermitRequest};
use super::window::RateLimiter;
use crate::time::Now;

/// The error of a limiter.
pub(crate) type LimiterError = Box<dyn Error + Send + Sync>;

/// The limiter that has issued a permit.
enum Owner {
    Window(RateLimiter),
    #[cfg(feature = "async-core")]
    Async(Arc<dyn super::AsyncRateLimiter>),
    #[cfg(feature = "ureq")]
    Blocking(Arc<dyn super::BlockingRateLimiter>),
}

/// A reserved permit. It is released when it is dropped, unless it was used.
pub(crate) struct Reserved {
    permit: Permit,
    /// `None` once it is used.
    owner: Option<Owner>,
}

impl Reserved {
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
        let permit = match &previous {
            None => limiter.reserve(request),
            Some(previous) => limiter.confirm(request, &previous.permit),
        };
        Self::replacing(previous, permit, Owner::Window(limiter.clone()))
    }

    /// Reserves a permit, or confirms the previous one.
    #[cfg(feature = "async-core")]
    pub(crate) async fn reserve(
        limiter: &Arc<dyn super::AsyncRateLimiter>,
        request: &PermitRequest<'_>,
        previous: Option<Self>,
    ) -> Result<Self, LimiterError> {
        let permit = match &previous {
            None => limiter.reserve(request).await?,
            Some(previous) => limiter.confirm(request, &previous.permit).await?,
        };
        Ok(Self::replacing(previous, permit, Owner::Async(Arc::clone(limiter))))
    }

    /// Reserves a permit, or confirms the previous one.
    #[cfg(feature = "ureq")]
    pub(crate) fn reserve_blocking(
        limiter: &Arc<dyn super::BlockingRateLimiter>,
        request: &PermitRequest<'_>,
        previous: Option<Self>,
    ) -> Result<Self, LimiterError> {
        let permit = match &previous {
            None => limiter.reserve(request)?,
            Some(previous) => limiter.confirm(request, &previous.permit)?,
        };
        Ok(Self::replacing(previous, permit, Owner::Blocking(Arc::clone(limiter))))
    }

    fn replacing(previous: Option<Self>, permit: Permit, owner: Owner) -> Self {
        if let Some(previous) = previous {
            previous.take();
        }
        Self { permit, owner: Some(owner) }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        match self.owner.take() {
            None => {}
            Some(Owner::Window(limiter)) => limiter.release(&self.permit),
            #[cfg(feature = "async-core")]
            Some(Owner::Async(limiter)) => limiter.release(&self.permit),
            #[cfg(feature = "ureq")]
            Some(Owner::Blocking(limiter)) => limiter.release(&self.permit),
        }
    }
}
