use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Full;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::limits::Limits;

/// A stream to a server, in the clear or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) type Message = http::Request<Full<Bytes>>;
type Driver = Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

/// A connection, moved on by whoever uses it: no task runs beside. So a call wakes no other task, a connection that the
/// server closed is known to be when it is taken up again, and what is dropped is closed.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once the connection has ended.
    driver: Option<Driver>,
}

/// Why there is no answer.
pub(super) enum Unanswered {
    /// Nothing of the message was written.
    Unsent(Box<Message>, hyper::Error),
    Failed(hyper::Error),
    /// A limit struck.
    Late,
}

impl Link {
    pub(super) async fn new(stream: Box<dyn Stream>) -> hyper::Result<Self> {
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Some(driver) })
    }

    /// The head of the answer; the body comes by [`frame`](Self::frame).
    pub(super) async fn send(
        &mut self,
        message: Message,
        limits: &mut Limits,
    ) -> Result<http::Response<Incoming>, Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(message));
        let driver = &mut self.driver;
        let answer = poll_fn(|cx| {
            let answer = advance(driver, cx, |cx| answer.as_mut().poll(cx));
            or_late(answer, limits, cx)
        });
        answer.await.ok_or(Unanswered::Late)?.map_err(unanswered)
    }

    /// The next frame of a body; `Err(None)` where a limit struck.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
        limits: &mut Limits,
    ) -> Result<Option<Frame<Bytes>>, Option<hyper::Error>> {
        use hyper::body::Body as _;
        let frame = poll_fn(|cx| {
            let frame = advance(&mut self.driver, cx, |cx| Pin::new(&mut *body).poll_frame(cx));
            or_late(frame, limits, cx)
        });
        frame.await.ok_or(None)?.transpose().map_err(Some)
    }

    /// Whether another request can be sent, as far as it is known.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            let _ = advance(&mut self.driver, cx, |_| Poll::<()>::Pending);
            Poll::Ready(self.driver.is_some() && self.sender.is_ready())
        })
        .await
    }
}

/// Moves the connection on as far as it goes, and looks for what it yields. That is moved by nothing else: it need
/// wake nobody.
fn advance<T>(
    driver: &mut Option<Driver>,
    cx: &mut Context<'_>,
    mut look: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let mut unwoken = Context::from_waker(Waker::noop());
    if let Poll::Ready(found) = look(&mut unwoken) {
        return Poll::Ready(found);
    }
    // How it ended is told by what it should have yielded.
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
        *driver = None;
    }
    look(&mut unwoken)
}

/// The status that answers a `CONNECT`, and the stream beneath it; none where more was sent than the answer.
pub(super) async fn tunnel(
    stream: Box<dyn Stream>,
    message: Message,
) -> hyper::Result<(StatusCode, Option<Box<dyn Stream>>)> {
    let (mut sender, mut driver) = handshake(TokioIo::new(stream)).await?;
    let mut answer = pin!(sender.send_request(message));
    let mut has_ended = false;
    let status = poll_fn(|cx| {
        has_ended = has_ended || driver.poll_without_shutdown(cx).is_ready();
        answer.as_mut().poll(cx)
    });
    let status = status.await?.status();
    if status.is_success() && !has_ended {
        poll_fn(|cx| driver.poll_without_shutdown(cx)).await?;
    }
    let parts = driver.into_parts();
    Ok((status, parts.read_buf.is_empty().then(|| parts.io.into_inner())))
}

fn or_late<T>(found: Poll<T>, limits: &mut Limits, cx: &mut Context<'_>) -> Poll<Option<T>> {
    match found {
        Poll::Ready(found) => {
            limits.heard();
            Poll::Ready(Some(found))
        }
        Poll::Pending => limits.poll(cx).map(|()| None),
    }
}

fn unanswered(mut error: TrySendError<Message>) -> Unanswered {
    match error.take_message() {
        Some(message) => Unanswered::Unsent(Box::new(message), error.into_error()),
        None => Unanswered::Failed(error.into_error()),
    }
}
