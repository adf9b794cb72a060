//! The receiver as a tower service.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_service::Service;

use crate::{Message, Received, Receiver, RefusalReason, Refused, SIGNATURE_HEADER};

/// Answers the platform's requests, and hands each new message to a handler.
///
/// ```
/// use essbasic_callback::{CallbackService, Message, HandlerError, Receiver, Token};
///
/// # async fn insert(_: String) -> std::io::Result<()> { Ok(()) }
/// let receiver = Receiver::new(Token::new("the token")?, None);
/// let service = CallbackService::new(receiver, |message: Message| async {
///     // Returns once the message is stored: a queue in memory is lost with the process.
///     insert(message.into_json()).await.map_err(|_| HandlerError)
/// });
/// // With axum: Router::new().route_service("/callback", service)
/// # fn takes<S: tower_service::Service<http::Request<String>> + Clone + Send + Sync>(_: S) {}
/// # takes(service);
/// # Ok::<(), essbasic_callback::KeyError>(())
/// ```
///
/// A handler should store the message durably and return; the work is done elsewhere. 200 is sent when it
/// returns `Ok`, and the platform does not send the message again. If it returns [`HandlerError`], panics, or is
/// cancelled because the connection broke, the message is not accepted, and its next delivery is handled.
/// What went wrong is the handler's to log; this service logs nothing. The response to a refused callback
/// has [`Refused`] among its extensions, which are not sent: a middleware can log its
/// [`reason`](Refused::reason).
///
/// | what came | answer |
/// |---|---|
/// | a new message, and the handler took it | 200 |
/// | a probe, a repeat | 200 |
/// | a new message, and the handler did not take it | 503 |
/// | a message whose earlier delivery is still with the handler | 503 |
/// | whatever is [refused](Refused), also more than one signature, or a body that broke off | 400 |
/// | another method than POST | 405 |
/// | a body larger than [`Receiver::max_body_bytes`] | 413 |
///
/// It reads the machine's clock, and no more of a body than the receiver takes. How long a body may take
/// to come is for the server to limit.
pub struct CallbackService<H> {
    receiver: Arc<Receiver>,
    handler: H,
}

/// The handler could not take the message; the platform shall send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandlerError;

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message was not taken")
    }
}

impl Error for HandlerError {}

impl<H> CallbackService<H> {
    /// Of a receiver, which may be shared, and of an async function that takes a [`Message`].
    pub fn new<F>(receiver: impl Into<Arc<Receiver>>, handler: H) -> Self
    where
        H: Fn(Message) -> F,
        F: Future<Output = Result<(), HandlerError>>,
    {
        Self { receiver: receiver.into(), handler }
    }
}

impl<H: Clone> Clone for CallbackService<H> {
    fn clone(&self) -> Self {
        Self { receiver: Arc::clone(&self.receiver), handler: self.handler.clone() }
    }
}

impl<H> fmt::Debug for CallbackService<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackService").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}

type Answer = Response<String>;

impl<B, H, F> Service<Request<B>> for CallbackService<H>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    H: Fn(Message) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), HandlerError>> + Send,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (receiver, handler) = (Arc::clone(&self.receiver), self.handler.clone());
        Box::pin(async move { Ok(answer(&receiver, handler, request).await) })
    }
}

async fn answer<B, H, F>(receiver: &Receiver, handler: H, request: Request<B>) -> Answer
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    H: Fn(Message) -> F,
    F: Future<Output = Result<(), HandlerError>>,
{
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "callbacks are posted");
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return answer;
    }
    // Where the length is said beforehand, nothing need be read to know.
    let largest = receiver.max_body_bytes();
    if body.size_hint().lower() > largest as u64 {
        return refuse(Refused(RefusalReason::TooLarge));
    }
    let body = match Limited::new(body, largest).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return refuse(Refused(RefusalReason::TooLarge));
        }
        Err(_) => return refuse(Refused(RefusalReason::Incomplete)),
    };
    let received = signature(&parts.headers)
        .and_then(|signature| receiver.receive(signature, &body, SystemTime::now()));
    match received {
        Ok(Received::Ping | Received::Duplicate { .. }) => text(StatusCode::OK, ""),
        Ok(Received::InProgress { .. }) => again(),
        Ok(Received::New(delivery)) => {
            let (message, claim) = delivery.into_parts();
            match handler(message).await {
                Ok(()) => {
                    claim.commit();
                    text(StatusCode::OK, "")
                }
                Err(HandlerError) => again(),
            }
        }
        Err(refused) => refuse(refused),
    }
}

/// The one signature, if any. Of several, each proxy would look at another one.
fn signature(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    match (values.next(), values.next()) {
        (value, None) => value
            .map(HeaderValue::to_str)
            .transpose()
            .map_err(RefusalReason::MalformedSignature.because()),
        (_, Some(_)) => Err(Refused(RefusalReason::MalformedSignature)),
    }
}

fn refuse(refused: Refused) -> Answer {
    let mut answer = match refused.reason() {
        // Known before any check of who sends it.
        RefusalReason::TooLarge => text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        _ => text(StatusCode::BAD_REQUEST, &refused.to_string()),
    };
    answer.extensions_mut().insert(refused);
    answer
}

fn again() -> Answer {
    text(StatusCode::SERVICE_UNAVAILABLE, "not now, send it again")
}

fn text(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(text.to_owned());
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain");
    answer.headers_mut().insert(header::CONTENT_TYPE, plain);
    answer
}
