use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::{RefusalReason, Refused};
use crate::key::CallbackKey;
use crate::memory_store::{Claim, MemoryStore};
use crate::message::Message;
use crate::pair::{Pair, is_ping};
use crate::store::Claimed;
use crate::token::Token;

/// Default of the maximum size of a body, in bytes. A message has a few kilobytes; one about a contract with
/// hundreds of parties fits.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Verifies, decrypts and de-duplicates callbacks.
///
/// It keeps the handled messages in memory, so a program has one receiver and shares it between threads by
/// reference. It reads no clock: the caller passes the time.
///
/// See the [crate's documentation](crate) for an example, and for what the token and the key protect.
#[derive(Debug)]
pub struct Receiver {
    /// At least one.
    pairs: Vec<Pair>,
    max_body_bytes: usize,
    max_age: Option<Duration>,
    store: Arc<MemoryStore>,
}

/// The content of a verified callback, new or not.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most callbacks are messages, and each is soon taken apart"
)]
pub enum Verified {
    /// A check by the console whether the address exists. Respond with 200.
    Ping,
    /// A message, which may be a duplicate.
    #[non_exhaustive]
    Message {
        /// The message.
        message: Message,
        /// Index of the pair of token and key that it matched: 0 is that of [`Receiver::new`], 1 that of the first
        /// [`Receiver::with_pair`].
        pair: usize,
    },
}

/// The content of an accepted callback.
#[derive(Debug)]
#[must_use = "each variant requires another response"]
#[expect(
    clippy::large_enum_variant,
    reason = "most callbacks are new messages, and each is soon taken apart"
)]
pub enum Received {
    /// A check by the console whether the address exists. Respond with 200.
    Ping,
    /// A message to be handled. Store it, [`accept`](Delivery::accept) it and respond with 200.
    New(Delivery),
    /// A message that was handled before, by its `MsgId`. Respond with 200 and do nothing else.
    Duplicate {
        /// Identifier of the message.
        msg_id: String,
    },
    /// A message whose earlier delivery is still being handled. Respond with 503, so that the platform sends it
    /// again: with 200 the message would be lost if that handling fails.
    InFlight {
        /// Identifier of the message.
        msg_id: String,
    },
}

/// A new message, and the right to handle it.
///
/// If it is dropped without [`accept`](Self::accept), the message's next delivery is new again.
#[derive(Debug)]
#[must_use = "a delivery that is dropped is not accepted, and the message's next one is handled again"]
pub struct Delivery {
    message: Message,
    pair: usize,
    claim: Claim,
}

impl Delivery {
    /// Returns the message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Returns the index of the pair of token and key that the callback matched: 0 is that of [`Receiver::new`], 1 that
    /// of the first [`Receiver::with_pair`].
    pub fn pair(&self) -> usize {
        self.pair
    }

    /// Marks the message as handled, and returns it. Later deliveries of its `MsgId` are duplicates.
    pub fn accept(self) -> Message {
        self.claim.commit();
        self.message
    }

    /// Splits into the message and its claim, for a handler that takes the message by value.
    pub fn into_parts(self) -> (Message, Claim) {
        (self.message, self.claim)
    }
}

impl Receiver {
    /// Returns a receiver with the token and the key of the platform's console; `None` if one is not set there.
    ///
    /// With a token, callbacks must be signed; with a key, they must be encrypted.
    ///
    /// ```
    /// use essbasic_callback::{CallbackKey, Receiver, Token};
    ///
    /// let receiver = Receiver::new(
    ///     Token::new("the token")?,
    ///     CallbackKey::new("CC23FB38AE1D47B09D939CFBAE64195F")?,
    /// );
    /// let signed_only = Receiver::new(Token::new("the token")?, None);
    /// # Ok::<(), essbasic_callback::KeyError>(())
    /// ```
    ///
    /// Without a token, callbacks are not authenticated: the key hides messages, but does not prove who sent them.
    /// Without either, anyone who has the address can send any message.
    pub fn new(token: impl Into<Option<Token>>, key: impl Into<Option<CallbackKey>>) -> Self {
        Self {
            pairs: vec![Pair::new(token.into(), key.into())],
            max_body_bytes: MAX_BODY_BYTES,
            max_age: None,
            store: Arc::default(),
        }
    }

    /// Accepts callbacks with this token and key, too. A callback must match one of the pairs completely.
    ///
    /// To rotate a token or key, add the new pair to all receivers, change the console, and remove the old pair when no
    /// message [matches](Delivery::pair) it any more.
    ///
    /// ```
    /// use essbasic_callback::{CallbackKey, Receiver, Token};
    ///
    /// let key = CallbackKey::new("CC23FB38AE1D47B09D939CFBAE64195F")?;
    /// let receiver = Receiver::new(Token::new("the new token")?, key.clone())
    ///     .with_pair(Token::new("the old token")?, key);
    /// # Ok::<(), essbasic_callback::KeyError>(())
    /// ```
    ///
    /// A pair without a token accepts unsigned callbacks, regardless of the other pairs.
    #[must_use]
    pub fn with_pair(
        mut self,
        token: impl Into<Option<Token>>,
        key: impl Into<Option<CallbackKey>>,
    ) -> Self {
        self.pairs.push(Pair::new(token.into(), key.into()));
        self
    }

