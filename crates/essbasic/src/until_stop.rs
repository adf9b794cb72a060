//! Async work that a [`Stop`] ends early, if there is one.

use tc3_client::Stop;
use tc3_client::api::Action;
use tc3_client::transport::{AsyncBody, Request, Response, TransportError};

use crate::download::{FetchOutcome, NOT_DISCARDED};

/// Makes a call. Returns `None` if it was stopped.
pub(crate) async fn call_until<R>(
    client: &tc3_client::Client,
    request: &R,
    stop: Option<&Stop>,
) -> Result<Option<R::Response>, tc3_client::Error>
where
    R: Action + Sync,
    R::Response: Send,
{
    match stop {
        Some(stop) => client.call_cancellable(request, stop).await,
        None => client.call(request).await.map(Some),
    }
}

/// Sends a request. Returns `None` if it was stopped.
pub(crate) async fn send_until(
    client: &tc3_client::Client,
    request: Request,
    stop: Option<&Stop>,
) -> Result<Option<Response<AsyncBody>>, TransportError> {
    match stop {
        Some(stop) => client.send_cancellable(request, stop).await,
        None => client.send(request).await.map(Some),
    }
}

/// Returns the output of a future, or `None` if the work is stopped first.
pub(crate) async fn unless_stopped<T>(
    stop: Option<&Stop>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match stop {
        Some(stop) => stop.unless_stopped(work).await,
        None => Some(work.await),
    }
}

/// Returns the output of an operation of a store or sink, unless it does not end within [`Stop::GRACE`] after a stop.
pub(crate) async fn within_grace<T>(
    stop: Option<&Stop>,
    work: impl Future<Output = T>,
) -> Result<T, FetchOutcome> {
    match stop {
        Some(stop) => stop.within_grace(work).await.ok_or(FetchOutcome::Stopped),
        None => Ok(work.await),
    }
}

/// Waits for the abort of a file, which continues after that. After a stop it has [`Stop::GRACE`] of its own, because that of
/// the stop may have passed.
pub(crate) async fn within_own_grace(stop: Option<&Stop>, abort: impl Future<Output = ()>) {
    let mut abort = std::pin::pin!(abort);
    if within_grace(stop, abort.as_mut()).await.is_err() {
        let own = Stop::default();
        own.stop();
        if within_grace(Some(&own), abort).await.is_err() {
            tracing::warn!("{NOT_DISCARDED}");
        }
    }
}
