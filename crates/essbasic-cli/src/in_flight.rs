//! The requests in flight of the process, for the message after a signal.

use std::sync::atomic::{AtomicUsize, Ordering};

use essbasic::models::CATALOGUE;
use essbasic::transport::{
    BlockingBody, BlockingChunks, BlockingTransport, Request, Response, TransportConfig,
    TransportError, UreqTransport,
};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Number of those that are completed after a signal.
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// Returns whether a request was sent whose response is not complete.
pub(crate) fn any() -> bool {
    COUNT.load(Ordering::SeqCst) > 0
}

/// Returns whether one of them is completed after a signal: its action is not idempotent.
pub(crate) fn any_kept() -> bool {
    KEPT.load(Ordering::SeqCst) > 0
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
        let exchange = Exchange::begin(is_kept(&request));
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
    is_kept: bool,
}

impl Exchange {
    fn begin(is_kept: bool) -> Self {
        COUNT.fetch_add(1, Ordering::SeqCst);
        KEPT.fetch_add(usize::from(is_kept), Ordering::SeqCst);
        Self { is_kept }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::SeqCst);
        KEPT.fetch_sub(usize::from(self.is_kept), Ordering::SeqCst);
    }
}
