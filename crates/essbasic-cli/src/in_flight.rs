//! The requests in flight of the process, for the message after a signal.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use essbasic::models::CATALOGUE;
use essbasic::transport::{
    BlockingBody, BlockingChunks, BlockingTransport, Request, Response, SendGate, TransportConfig,
    TransportError, UreqTransport,
};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Gates of those that are completed after a signal once they have passed it, by a number.
static KEPT: Mutex<Vec<(usize, Option<SendGate>)>> = Mutex::new(Vec::new());

/// Returns whether a request was sent whose response is not complete.
pub(crate) fn any() -> bool {
    COUNT.load(Ordering::SeqCst) > 0
}

/// Returns whether one of them is completed after a signal: its action is not idempotent, and it may have been sent.
pub(crate) fn any_kept() -> bool {
    let can_close = |gate: &Option<SendGate>| gate.as_ref().is_some_and(SendGate::can_close);
    kept().iter().any(|(_, gate)| !can_close(gate))
}

fn kept() -> MutexGuard<'static, Vec<(usize, Option<SendGate>)>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A transport that counts its requests in flight.
#[derive(Debug)]
pub(crate) struct Counted(UreqTransport);

impl Counted {
    /// # Errors
    /// Returns the errors of [`UreqTransport::new`].
    pub(crate) fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        UreqTransport::new(config).map(Self)
    }
}

impl BlockingTransport for Counted {
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        let exchange = Exchange::begin(&request);
        let response = self.0.send(request)?;
        Ok(response.map(|body| BlockingBody::stream(Chunks { body, _exchange: exchange })))
    }
}

struct Chunks {
    body: BlockingBody,
    _exchange: Exchange,
}

impl BlockingChunks for Chunks {
    fn next(&mut self) -> Result<Option<bytes::Bytes>, TransportError> {
        self.body.chunk()
    }
}

/// Actions of the requests for credentials, which are dropped.
const CREDENTIALS: [&str; 2] = ["AssumeRole", "AssumeRoleWithWebIdentity"];

/// Returns whether a request is completed after a signal. Requests for files and stores have no action. An action of
/// another service may be one that is not idempotent.
fn is_kept(request: &Request) -> bool {
    let action = request.headers.get("x-tc-action").and_then(|action| action.to_str().ok());
    action.is_some_and(|action| match CATALOGUE.action(action) {
        Some(known) => !known.info.idempotent,
        None => !CREDENTIALS.contains(&action),
    })
}

/// One request in flight, until it is dropped.
struct Exchange {
    number: usize,
}

impl Exchange {
    fn begin(request: &Request) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        COUNT.fetch_add(1, Ordering::SeqCst);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        if is_kept(request) {
            kept().push((number, request.gate.clone()));
        }
        Self { number }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::SeqCst);
        kept().retain(|(number, _)| *number != self.number);
    }
}
