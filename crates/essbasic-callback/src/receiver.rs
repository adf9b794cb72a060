use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::message::from_object;
use crate::window::{Claim, Verdict, Window};
use crate::{CallbackKey, Message, RefusalReason, Refused, Token};

/// A message has a few kilobytes. This leaves room for a contract with hundreds of parties, and none for
/// filling the memory by a handful of requests.
const LARGEST_BODY: usize = 1 << 20;

/// The platform does not publish for how long it repeats: long enough for a night's outage.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// About 150 bytes each, so 15 MB at most.
const REMEMBERED: usize = 100_000;

/// Takes what the platform posts, and gives messages that are authentic and new.
///
/// Shared by reference between all threads; the messages that it has seen are known to it alone, so that
/// a program has one. It reads no clock: the caller says what time it is.
///
/// See the [crate's documentation](crate) for an example, and for what token and key protect.
#[derive(Debug)]
pub struct Receiver {
    token: Option<Token>,
    key: Option<CallbackKey>,
    max_body_bytes: usize,
    max_age: Option<Duration>,
    window: Arc<Window>,
}

/// What came.
#[derive(Debug)]
#[must_use = "each asks for an answer of its own"]
#[expect(
    clippy::large_enum_variant,
    reason = "most are new messages, and each is soon taken apart"
)]
pub enum Received {
    /// The platform tries whether the address is there. Answer 200.
    Ping,
    /// A message to be handled. Take care of it, [`accept`](Delivery::accept) it and answer 200.
    New(Delivery),
    /// A message that was handled before, by its `MsgId`. Answer 200, do nothing: it has been accepted.
    Duplicate {
        /// Whose repeat it is.
        msg_id: String,
    },
    /// A message whose earlier delivery is being handled at this moment. Answer 503: with 200 the message
    /// would be lost if that handling fails; so it comes again.
    InProgress {
        /// Whose delivery it is.
        msg_id: String,
    },
}

/// A new message, and the right to handle it.
///
/// Dropped without [`accept`](Self::accept), the message's next delivery is new again.
#[derive(Debug)]
#[must_use = "a delivery that is dropped is not accepted, and the message's next one is handled again"]
pub struct Delivery {
    message: Message,
    claim: Claim,
}

impl Delivery {
    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The message is taken care of: what comes with its `MsgId` from now on is a repeat.
    pub fn accept(self) -> Message {
        self.claim.commit();
        self.message
    }

    /// Message and right apart, for a handler that takes the message by value.
    pub fn into_parts(self) -> (Message, Claim) {
        (self.message, self.claim)
    }
}

/// What an encrypted callback is wrapped in.
#[derive(Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
}

impl Receiver {
    /// With the token and the key that stand in the platform's console. `None` where it has none: with a
    /// token callbacks must be signed, with a key they must be encrypted.
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
    /// Without a token nobody knows who sent a callback: a key hides messages, it does not prove them.
    /// Without either, whoever knows the address can send what they like.
    pub fn new(token: impl Into<Option<Token>>, key: impl Into<Option<CallbackKey>>) -> Self {
        Self {
            token: token.into(),
            key: key.into(),
            max_body_bytes: LARGEST_BODY,
            max_age: None,
            window: Arc::new(Window::new(WINDOW, REMEMBERED)),
        }
    }

    /// How long a message is remembered from when it came, and how many at most; a day and 100,000 unless
    /// set. Of more, the ones handled first are forgotten, and their repeats handled again.
    #[must_use]
    pub fn with_window(mut self, length: Duration, messages: usize) -> Self {
        self.window = Arc::new(Window::new(length, messages));
        self
    }

    /// Refuses messages whose data says by `OccurTime` that they are older; those that say nothing, which
    /// are most types, are taken. Not set, no age is too old.
    ///
    /// The signature covers no time, so that a recorded callback stays valid. Where the window is no
    /// shorter than this, a recording of a contract's message is either a repeat or refused. A message
    /// that the platform delivers so late is then lost, too.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// The most bytes that a body may have; 1 MiB unless set.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// The most bytes that a body may have: a server need not read more.
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// Takes one callback: the value of the header [`Content-Signature`](crate::SIGNATURE_HEADER), if there
    /// is one, the body as it came, and the time.
    ///
    /// A plain `{}` is a probe even without a signature, as it says and does nothing; with a wrong one it
    /// is refused.
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
            Verdict::New(_) if self.is_stale(&message, now) => Err(Refused(RefusalReason::TooOld)),
            Verdict::New(claim) => Ok(Received::New(Delivery { message, claim })),
            Verdict::Duplicate => Ok(Received::Duplicate { msg_id: message.msg_id }),
            Verdict::InProgress => Ok(Received::InProgress { msg_id: message.msg_id }),
        }
    }

    /// Marks a message as handled: a delivery of its `MsgId` that arrives within the window after `came` is a
    /// repeat. For a program that keeps the `MsgId`s it has handled across restarts, and for one that goes on
    /// handling a message after the request that delivered it was cancelled.
    pub fn remember(&self, msg_id: &str, came: SystemTime) {
        self.window.remember(msg_id, came);
    }

    /// Forgets that a message was accepted: its next delivery is new. For who acknowledges first and fails
    /// afterwards; the platform delivers a message again of its own accord only if it was not answered
    /// with 200. Tells whether it was remembered.
    pub fn forget(&self, msg_id: &str) -> bool {
        self.window.forget(msg_id)
    }

    /// The message, verified and decrypted; `None` of a probe.
    fn open(&self, signature: Option<&str>, body: &[u8]) -> Result<Option<Message>, Refused> {
        if body.len() > self.max_body_bytes {
            return Err(Refused(RefusalReason::TooLarge));
        }
        if signature.is_none() && is_probe(body) {
            return Ok(None);
        }
        if let Some(token) = &self.token {
            token.verify(signature, body)?;
        }
        let Some(key) = &self.key else {
            return read(body).map_err(|refused| match from_object::<Sealed<'_>>(body) {
                Ok(_) => Refused(RefusalReason::NoKey),
                Err(_) => refused,
            });
        };
        if is_probe(body) {
            return Ok(None);
        }
        let sealed: Sealed<'_> =
            from_object(body).map_err(RefusalReason::NotEncrypted.because())?;
        let text = STANDARD
            .decode(sealed.encrypt.as_bytes())
            .map_err(RefusalReason::NotEncrypted.because())?;
        let decrypted = key.decrypt(&text).ok_or(Refused(RefusalReason::WrongKey))?;
        // Read before the padding is judged: neither answer nor time shall tell the two apart.
        let content = read(decrypted.text());
        match content {
            Err(Refused(RefusalReason::NotJson)) => Err(Refused(RefusalReason::WrongKey)),
            _ if !decrypted.padded => Err(Refused(RefusalReason::WrongKey)),
            content => content,
        }
    }

    fn is_stale(&self, message: &Message, now: SystemTime) -> bool {
        let (Some(max_age), Some(occurred)) = (self.max_age, message.occurred()) else {
            return false;
        };
        // What lies ahead of a clock that is behind is not old.
        now.duration_since(occurred).is_ok_and(|age| age > max_age)
    }
}

fn read(text: &[u8]) -> Result<Option<Message>, Refused> {
    if is_probe(text) {
        return Ok(None);
    }
    let json = str::from_utf8(text).map_err(RefusalReason::NotJson.because())?;
    Message::from_json(json).map(Some)
}

/// `{}`, however it is spaced.
fn is_probe(text: &[u8]) -> bool {
    text.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(b"{}")
}
