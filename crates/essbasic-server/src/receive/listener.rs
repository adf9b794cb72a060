//! The public listener: `POST /`, and nothing else.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Extension, Router};
use essbasic_callback::{Receiver, RefusalReason, SIGNATURE_HEADER, Verified};
use essbasic_page::Requests;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::group::Queue;
use super::message::Converter;
use crate::ledger::{ErrorKind, Receipt};
use crate::metrics::Metrics;
use crate::refusals::Refusals;

/// Time for the body of a callback.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Maximum size of a body that is read to its end, although it is larger than the limit of messages. In bytes.
const MAX_DISCARDED_BYTES: usize = 16 << 20;

/// Dependencies of the listener.
pub(crate) struct Receiving {
    pub(crate) receiver: Receiver,
    pub(crate) converter: Converter,
    pub(crate) queue: Queue,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) refusals: Arc<Refusals>,
}

/// Result of a callback, as the metric `callbacks_total` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Received {
    /// Committed.
    New,
    /// Committed earlier.
    Duplicate,
    /// A ping of the platform's console.
    Ping,
    /// Not authentic, not a message, or too old.
    Refused,
    /// Larger than the limit.
    TooLarge,
    /// Not sent completely in time.
    Incomplete,
    /// Not committed.
    Unavailable,
}

impl Received {
    /// Returns the name in the metric.
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Duplicate => "duplicate",
            Self::Ping => "ping",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::Unavailable => "unavailable",
        }
    }

    /// Returns the status of the response.
    fn status(self) -> StatusCode {
        match self {
            Self::New | Self::Duplicate | Self::Ping => StatusCode::OK,
            Self::Refused | Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Returns the routes of the listener.
pub(crate) fn router(receiving: Arc<Receiving>) -> Router {
    Router::new().route("/", post(receive)).with_state(receiving)
}

async fn receive(
    State(receiving): State<Arc<Receiving>>,
    requests: Option<Extension<Requests>>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    let received = receiving.receive(&headers, body, requests.as_deref()).await;
    receiving.metrics.callback(received.as_str());
    received.status()
}

impl Receiving {
    /// A connection is kept open for a message only after it was verified.
    async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
        requests: Option<&Requests>,
    ) -> Received {
        let body = match timeout(BODY_TIMEOUT, read(body, self.receiver.max_body_bytes())).await {
            Ok(Ok(body)) => body,
            Ok(Err(refused)) => return refused,
            Err(_) => return Received::Incomplete,
        };
        // A header that is not a string is an invalid signature, not an absent one.
        let signature =
            headers.get(SIGNATURE_HEADER).map(|value| value.to_str().unwrap_or_default());
        let message = match self.receiver.verify(signature, &body, SystemTime::now()) {
            Ok(Verified::Message { message, .. }) => message,
            Ok(Verified::Ping) => return Received::Ping,
            Err(refused) if refused.reason() == RefusalReason::TooLarge => {
                return Received::TooLarge;
            }
            Err(refused) => {
                self.refusals.add(Some(refused.reason()));
                return Received::Refused;
            }
        };
        let _in_flight = requests.map(Requests::begin);
        let Ok(message) = self.converter.convert(&message) else { return Received::Unavailable };
        match self.queue.commit(message).await {
            Ok(Receipt::New) => Received::New,
            Ok(Receipt::Duplicate) => Received::Duplicate,
            // A message that the ledger cannot store is refused each time.
            Err(error) if error.kind() == ErrorKind::Invalid => {
                self.refusals.add(None);
                Received::Refused
            }
            Err(_) => Received::Unavailable,
        }
    }
}

/// Reads a body of at most `max` bytes. A larger one is read to its end too, within a limit: a sender that is still sending would not
/// receive the response.
async fn read(mut body: Body, max: usize) -> Result<Vec<u8>, Received> {
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Received::Incomplete)?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length > MAX_DISCARDED_BYTES {
            break;
        }
        match length <= max {
            true => bytes.extend_from_slice(data),
            false => bytes = Vec::new(),
        }
    }
    if length > max { Err(Received::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_is_a_label_from_the_start() {
        let text = Metrics::new(Vec::new(), true).encode().unwrap();
        for received in [
            Received::New,
            Received::Duplicate,
            Received::Ping,
            Received::Refused,
            Received::TooLarge,
            Received::Incomplete,
            Received::Unavailable,
        ] {
            let label = format!("essbasic_callbacks_total{{result=\"{}\"}} 0", received.as_str());
            assert!(text.contains(&label), "{label}");
        }
    }
}
