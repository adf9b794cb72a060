use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::dedup::{Claim, ClaimResult, DedupWindow};
use crate::error::{RefusalReason, Refused};
use crate::key::CallbackKey;
use crate::message::{Message, from_object};
use crate::token::Token;

/// Default of the maximum size of a body, in bytes. A message has a few kilobytes; one about a contract with
/// hundreds of parties fits.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Default length of the de-duplication window. The platform does not document for how long it resends a
/// message; this covers an outage of a night.
const DEDUP_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Default number of messages in the de-duplication window: about 150 bytes each, so 15 MB.
const MAX_DEDUP_MESSAGES: usize = 100_000;

/// Verifies, decrypts and de-duplicates callbacks.
///
/// It keeps the handled messages in memory, so a program has one receiver and shares it between threads by
/// reference. It reads no clock: the caller passes the time.
///
/// See the [crate's documentation](crate) for an example, and for what the token and the key protect.
#[derive(Debug)]
pub struct Receiver {
    token: Option<Token>,
    key: Option<CallbackKey>,
    max_body_bytes: usize,
    max_age: Option<Duration>,
    window: Arc<DedupWindow>,
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
    claim: Claim,
}

impl Delivery {
    /// Returns the message.
    pub fn message(&self) -> &Message {
        &self.message
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

/// The object around the ciphertext of an encrypted callback.
#[derive(Deserialize)]
struct Encrypted<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
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
            token: token.into(),
            key: key.into(),
            max_body_bytes: MAX_BODY_BYTES,
            max_age: None,
            window: Arc::new(DedupWindow::new(DEDUP_WINDOW, MAX_DEDUP_MESSAGES)),
        }
    }

    /// Sets the time for which a handled message is remembered, counted from its reception, and the maximum number
    /// of remembered messages. The default is 24 hours and 100,000 messages.
    ///
    /// Above the maximum, the messages that were handled first are forgotten, and their duplicates handled again.
    #[must_use]
    pub fn with_dedup_window(mut self, length: Duration, max_messages: usize) -> Self {
        self.window = Arc::new(DedupWindow::new(length, max_messages));
        self
    }

    /// Sets the maximum age of a message, by the `OccurTime` of its data. Messages without it, which are most types,
    /// are accepted. By default, there is no maximum.
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

    /// Verifies and decrypts one callback.
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
        let Some(message) = self.open(signature, body)? else {
            return Ok(Received::Ping);
        };
        match self.window.claim(&message.msg_id, now) {
            ClaimResult::New(_) if self.is_too_old(&message, now) => {
                Err(Refused(RefusalReason::TooOld))
            }
            ClaimResult::New(claim) => Ok(Received::New(Delivery { message, claim })),
            ClaimResult::Duplicate => Ok(Received::Duplicate { msg_id: message.msg_id }),
            ClaimResult::InFlight => Ok(Received::InFlight { msg_id: message.msg_id }),
        }
    }

    /// Marks a message as handled: deliveries of its `MsgId` within the window after `received_at` are duplicates.
    ///
    /// For a program that stores the `MsgId`s it has handled across restarts, and for one that continues to handle a
    /// message after the request that delivered it was cancelled.
    pub fn remember(&self, msg_id: &str, received_at: SystemTime) {
        self.window.remember(msg_id, received_at);
    }

    /// Removes a message from those marked as handled, so that its next delivery is new. Returns whether it was
    /// marked.
    ///
    /// For a program that acknowledges a message first and fails afterwards. The platform resends a message by itself
    /// only if the response was not 200.
    pub fn forget(&self, msg_id: &str) -> bool {
        self.window.forget(msg_id)
    }

    /// Returns the message, verified and decrypted; `None` for a ping.
    fn open(&self, signature: Option<&str>, body: &[u8]) -> Result<Option<Message>, Refused> {
        if body.len() > self.max_body_bytes {
            return Err(Refused(RefusalReason::TooLarge));
        }
        if signature.is_none() && is_ping(body) {
            return Ok(None);
        }
        if let Some(token) = &self.token {
            token.verify(signature, body)?;
        }
        let Some(key) = &self.key else {
            return parse(body).map_err(|refused| match from_object::<Encrypted<'_>>(body) {
                Ok(_) => Refused(RefusalReason::NoKey),
                Err(_) => refused,
            });
        };
        if is_ping(body) {
            return Ok(None);
        }
        let not_encrypted = Refused(RefusalReason::NotEncrypted);
        let encrypted: Encrypted<'_> = from_object(body).map_err(|_| not_encrypted)?;
        let ciphertext =
            STANDARD.decode(encrypted.encrypt.as_bytes()).map_err(|_| not_encrypted)?;
        let decrypted = key.decrypt(&ciphertext).ok_or(Refused(RefusalReason::WrongKey))?;
        // Parsed before the padding is checked, so that neither response nor timing distinguishes the two.
        match parse(decrypted.plaintext()) {
            Err(Refused(RefusalReason::NotJson)) => Err(Refused(RefusalReason::WrongKey)),
            _ if !decrypted.is_padding_valid => Err(Refused(RefusalReason::WrongKey)),
            parsed => parsed,
        }
    }

    fn is_too_old(&self, message: &Message, now: SystemTime) -> bool {
        let (Some(max_age), Some(occurred_at)) = (self.max_age, message.occurred_at()) else {
            return false;
        };
        // A time in the future, as seen from a clock that is behind, is not old.
        now.duration_since(occurred_at).is_ok_and(|age| age > max_age)
    }
}

/// Parses a plaintext; `None` is a ping.
fn parse(plaintext: &[u8]) -> Result<Option<Message>, Refused> {
    if is_ping(plaintext) {
        return Ok(None);
    }
    let json = str::from_utf8(plaintext).map_err(|_| Refused(RefusalReason::NotJson))?;
    Message::from_json(json).map(Some)
}

/// Returns whether the plaintext is `{}`, with or without white space.
fn is_ping(plaintext: &[u8]) -> bool {
    plaintext.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(b"{}")
}
