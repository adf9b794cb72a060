//! Stores of handled messages, shared by several receivers.

use core::fmt;
use core::future::Future;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The cause of a failed store operation. `?` converts any error to it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A record of the messages that were handled and are in flight, shared by all receivers of a platform's callbacks.
///
/// [`handle_once`](crate::handle_once) and `CallbackService::with_store` use it. A store in a database has one row
/// per message, with a unique key: the `MsgId`, or its hash.
///
/// | operation | in one transaction |
/// |---|---|
/// | `claim` | inserts the row, or takes over a row whose lease has expired; never a committed row |
/// | `commit` | marks the row as handled, if its lease has this fencing token |
/// | `release` | removes the lease, if it has this fencing token |
///
/// - **Time.** Clocks of machines differ. A store that several machines use counts leases by its own clock, and ignores
///   `now`, which is the clock of the receiver.
/// - **Fencing tokens.** Each claim has a [number](Lease::fencing_token) that no other claim of this message has or had,
///   even after a release: of a sequence of the database, or random. It shows that a lease was lost.
/// - **Retention.** Committed rows are kept for at least as long as the platform resends a message. 7 days are enough;
///   the platform does not document a limit.
///
/// [`MemoryStore`](crate::MemoryStore) is the implementation for one process. Wrap another in an `async fn` per operation:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use essbasic_callback::{BoxError, Claimed, Committed, Lease, MessageStore};
///
/// # mod db {
/// #     pub struct Pool;
/// #     pub enum Row { Inserted(u64), Leased, Handled }
/// #     impl Pool {
/// #         pub async fn claim(&self, _: &str, _: std::time::Duration) -> std::io::Result<Row> { Ok(Row::Inserted(1)) }
/// #         pub async fn commit(&self, _: &str, _: u64) -> std::io::Result<u64> { Ok(1) }
/// #         pub async fn release(&self, _: &str, _: u64) -> std::io::Result<u64> { Ok(1) }
/// #     }
/// # }
/// struct Database(db::Pool);
///
/// impl MessageStore for Database {
///     async fn claim(&self, msg_id: &str, lease: Duration, _: SystemTime) -> Result<Claimed, BoxError> {
///         Ok(match self.0.claim(msg_id, lease).await? {
///             db::Row::Inserted(token) => Claimed::New(Lease::new(msg_id, token)),
///             db::Row::Leased => Claimed::InFlight,
///             db::Row::Handled => Claimed::Duplicate,
///         })
///     }
///
///     async fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
///         let rows = self.0.commit(lease.msg_id(), lease.fencing_token()).await?;
///         Ok(if rows == 0 { Committed::LeaseLost } else { Committed::Done })
///     }
///
///     async fn release(&self, lease: &Lease) -> Result<(), BoxError> {
///         self.0.release(lease.msg_id(), lease.fencing_token()).await?;
///         Ok(())
///     }
/// }
/// ```
pub trait MessageStore: Send + Sync {
    /// Claims a message for this time, unless it was handled or another receiver has a valid lease.
    ///
    /// # Errors
    /// Returns an error if the store is not available. The message is then not acknowledged.
    fn claim(
        &self,
        msg_id: &str,
        lease: Duration,
        now: SystemTime,
    ) -> impl Future<Output = Result<Claimed, BoxError>> + Send;

    /// Marks a message as handled, if the lease was not lost to another claim.
    ///
    /// # Errors
    /// Returns an error if the store is not available. The message is then not acknowledged, and its next delivery after
    /// the lease is handled again.
    fn commit(&self, lease: &Lease) -> impl Future<Output = Result<Committed, BoxError>> + Send;

    /// Releases a message whose handling failed, so that its next delivery can be claimed at once. Does nothing if the
    /// lease was lost to another claim.
    ///
    /// # Errors
    /// Returns an error if the store is not available. The message can then be claimed after the lease has expired.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Called if handling ended without a result, by a panic or because its future was dropped. It must not block.
    ///
    /// By default it does nothing, and the lease expires. A store may start a task that releases the lease.
    fn abandon(&self, _lease: &Lease) {}
}

