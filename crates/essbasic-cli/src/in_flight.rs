//! The requests in flight of the process, for the message after a signal.

use std::sync::atomic::{AtomicUsize, Ordering};

use essbasic::transport::{
    BlockingBody, BlockingChunks, BlockingTransport, Request, Response, TransportConfig,
    TransportError, UreqTransport,
};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Returns whether a request was sent whose response is not complete.
pub(crate) fn any() -> bool {
    COUNT.load(Ordering::SeqCst) > 0
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
        let exchange = Exchange::begin();
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

/// One request in flight, until it is dropped.
struct Exchange;

impl Exchange {
    fn begin() -> Self {
        COUNT.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        COUNT.fetch_sub(1, Ordering::SeqCst);
    }
}
