//! Where SecretId, SecretKey and token come from.
//!
//! A [`Credential`] of its own is a source. So are the environment, profile files, the role of a cloud
//! machine, an assumed role and the identity of a Kubernetes pod, the [default chain](default_chain)
//! of these, and a [function](from_fn). What a source finds is kept by the client, renewed before it
//! ends, and shared by all clones of its [`Config`](crate::Config).
//!
//! A source that is not set up is *absent*: a chain goes on to the next. One that is set up and does
//! not work is *broken*: a chain stops there and says why, rather than call with somebody else's keys.

mod cache;
mod chain;
mod credential;
mod cvm;
mod environment;
mod error;
mod files;
mod ini;
mod oidc;
mod profile;
mod sts;

use std::time::Duration;

use tc3_api::json::{self, Decode, Reader};
use tc3_transport::{Bytes, Request, Response, TransportError};
use zeroize::Zeroizing;

pub(crate) use cache::CredentialCache;
pub use chain::{Chain, default_chain};
pub use credential::Credential;
use credential::Part;
pub(crate) use credential::ValidCredential;
pub use cvm::CvmRole;
pub use environment::Environment;
pub use error::CredentialError;
pub use oidc::TkeIdentity;
pub use profile::Profile;
pub use sts::AssumeRole;

use crate::time::Now;

/// Somewhere to get credentials from.
///
/// A source does no network IO of its own: it asks for requests and waits, so that one source serves
/// both clients over the transport and clock they have. Reading a small local file is allowed.
pub trait CredentialSource: Send + Sync + 'static {
    /// What it is called in errors.
    fn name(&self) -> &str;

    /// What to do where it is absent, such as `set X and Y`; empty where nothing can be said.
    fn remedy(&self) -> &str {
        ""
    }

    /// Begins one fetch.
    fn fetch(&self) -> Box<dyn CredentialFetch>;
}

/// One fetch under way.
pub trait CredentialFetch: Send {
    /// The next step. `answer` is what came of the [`Send`](FetchStep::Send) before, and `None` at the
    /// beginning and after a [`Sleep`](FetchStep::Sleep).
    fn next(&mut self, now: Now, answer: Option<FetchAnswer>) -> FetchStep;
}

/// What came of a request that a fetch asked for: the whole answer, of any status.
pub type FetchAnswer = Result<Response<Bytes>, TransportError>;

/// What a fetch asks for: one thing in flight, a request or a timer, or the end. There is no step for
/// "nothing to do".
#[derive(Debug)]
pub enum FetchStep {
    /// Send this and tell the answer.
    Send(Box<Request>),
    /// Wait so long.
    Sleep(Duration),
    /// Here it is.
    Done(Credential),
    /// The source is not set up here.
    Absent,
    /// The source is set up, and does not work. An [absent](CredentialError::is_absent) error means
    /// the same as [`Absent`](Self::Absent).
    Failed(CredentialError),
}

impl CredentialSource for Credential {
    fn name(&self) -> &str {
        "the given credential"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Ready(Some(FetchStep::Done(self.clone()))))
    }
}

impl CredentialSource for Box<dyn CredentialSource> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn remedy(&self) -> &str {
        (**self).remedy()
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        (**self).fetch()
    }
}

/// A source that is a function: a vault, a file of another form.
///
/// It is called when the client needs a credential, on the calling thread, also in the async client:
/// one that takes its time is better written as a [`CredentialSource`] or fed from outside. Give the
/// credential an [expiry](Credential::with_expiry) to have the function called again in time.
///
/// ```
/// use tc3_client::Config;
/// use tc3_client::credentials::{Credential, CredentialError, from_fn};
///
/// let source = from_fn(|| {
///     let key = std::fs::read_to_string("/run/secrets/tencent")
///         .map_err(|error| CredentialError::new("secret mount", error.to_string()))?;
///     Ok(Credential::new("AKIDEXAMPLE", key.trim()))
/// });
/// let config = Config::new(source);
/// ```
pub fn from_fn<F>(function: F) -> impl CredentialSource
where
    F: Fn() -> Result<Credential, CredentialError> + Send + Sync + 'static,
{
    FromFn(function)
}

struct FromFn<F>(F);

impl<F> CredentialSource for FromFn<F>
where
    F: Fn() -> Result<Credential, CredentialError> + Send + Sync + 'static,
{
    fn name(&self) -> &str {
        "the given function"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Ready::of((self.0)().map(Some)))
    }
}

/// A fetch whose outcome is known when it begins.
struct Ready(Option<FetchStep>);

impl Ready {
    fn of(found: Result<Option<Credential>, CredentialError>) -> Self {
        Self(Some(match found {
            Ok(Some(credential)) => FetchStep::Done(credential),
            Ok(None) => FetchStep::Absent,
            Err(error) => FetchStep::Failed(error),
        }))
    }
}

impl CredentialFetch for Ready {
    fn next(&mut self, _: Now, _: Option<FetchAnswer>) -> FetchStep {
        self.0.take().unwrap_or(FetchStep::Absent)
    }
}

/// What the metadata and the token service answer: temporary keys.
struct TemporaryKeys {
    id: String,
    key: Zeroized,
    token: Zeroized,
}

json::object! {
    decode TemporaryKeys {
        "TmpSecretId" => id: required,
        "TmpSecretKey" => key: required,
        "Token" => token: required,
    }
}

impl TemporaryKeys {
    /// The credential, ending at the given Unix time in seconds.
    fn until(self, unix: u64) -> Result<Credential, String> {
        for (name, part, text) in [
            ("TmpSecretId", Part::Id, &self.id),
            ("TmpSecretKey", Part::Key, &self.key.0),
            ("Token", Part::Token, &self.token.0),
        ] {
            if let Some(flaw) = part.flaw(text) {
                return Err(format!("the response's {name} {flaw}"));
            }
        }
        Ok(Credential::new(self.id, self.key.0.as_str())
            .with_token(self.token.0.as_str())
            .with_expiry(Duration::from_secs(unix)))
    }
}

struct Zeroized(Zeroizing<String>);

impl Decode for Zeroized {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        Ok(String::optional(reader)?.map(|text| Self(text.into())))
    }

    fn blank() -> Self {
        Self(Zeroizing::default())
    }
}

/// The attempts at one request: a few, with waits between.
#[derive(Default)]
struct Attempts(u32);

impl Attempts {
    /// The wait before another attempt, unless there were enough.
    fn again(&mut self) -> Option<FetchStep> {
        self.0 += 1;
        (self.0 < 3).then(|| FetchStep::Sleep(Duration::from_millis(100) * self.0))
    }

    /// The wait before another attempt after the server throttled this one: at least a second.
    fn throttled(&mut self, now: Now) -> Option<FetchStep> {
        self.0 += 1;
        // Machines read different fractions of a second, which is all that jitter is for.
        let jitter = Duration::from_nanos(now.unix.subsec_nanos().into());
        (self.0 < 10).then(|| FetchStep::Sleep(Duration::from_secs(1) + jitter))
    }
}
