//! The receiver as a tower service.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_service::Service;

use crate::error::{RefusalReason, Refused};
use crate::memory_store::MemoryStore;
use crate::message::Message;
use crate::once::{Outcome, handle_once};
use crate::receiver::{Receiver, Verified};
use crate::store::MessageStore;

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
/// is cancelled because the client disconnected, the message is not accepted, and its next delivery is handled. With a store,
/// a message whose handler panicked or was cancelled is handled after its lease, or at once if the store implements
/// [`MessageStore::abandon`](crate::MessageStore::abandon).
///
/// Duplicates are recognized in the memory of the receiver, or by a store that several processes share:
/// [`with_store`](Self::with_store).
///
/// The service logs nothing. A middleware can read the cause from the extensions of the response, which are not
/// sent: [`Refused`] with its [`reason`](Refused::reason), [`HandlerError`](crate::HandlerError) or
/// [`StoreError`](crate::StoreError) with its source.
///
/// | request | status | extension |
/// |---|---|---|
/// | a new message, and the handler returned `Ok` | 200 | |
/// | a ping or a duplicate | 200 | |
/// | a new message, and the handler returned an error | 503 | [`HandlerError`](crate::HandlerError) |
/// | a message whose earlier delivery is still being handled | 503 | |
/// | a message whose store failed, or whose lease was too short | 503 | [`StoreError`](crate::StoreError) |
/// | a refused callback: not authentic, too large, incomplete, with several signatures | 400 | [`Refused`] |
/// | a method other than POST | 405 | |
///
/// The response to a message has the extension [`MatchedPair`], for a rotation of token and key.
///
/// The service reads the system clock, and at most [`Receiver::max_body_bytes`] of a body. A timeout for the body
/// is up to the server.
pub struct CallbackService<H, S = MemoryStore> {
    receiver: Arc<Receiver>,
    store: Arc<S>,
    lease: Duration,
    handler: H,
}

/// Index of the pair of token and key that a callback matched, in the extensions of the response: 0 is that of
/// [`Receiver::new`], 1 that of the first [`Receiver::with_pair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedPair(pub usize);

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
        let receiver = receiver.into();
        // The lease of a handler that ends without a result is released, and a process has no other failures.
        Self { store: Arc::clone(receiver.store()), receiver, lease: Duration::MAX, handler }
    }
}

impl<H, S> CallbackService<H, S> {
    /// Sets a store that several processes share, instead of the memory of the receiver.
    ///
    /// `lease` must be longer than the longest handling: see [`handle_once`].
    pub fn with_store<T>(self, store: T, lease: Duration) -> CallbackService<H, T>
    where
        T: MessageStore + 'static,
    {
        let Self { receiver, handler, .. } = self;
        CallbackService { receiver, store: Arc::new(store), lease, handler }
    }
}

impl<H: Clone, S> Clone for CallbackService<H, S> {
    fn clone(&self) -> Self {
        Self {
            receiver: Arc::clone(&self.receiver),
            store: Arc::clone(&self.store),
            lease: self.lease,
            handler: self.handler.clone(),
        }
    }
}

impl<H, S> fmt::Debug for CallbackService<H, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackService")
            .field("receiver", &self.receiver)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

impl<B, H, S, F, E> Service<Request<B>> for CallbackService<H, S>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    H: Fn(Message) -> F + Clone + Send + 'static,
    S: MessageStore + 'static,
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
        let Self { receiver, store, lease, handler } = self.clone();
        Box::pin(async move { Ok(respond(&receiver, &*store, lease, handler, request).await) })
    }
}

async fn respond<B, H, S, F, E>(
    receiver: &Receiver,
    store: &S,
    lease: Duration,
    handler: H,
    request: Request<B>,
) -> Response<String>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    H: Fn(Message) -> F,
    S: MessageStore,
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
    let now = SystemTime::now();
    let (message, pair) = match receiver.verify_from(&parts.headers, &body, now) {
        Ok(Verified::Message { message, pair }) => (message, pair),
        Ok(Verified::Ping) => return response(StatusCode::OK, ""),
        Err(refused) => return refuse(refused),
    };
    let outcome = handle_once(store, message, lease, now, handler).await;
    let mut response = match outcome.status() {
        200 => response(StatusCode::OK, ""),
        _ => response(StatusCode::SERVICE_UNAVAILABLE, "the message is not handled; send it again"),
    };
    let extensions = response.extensions_mut();
    match outcome {
        Outcome::HandlerFailed(error) => drop(extensions.insert(error)),
        Outcome::StoreFailed(error) => drop(extensions.insert(error)),
        Outcome::Handled | Outcome::Duplicate | Outcome::InFlight => {}
    }
    extensions.insert(MatchedPair(pair));
    response
}

/// Returns the same response for every reason, which is in the extensions.
fn refuse(refused: Refused) -> Response<String> {
    let mut response = response(StatusCode::BAD_REQUEST, &refused.to_string());
    response.extensions_mut().insert(refused);
    response
}

fn response(status: StatusCode, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    let text_plain = HeaderValue::from_static("text/plain");
    response.headers_mut().insert(header::CONTENT_TYPE, text_plain);
    response
}
