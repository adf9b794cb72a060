//! Handling of each message once, over a message store.

use core::future::{Future, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use crate::handler_error::HandlerError;
use crate::message::Message;
use crate::store::{
    BlockingMessageStore, BoxError, Claimed, Committed, Lease, MessageStore, StoreError,
};

/// The outcome of [`handle_once`]. [`status`](Self::status) is the status of the response.
#[derive(Debug, Clone)]
#[must_use = "each variant requires another response"]
#[non_exhaustive]
pub enum Outcome {
    /// The message was handled, and is marked as such.
    Handled,
    /// The message was handled before.
    Duplicate,
    /// Another delivery of the message is being handled.
    InFlight,
    /// The handler returned an error, and the message was released.
    HandlerFailed(HandlerError),
    /// The store failed, or the lease expired during the handling.
    StoreFailed(StoreError),
}

impl Outcome {
    /// Returns the status of the response: 200 if the message was handled now or before, otherwise 503, so that the
    /// platform sends it again.
    pub fn status(&self) -> u16 {
        match self {
            Self::Handled | Self::Duplicate => 200,
            Self::InFlight | Self::HandlerFailed(_) | Self::StoreFailed(_) => 503,
        }
    }
}

/// Claims a verified message, calls the handler, and commits the message; releases it if the handler returns an error.
///
/// With a store that several receivers share, a message is handled by one of them at a time, and not again after it
/// was committed. `lease` must be longer than the longest handling: after it, another receiver may handle the message.
/// If a process ends during the handling, the message is delivered and handled again after the lease.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use essbasic_callback::{Message, MessageStore, Receiver, Refused, Verified, handle_once};
///
/// const LEASE: Duration = Duration::from_secs(60);
///
/// # async fn insert(_: String) -> std::io::Result<()> { Ok(()) }
/// /// Returns the status of the response.
/// async fn receive<S: MessageStore>(
///     receiver: &Receiver,
///     store: &S,
///     signature: Option<&str>,
///     body: &[u8],
/// ) -> u16 {
///     let now = SystemTime::now();
///     let message = match receiver.verify(signature, body, now) {
///         Ok(Verified::Message { message, .. }) => message,
///         Ok(Verified::Ping) => return 200,
///         Err(_refused) => return Refused::STATUS,
///     };
///     let insert = |message: Message| insert(message.into_json());
///     handle_once(store, message, LEASE, now, insert).await.status()
/// }
/// ```
pub async fn handle_once<S, F, E>(
    store: &S,
    message: Message,
    lease: Duration,
    now: SystemTime,
    handler: impl FnOnce(Message) -> F,
) -> Outcome
where
    S: MessageStore + ?Sized,
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    let lease = match store.claim(&message.msg_id, lease, now).await {
        Ok(Claimed::New(lease)) => lease,
        Ok(Claimed::Duplicate) => return Outcome::Duplicate,
        Ok(Claimed::InFlight) => return Outcome::InFlight,
        Err(cause) => return Outcome::StoreFailed(StoreError::new(cause)),
    };
    let mut held = Held { store, lease, has_result: false };
    let result = handler(message).await.map_err(HandlerError::new);
    held.has_result = true;
    match result {
        Ok(()) => match store.commit(&held.lease).await {
            Ok(Committed::Done) => Outcome::Handled,
            Ok(Committed::LeaseLost) => Outcome::StoreFailed(StoreError::lease_lost()),
            Err(cause) => Outcome::StoreFailed(StoreError::new(cause)),
        },
        Err(error) => {
            // If it fails, the lease expires.
            let _ = store.release(&held.lease).await;
            Outcome::HandlerFailed(error)
        }
    }
}

/// As [`handle_once`], with a blocking store and handler.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use essbasic_callback::{MemoryStore, Message, Outcome, handle_once_blocking};
///
/// let store = MemoryStore::default();
/// let message = Message::from_json(r#"{"MsgId":"1","MsgType":"OrgAuth"}"#)?;
/// let lease = Duration::from_secs(60);
/// let print = |message: Message| -> std::io::Result<()> {
///     println!("{message:?}");
///     Ok(())
/// };
/// let handled = handle_once_blocking(&store, message.clone(), lease, SystemTime::now(), print);
/// assert!(matches!(handled, Outcome::Handled));
/// let again = handle_once_blocking(&store, message, lease, SystemTime::now(), print);
/// assert!(matches!(again, Outcome::Duplicate));
/// # Ok::<(), essbasic_callback::Refused>(())
/// ```
pub fn handle_once_blocking<S, E>(
    store: &S,
    message: Message,
    lease: Duration,
    now: SystemTime,
    handler: impl FnOnce(Message) -> Result<(), E>,
) -> Outcome
where
    S: BlockingMessageStore + ?Sized,
    E: Into<BoxError>,
{
    let store = Ready(store);
    let handled = pin!(handle_once(&store, message, lease, now, |message| ready(handler(message))));
    // Store and handler are ready when they are first polled, so the future is too.
    match handled.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Outcome::InFlight,
    }
}

/// A lease that is abandoned if the handling ends without a result.
struct Held<'a, S: MessageStore + ?Sized> {
    store: &'a S,
    lease: Lease,
    has_result: bool,
}

impl<S: MessageStore + ?Sized> Drop for Held<'_, S> {
    fn drop(&mut self) {
        if !self.has_result {
            self.store.abandon(&self.lease);
        }
    }
}

/// A blocking store as an async one, whose operations complete when they are first polled.
struct Ready<'a, S: ?Sized>(&'a S);

impl<S: BlockingMessageStore + ?Sized> MessageStore for Ready<'_, S> {
    async fn claim(
        &self,
        msg_id: &str,
        lease: Duration,
        now: SystemTime,
    ) -> Result<Claimed, BoxError> {
        self.0.claim(msg_id, lease, now)
    }

    async fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        self.0.commit(lease)
    }

    async fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        self.0.release(lease)
    }

    fn abandon(&self, lease: &Lease) {
        // If it fails, the lease expires.
        let _ = self.0.release(lease);
    }
}