    /// Sets the time for which a handled message is remembered, counted from its reception, and the maximum number
    /// of remembered messages. The default is 24 hours and 100,000 messages.
    ///
    /// Above the maximum, the messages that were handled first are forgotten, and their duplicates handled again.
    #[must_use]
    pub fn with_dedup_window(mut self, length: Duration, max_messages: usize) -> Self {
        self.store = Arc::new(MemoryStore::new(length, max_messages));
        self
    }

    /// Sets the maximum age of a message, by the `OccurTime` of its data. Messages without it, which are most types,
    /// are accepted. By default, there is no maximum. The age is checked before duplicates are recognized.
    ///
    /// The signature does not cover a time, so a recorded callback can be replayed. If the de-duplication window is
    /// at least as long as the maximum age, a replayed message about a contract is either a duplicate or refused. The
    /// price is that a message that the platform delivers later than that is lost.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets the maximum size of a body, in bytes. The default is 1 MiB.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Returns the maximum size of a body, in bytes. A server need not read more.
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// Verifies and decrypts one callback, and recognizes duplicates by the messages that this receiver has accepted.
    ///
    /// `signature` is the value of the header [`Content-Signature`](crate::SIGNATURE_HEADER), if there is one, `body`
    /// the body as received, and `now` the current time.
    ///
    /// A plain `{}` without a signature is a [`Ping`](Received::Ping) even if the receiver has a token, since it has
    /// no content. With an invalid signature it is refused.
    ///
    /// # Errors
    /// Returns [`Refused`] if the callback is not authentic, not a message or too old.
    pub fn receive(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Received, Refused> {
        let (message, pair) = match self.verify(signature, body, now)? {
            Verified::Message { message, pair } => (message, pair),
            Verified::Ping => return Ok(Received::Ping),
        };
        Ok(match self.store.claim_for(&message.msg_id, Duration::MAX, now) {
            Claimed::New(lease) => {
                let claim = Claim::new(&self.store, lease);
                Received::New(Delivery { message, pair, claim })
            }
            Claimed::Duplicate => Received::Duplicate { msg_id: message.msg_id },
            Claimed::InFlight => Received::InFlight { msg_id: message.msg_id },
        })
    }

    /// Verifies and decrypts one callback, without state: a duplicate is accepted like its first delivery.
    ///
    /// For a program that recognizes duplicates itself, for instance with [`handle_once`](crate::handle_once) and a store
    /// that all its processes share. The arguments are those of [`receive`](Self::receive).
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn verify(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Verified, Refused> {
        if body.len() > self.max_body_bytes {
            return Err(Refused(RefusalReason::TooLarge));
        }
        if signature.is_none() && is_ping(body) {
            return Ok(Verified::Ping);
        }
        let mut refused: Option<Refused> = None;
        for (pair, secrets) in self.pairs.iter().enumerate() {
            match secrets.open(signature, body) {
                Ok(None) => return Ok(Verified::Ping),
                Ok(Some(message)) if self.is_too_old(&message, now) => {
                    return Err(Refused(RefusalReason::TooOld));
                }
                Ok(Some(message)) => return Ok(Verified::Message { message, pair }),
                // The reason is that of the pair whose checks got furthest.
                Err(other) => match refused {
                    Some(Refused(reason)) if reason.stage() >= other.0.stage() => {}
                    _ => refused = Some(other),
                },
            }
        }
        // There is at least one pair.
        Err(refused.unwrap_or(Refused(RefusalReason::NoSignature)))
    }

    /// Marks a message as handled: deliveries of its `MsgId` within the window after `received_at` are duplicates.
    ///
    /// For a program that stores the `MsgId`s it has handled across restarts, and for one that continues to handle a
    /// message after the request that delivered it was cancelled.
    pub fn remember(&self, msg_id: &str, received_at: SystemTime) {
        self.store.remember(msg_id, received_at);
    }

    /// Removes a message from those marked as handled, so that its next delivery is new. Returns whether it was
    /// marked.
    ///
    /// For a program that acknowledges a message first and fails afterwards. The platform resends a message by itself
    /// only if the response was not 200.
    pub fn forget(&self, msg_id: &str) -> bool {
        self.store.forget(msg_id)
    }

    /// Returns the store of this receiver's own messages.
    #[cfg(feature = "tower")]
    pub(crate) fn store(&self) -> &Arc<MemoryStore> {
        &self.store
    }

    fn is_too_old(&self, message: &Message, now: SystemTime) -> bool {
        let (Some(max_age), Some(occurred_at)) = (self.max_age, message.occurred_at()) else {
            return false;
        };
        // A time in the future, as seen from a clock that is behind, is not old.
        now.duration_since(occurred_at).is_ok_and(|age| age > max_age)
    }
}
