//! Rate limit: permits for requests, so that the server does not throttle the client.

mod custom;
mod permit;
mod reservation;
mod times;
mod window;

use tc3_api::ActionInfo;

#[cfg(feature = "async-core")]
pub use custom::AsyncRateLimiter;
#[cfg(feature = "ureq")]
pub use custom::BlockingRateLimiter;
pub use permit::{Permit, PermitRequest};
pub(crate) use reservation::LimiterError;
pub use reservation::Reservation;
pub use window::RateLimiter;

/// Rate limit of a client, in requests per second and action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RateLimit {
    /// The limit that the service sets for each action and account; 20 if it is not known. The window of one second is
    /// extended by 25 ms, because the time between requests varies on their way to the service.
    #[default]
    PerAction,
    /// The same limit for each action. Zero counts as one. Set a lower one than the service's if several
    /// programs share an account and no rate limiter, and a higher one if the service has raised it.
    Fixed(u32),
    /// No limit in the client. The server may throttle requests.
    Off,
}

/// Default limit of nearly all actions, in requests per second.
const DEFAULT_RATE: u32 = 20;

impl RateLimit {
    /// Returns the rate of an action, at least one; `None` without a limit.
    pub(crate) fn per_second(self, info: &ActionInfo<'_>) -> Option<u32> {
        let rate = match self {
            Self::PerAction => info.rate_limit.unwrap_or(DEFAULT_RATE),
            Self::Fixed(rate) => rate,
            Self::Off => return None,
        };
        Some(rate.max(1))
    }
}