/// [`MessageStore`] with blocking operations, for [`handle_once_blocking`](crate::handle_once_blocking).
///
/// After a panic of the handler, the message is released.
pub trait BlockingMessageStore: Send + Sync {
    /// As [`MessageStore::claim`].
    ///
    /// # Errors
    /// Returns an error if the store is not available.
    fn claim(&self, msg_id: &str, lease: Duration, now: SystemTime) -> Result<Claimed, BoxError>;

    /// As [`MessageStore::commit`].
    ///
    /// # Errors
    /// Returns an error if the store is not available.
    fn commit(&self, lease: &Lease) -> Result<Committed, BoxError>;

    /// As [`MessageStore::release`].
    ///
    /// # Errors
    /// Returns an error if the store is not available.
    fn release(&self, lease: &Lease) -> Result<(), BoxError>;
}

/// The result of [`MessageStore::claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "each variant requires another response"]
pub enum Claimed {
    /// The message is to be handled by the caller, who has this lease.
    New(Lease),
    /// Another receiver has a valid lease. Respond with 503, so that the platform sends the message again.
    InFlight,
    /// The message was handled. Respond with 200 and do nothing else.
    Duplicate,
}

/// The result of [`MessageStore::commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a message is not to be acknowledged if its lease was lost"]
pub enum Committed {
    /// The message is marked as handled. Respond with 200.
    Done,
    /// The lease expired during the handling, and is not valid any more: another receiver may have claimed the message.
    /// Respond with 503.
    LeaseLost,
}

/// The right to handle one message until a time that the store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    msg_id: String,
    fencing_token: u64,
}

impl Lease {
    /// Returns the lease of a message. No other claim of the message, at any time, has the same fencing token.
    pub fn new(msg_id: impl Into<String>, fencing_token: u64) -> Self {
        Self { msg_id: msg_id.into(), fencing_token }
    }

    /// Returns the identifier of the message.
    pub fn msg_id(&self) -> &str {
        &self.msg_id
    }

    /// Returns the number that distinguishes this claim from all others of the message.
    pub fn fencing_token(&self) -> u64 {
        self.fencing_token
    }
}

/// The error of a message that was not acknowledged because of the [`MessageStore`].
///
/// [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint) returns the fix, and [`source`](Error::source) the
/// store's own error.
#[derive(Clone)]
pub struct StoreError(Option<Arc<dyn Error + Send + Sync>>);

impl StoreError {
    pub(crate) fn new(cause: BoxError) -> Self {
        Self(Some(cause.into()))
    }

    pub(crate) fn lease_lost() -> Self {
        Self(None)
    }

    /// Returns the fix, if one is known: for a lost lease.
    pub fn hint(&self) -> Option<&'static str> {
        self.is_lease_lost().then_some("use a lease longer than the longest handling")
    }

    /// Returns whether the message was handled, but its lease had expired: it may be handled again.
    pub fn is_lease_lost(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Some(_) => "the message store failed, and the message is not acknowledged",
            None => "the lease expired before the message was handled",
        })
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreError").field(&self.0).finish()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|cause| &**cause as _)
    }
}

impl<S: MessageStore + ?Sized> MessageStore for Arc<S> {
    async fn claim(
        &self,
        msg_id: &str,
        lease: Duration,
        now: SystemTime,
    ) -> Result<Claimed, BoxError> {
        (**self).claim(msg_id, lease, now).await
    }

    async fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        (**self).commit(lease).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        (**self).release(lease).await
    }

    fn abandon(&self, lease: &Lease) {
        (**self).abandon(lease);
    }
}

impl<S: BlockingMessageStore + ?Sized> BlockingMessageStore for Arc<S> {
    fn claim(&self, msg_id: &str, lease: Duration, now: SystemTime) -> Result<Claimed, BoxError> {
        (**self).claim(msg_id, lease, now)
    }

    fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        (**self).commit(lease)
    }

    fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        (**self).release(lease)
    }
}
