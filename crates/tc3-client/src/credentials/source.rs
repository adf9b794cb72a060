use std::time::Duration;

use tc3_transport::{Bytes, Request, Response, TransportError};

use super::credential::Credential;
use super::error::CredentialError;
use super::operation::Operation;
use crate::time::Now;

/// A source of credentials.
///
/// A source performs no network IO. It returns the requests and delays that a fetch needs, and the client performs
/// them with its own transport and clock. Therefore one source works with both clients. It may read small local
/// files.
pub trait CredentialSource: Send + Sync + 'static {
    /// Returns the name of the source, for errors.
    fn name(&self) -> &str;

    /// Returns how to configure the source, such as `set X and Y`, for the error if it is absent; empty by default.
    fn hint(&self) -> &str {
        ""
    }

    /// Starts a fetch.
    fn fetch(&self) -> Box<dyn CredentialFetch>;
}

/// A fetch in flight: a sans-IO state machine.
pub trait CredentialFetch: Send {
    /// Returns the next step. `response` is the result of the previous [`Send`](FetchStep::Send), and `None` for
    /// the first step, after a [`Sleep`](FetchStep::Sleep) and after a [`Run`](FetchStep::Run).
    fn next(&mut self, now: Now, response: Option<FetchResponse>) -> FetchStep;
}

/// The result of a request of a fetch: a complete response of any HTTP status, or the failure of the exchange.
pub type FetchResponse = Result<Response<Bytes>, TransportError>;

/// A step that the client performs for a fetch. A fetch has one request, timer or operation in flight, until it is done.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchStep {
    /// Send the request and pass its result to the next step.
    Send(Box<Request>),
    /// Wait for this time.
    Sleep(Duration),
    /// Run an operation outside of the client, such as a call of the client of a vault.
    Run(Operation),
    /// The fetch succeeded.
    Done(Credential),
    /// The source is not configured.
    Absent,
    /// The source is configured but invalid. An [absent](CredentialError::is_absent) error is equivalent to
    /// [`Absent`](Self::Absent).
    Failed(CredentialError),
}

impl CredentialSource for Credential {
    fn name(&self) -> &str {
        "static credential"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Ready::of(Ok(Some(self.clone()))))
    }
}

/// A fetch without requests.
pub(super) struct Ready(Option<FetchStep>);

impl Ready {
    pub(super) fn of(result: Result<Option<Credential>, CredentialError>) -> Self {
        Self(Some(match result {
            Ok(Some(credential)) => FetchStep::Done(credential),
            Ok(None) => FetchStep::Absent,
            Err(error) => FetchStep::Failed(error),
        }))
    }
}

impl CredentialFetch for Ready {
    fn next(&mut self, _: Now, _: Option<FetchResponse>) -> FetchStep {
        self.0.take().unwrap_or(FetchStep::Absent)
    }
}
