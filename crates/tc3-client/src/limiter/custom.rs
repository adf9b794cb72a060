//! Rate limiters of the caller, such as one whose permits are in a store that several processes share.

use std::error::Error;

use super::permit::{Permit, PermitRequest};

/// A rate limiter of the async client.
///
/// The future of an operation is dropped after a [`Stop`](crate::Stop), and at the deadline of the call if the timer of the
/// client [is in real time](crate::AsyncSleep::is_real_time). The limiter releases what such a future has reserved.
///
/// ```
/// use std::error::Error;
///
/// use tc3_client::transport::async_trait;
/// use tc3_client::{AsyncRateLimiter, Permit, PermitRequest};
/// # use std::time::Duration;
/// # #[derive(Clone)]
/// # struct Store;
/// # impl Store {
/// #     async fn reserve(&self, _: &str, _: u32) -> Result<(String, Duration), std::io::Error> {
/// #         Ok(("1".to_owned(), Duration::ZERO))
/// #     }
/// #     fn queue_release(&self, _: &str) {}
/// # }
///
/// struct StoreLimiter(Store);
///
/// #[async_trait]
/// impl AsyncRateLimiter for StoreLimiter {
///     async fn reserve(
///         &self,
///         request: &PermitRequest<'_>,
///     ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
///         let (id, wait) = self.0.reserve(request.action, request.rate).await?;
///         Ok(Permit::after(wait).with_id(id))
///     }
///
///     fn release(&self, permit: &Permit) {
///         if let Some(id) = permit.id() {
///             self.0.queue_release(id);
///         }
///     }
/// }
/// ```
#[cfg(feature = "async-core")]
#[async_trait::async_trait]
pub trait AsyncRateLimiter: Send + Sync {
    /// Reserves the next permit for a request.
    ///
    /// # Errors
    /// Returns an error if no permit can be reserved. The call fails with its text. A limiter that permits requests without
    /// its store returns `Permit::after(Duration::ZERO)` instead.
    async fn reserve(
        &self,
        request: &PermitRequest<'_>,
    ) -> Result<Permit, Box<dyn Error + Send + Sync>>;

    /// Confirms a permit after the wait for it. Returns it, or a later one by which the limiter has replaced it, because
    /// the call is late.
    ///
    /// By default, each permit is confirmed.
    ///
    /// # Errors
    /// Returns an error if the permit cannot be confirmed. The call fails with its text and releases the permit.
    async fn confirm(
        &self,
        request: &PermitRequest<'_>,
        permit: &Permit,
    ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
        let _ = request;
        Ok(permit.clone())
    }

    /// Releases a permit that is not used: the call was cancelled, or its deadline is earlier.
    ///
    /// It is also called when the future of a call is dropped. It must not block: a limiter with a store passes the
    /// permit to another task or thread.
    fn release(&self, permit: &Permit);
}

/// A rate limiter of the blocking client.
///
/// An operation must end within [`PermitRequest::timeout`], because a thread cannot be interrupted. A call with a
/// [`Stop`](crate::Stop) runs it on a thread of its own, which the caller stops waiting for. A permit that such a thread still
/// reserves is released.
#[cfg(feature = "ureq")]
pub trait BlockingRateLimiter: Send + Sync {
    /// Reserves the next permit for a request.
    ///
    /// # Errors
    /// Returns an error if no permit can be reserved. The call fails with its text. A limiter that permits requests without
    /// its store returns `Permit::after(Duration::ZERO)` instead.
    fn reserve(&self, request: &PermitRequest<'_>) -> Result<Permit, Box<dyn Error + Send + Sync>>;

    /// Confirms a permit after the wait for it. Returns it, or a later one by which the limiter has replaced it, because
    /// the call is late.
    ///
    /// By default, each permit is confirmed.
    ///
    /// # Errors
    /// Returns an error if the permit cannot be confirmed. The call fails with its text and releases the permit.
    fn confirm(
        &self,
        request: &PermitRequest<'_>,
        permit: &Permit,
    ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
        let _ = request;
        Ok(permit.clone())
    }

    /// Releases a permit that is not used: the call was cancelled, or its deadline is earlier. It must return promptly.
    fn release(&self, permit: &Permit);
}
