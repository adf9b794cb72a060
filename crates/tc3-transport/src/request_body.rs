//! The body of a request as hyper and reqwest read it.
//!
//! A large one is sent only after the server had the opportunity to refuse the headers, and in parts between which the
//! response is read. Otherwise the reset of a connection that the server closes would discard its response.

use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::SendGate;
use crate::gate::{Closed, EXPECT_CONTINUE};

/// Maximum size of a part of a body, in bytes.
const PART_BYTES: usize = 256 << 10;

/// The body of a request. It passes the gate when it is read.
pub(crate) struct RequestBody {
    bytes: Bytes,
    gate: Option<SendGate>,
    expectation: Option<Expectation>,
    /// The wait for the acceptance of the headers; `None` before it begins.
    wait: Option<Pin<Box<Sleep>>>,
    /// The pause after a part, in which the runtime polls the sockets.
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

impl RequestBody {
    /// Creates the body; its expectation is that of [`Expectation::of`].
    pub(crate) fn new(
        bytes: Bytes,
        gate: Option<SendGate>,
        expectation: Option<Expectation>,
    ) -> Self {
        Self { bytes, gate, expectation, wait: None, pause: None }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        let body = &mut *self;
        if body.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let length = match &body.expectation {
            None => body.bytes.len(),
            Some(expectation) => {
                let wait = body.wait.get_or_insert_with(|| Box::pin(sleep(expectation.wait)));
                if expectation.state().is_waiting() && wait.as_mut().poll(cx).is_ready() {
                    expectation.accept();
                }
                if let Err(closed) = ready!(expectation.poll_accepted(cx)) {
                    return Poll::Ready(Some(Err(closed)));
                }
                if let Some(pause) = &mut body.pause {
                    ready!(pause.as_mut().poll(cx));
                }
                body.pause = Some(Box::pin(tokio::task::yield_now()));
                body.bytes.len().min(PART_BYTES)
            }
        };
        Poll::Ready(Some(match body.gate.as_ref().is_none_or(SendGate::pass) {
            true => Ok(Frame::data(body.bytes.split_to(length))),
            false => Err(Closed),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

/// The expectation that the server accepts the headers of a request with a large body. Clones share one state.
#[derive(Clone)]
pub(crate) struct Expectation {
    wait: Duration,
    shared: Arc<Mutex<State>>,
}

enum State {
    /// The server has not responded yet; the waker of the body.
    Waiting(Option<Waker>),
    /// The body is being sent.
    Accepted,
    /// The server has responded, and needs no further parts; the waker of the body.
    Answered(Option<Waker>),
    /// The response was read, or is not needed.
    Ended,
}

impl State {
    fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }
}

impl Expectation {
    /// Adds the header if the body is large. The body is sent after this wait, unless the server responds before.
    pub(crate) fn of(body: &Bytes, headers: &mut HeaderMap, wait: Duration) -> Option<Self> {
        (body.len() > EXPECT_CONTINUE).then(|| {
            headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
            Self { wait, shared: Arc::new(Mutex::new(State::Waiting(None))) }
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the body.
    pub(crate) fn accept(&self) {
        let waker = match &mut *self.state() {
            state if state.is_waiting() => match std::mem::replace(state, State::Accepted) {
                State::Waiting(waker) => waker,
                _ => None,
            },
            _ => None,
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Sends no further part, after a final response that does not depend on the body.
    pub(crate) fn answer(&self, status: StatusCode) {
        let mut state = self.state();
        let is_refused = status.is_client_error() || status.is_server_error();
        *state = match std::mem::replace(&mut *state, State::Ended) {
            State::Waiting(waker) => State::Answered(waker),
            State::Accepted if is_refused => State::Answered(None),
            other => other,
        };
    }

    /// Fails a body of which no further part is sent, so that its connection is closed.
    #[cfg(feature = "reqwest-no-tls")]
    fn end(&self) {
        let waker = match &mut *self.state() {
            state @ State::Answered(_) => match std::mem::replace(state, State::Ended) {
                State::Answered(waker) => waker,
                _ => None,
            },
            _ => None,
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Returns ready if the next part may be sent, or never will be.
    fn poll_accepted(&self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        match &mut *self.state() {
            State::Accepted => Poll::Ready(Ok(())),
            State::Ended => Poll::Ready(Err(Closed)),
            State::Waiting(waker) | State::Answered(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Ends an expectation after its response was read or dropped.
#[cfg(feature = "reqwest-no-tls")]
pub(crate) struct Answered(pub(crate) Expectation);

#[cfg(feature = "reqwest-no-tls")]
impl Drop for Answered {
    fn drop(&mut self) {
        self.0.end();
    }
}
