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

use crate::error::{RefusalReason, Refused};
use crate::handler_error::HandlerError;
use crate::message::Message;
use crate::receiver::{Received, Receiver};
use crate::token::SIGNATURE_HEADER;

/// A tower service that receives callbacks, and calls a handler with each new message.
///
/// ```
/// use essbasic_callback::{CallbackService, Message, Receiver, Token};
///
/// # async fn insert(_: String) -> std::io::Result<()> { Ok(()) }
/// let receiver = Receiver::new(Token::new("the token")?, None);
/// let service = CallbackService::new(receiver, |message: Message| async {
///     // Returns after the message is stored: a queue in memory is lost with the process.
///     insert(message.into_json()).await
/// });
/// // With axum: Router::new().route_service("/callback", service)
/// # fn takes<S: tower_service::Service<http::Request<String>> + Clone + Send + Sync>(_: S) {}
/// # takes(service);
/// # Ok::<(), essbasic_callback::KeyError>(())
/// ```
///
/// A handler should store the message durably and return; other code processes it later. If the handler returns
/// `Ok`, the response is 200, and the platform does not send the message again. If it returns an error, panics or
/// is cancelled because the client disconnected, the message is not accepted, and its next delivery is handled.
///
/// The service logs nothing. A middleware can read the cause from the extensions of the response, which are not
/// sent: [`Refused`] with its [`reason`](Refused::reason), or [`HandlerError`] with its source.
///
/// | request | status | extension |
/// |---|---|---|
/// | a new message, and the handler returned `Ok` | 200 | |
/// | a ping or a duplicate | 200 | |
/// | a new message, and the handler returned an error | 503 | [`HandlerError`] |
/// | a message whose earlier delivery is still being handled | 503 | |
/// | a refused callback, several signatures, or an incomplete body | 400 | [`Refused`] |
/// | a method other than POST | 405 | |
/// | a body larger than [`Receiver::max_body_bytes`] | 413 | [`Refused`] |
///
/// The service reads the system clock, and at most [`Receiver::max_body_bytes`] of a body. A timeout for the body
/// is up to the server.
pub struct CallbackService<H> {
    receiver: Arc<Receiver>,
    handler: H,
}

impl<H> CallbackService<H> {
    /// Returns a service with a receiver, which may be shared, and an async function that handles a [`Message`].
    ///
    /// The handler's error may be any type that converts to a boxed [`Error`]: an error type, `String` or `&str`.
    pub fn new<F, E>(receiver: impl Into<Arc<Receiver>>, handler: H) -> Self
    where
        H: Fn(Message) -> F,
        F: Future<Output = Result<(), E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
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

impl<B, H, F, E> Service<Request<B>> for CallbackService<H>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    H: Fn(Message) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), E>> + Send,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (receiver, handler) = (Arc::clone(&self.receiver), self.handler.clone());
        Box::pin(async move { Ok(respond(&receiver, handler, request).await) })
    }
}

async fn respond<B, H, F, E>(
    receiver: &Receiver,
    handler: H,
    request: Request<B>,
) -> Response<String>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    H: Fn(Message) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let mut response = response(StatusCode::METHOD_NOT_ALLOWED, "method not allowed; use POST");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    // A body whose declared length is too large is not read.
    let max_body_bytes = receiver.max_body_bytes();
    if body.size_hint().lower() > max_body_bytes as u64 {
        return refuse(Refused(RefusalReason::TooLarge));
    }
    let body = match Limited::new(body, max_body_bytes).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return refuse(Refused(RefusalReason::TooLarge));
        }
        Err(_) => return refuse(Refused(RefusalReason::Incomplete)),
    };
    let received = signature(&parts.headers)
        .and_then(|signature| receiver.receive(signature, &body, SystemTime::now()));
    match received {
        Ok(Received::Ping | Received::Duplicate { .. }) => response(StatusCode::OK, ""),
        Ok(Received::InFlight { .. }) => unavailable(),
        Ok(Received::New(delivery)) => {
            let (message, claim) = delivery.into_parts();
            match handler(message).await {
                Ok(()) => {
                    claim.commit();
                    response(StatusCode::OK, "")
                }
                Err(cause) => {
                    let mut response = unavailable();
                    response.extensions_mut().insert(HandlerError::new(cause));
                    response
                }
            }
        }
        Err(refused) => refuse(refused),
    }
}

/// Returns the only signature, if there is one. Several are refused, since a proxy may have verified another.
fn signature(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let malformed = Refused(RefusalReason::MalformedSignature);
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    match (values.next(), values.next()) {
        (value, None) => value.map(HeaderValue::to_str).transpose().map_err(|_| malformed),
        (_, Some(_)) => Err(malformed),
    }
}

fn refuse(refused: Refused) -> Response<String> {
    let mut response = match refused.reason() {
        // The size is checked before the sender, so this status reveals nothing about token and key.
        RefusalReason::TooLarge => response(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        _ => response(StatusCode::BAD_REQUEST, &refused.to_string()),
    };
    response.extensions_mut().insert(refused);
    response
}

fn unavailable() -> Response<String> {
    response(StatusCode::SERVICE_UNAVAILABLE, "the message is not handled; send it again")
}

fn response(status: StatusCode, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    let text_plain = HeaderValue::from_static("text/plain");
    response.headers_mut().insert(header::CONTENT_TYPE, text_plain);
    response
}
