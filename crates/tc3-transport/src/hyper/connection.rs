use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::StatusCode;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::timeouts::Timeouts;
use crate::request_body::RequestBody;

/// A stream to a server, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) type Message = http::Request<RequestBody>;
type ConnectionFuture = http1::Connection<TokioIo<Box<dyn Stream>>, RequestBody>;

/// A connection that is polled by its user, without a separate task. So a call wakes no other task, a connection that the
/// server has closed is detected before reuse, and dropping it closes it.
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    /// `None` after the connection has ended.
    future: Option<ConnectionFuture>,
}

/// Error of a request without a response.
pub(super) enum SendError {
    /// No byte of the message was written.
    Unsent(Box<Message>, hyper::Error),
    Failed(hyper::Error),
    /// A timeout expired.
    Timeout,
}

impl Connection {
    pub(super) async fn new(stream: Box<dyn Stream>) -> hyper::Result<Self> {
        let (sender, future) = handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, future: Some(future) })
    }

    /// Sends a message and returns the head of the response; [`frame`](Self::frame) returns its body.
    pub(super) async fn send(
        &mut self,
        message: Message,
        timeouts: &mut Timeouts,
    ) -> Result<http::Response<Incoming>, SendError> {
        let mut response = pin!(self.sender.try_send_request(message));
        let future = &mut self.future;
        let response = poll_fn(|cx| {
            let response = advance(future, cx, |cx| response.as_mut().poll(cx));
            or_timeout(response, timeouts, cx)
        });
        response.await.ok_or(SendError::Timeout)?.map_err(send_error)
    }

    /// Returns the next frame of a body; `Err(None)` if a timeout expired.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
        timeouts: &mut Timeouts,
    ) -> Result<Option<Frame<Bytes>>, Option<hyper::Error>> {
        use hyper::body::Body as _;
        let frame = poll_fn(|cx| {
            let frame = advance(&mut self.future, cx, |cx| Pin::new(&mut *body).poll_frame(cx));
            or_timeout(frame, timeouts, cx)
        });
        frame.await.ok_or(None)?.transpose().map_err(Some)
    }

    /// Returns whether the connection is open for another request, as far as known.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            let _ = advance(&mut self.future, cx, |_| Poll::<()>::Pending);
            Poll::Ready(self.future.is_some() && self.sender.is_ready())
        })
        .await
    }
}

/// Polls the connection and then `poll_result`, which progresses only if the connection does and so needs no waker.
fn advance<T>(
    future: &mut Option<ConnectionFuture>,
    cx: &mut Context<'_>,
    mut poll_result: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let mut without_waker = Context::from_waker(Waker::noop());
    if let Poll::Ready(result) = poll_result(&mut without_waker) {
        return Poll::Ready(result);
    }
    // `poll_result` returns the error of a connection that has ended.
    if future.as_mut().is_some_and(|future| Pin::new(future).poll(cx).is_ready()) {
        *future = None;
    }
    poll_result(&mut without_waker)
}

/// Sends a `CONNECT` request. Returns the status and the stream; no stream if the proxy sent data after its response.
pub(super) async fn tunnel(
    stream: Box<dyn Stream>,
    message: Message,
) -> hyper::Result<(StatusCode, Option<Box<dyn Stream>>)> {
    let (mut sender, mut future) = handshake(TokioIo::new(stream)).await?;
    let mut response = pin!(sender.send_request(message));
    let mut has_ended = false;
    let status = poll_fn(|cx| {
        has_ended = has_ended || future.poll_without_shutdown(cx).is_ready();
        response.as_mut().poll(cx)
    });
    let status = status.await?.status();
    if status.is_success() && !has_ended {
        poll_fn(|cx| future.poll_without_shutdown(cx)).await?;
    }
    let parts = future.into_parts();
    Ok((status, parts.read_buf.is_empty().then(|| parts.io.into_inner())))
}

/// Returns the result, or `None` if a timeout has expired.
fn or_timeout<T>(
    result: Poll<T>,
    timeouts: &mut Timeouts,
    cx: &mut Context<'_>,
) -> Poll<Option<T>> {
    match result {
        Poll::Ready(result) => {
            timeouts.record_activity();
            Poll::Ready(Some(result))
        }
        Poll::Pending => timeouts.poll(cx).map(|()| None),
    }
}

fn send_error(mut error: TrySendError<Message>) -> SendError {
    match error.take_message() {
        Some(message) => SendError::Unsent(Box::new(message), error.into_error()),
        None => SendError::Failed(error.into_error()),
    }
}
