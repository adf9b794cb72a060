use core::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::collect::Collector;
use crate::{Request, Response, TransportError};

/// A blocking transport. The [crate's documentation](crate) states what every transport guarantees.
pub trait BlockingTransport: Send + Sync {
    /// Sends the request once and returns the response as soon as its headers have been received.
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError>;
}

/// A closure from a request to a response is a transport.
impl<F> BlockingTransport for F
where
    F: Fn(Request) -> Result<Response<BlockingBody>, TransportError> + Send + Sync,
{
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        self(request)
    }
}

macro_rules! forward {
    ($({$($generics:tt)*} $pointer:ty),*) => {$(
        impl<$($generics)*> BlockingTransport for $pointer {
            fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
                (**self).send(request)
            }
        }
    )*};
}

// Not for every `Box<T>` and `&T`: those of closures are closures too.
forward! {
    {T: BlockingTransport + ?Sized} Arc<T>,
    {} Box<dyn BlockingTransport>,
    {} &dyn BlockingTransport
}

/// A blocking source of the chunks of a response body.
pub trait BlockingChunks: Send {
    /// Returns the next chunk as received; `None` at the end of the body.
    ///
    /// A body that ends before its `Content-Length` or its last chunk is an error of the kind
    /// [`Interrupted`](crate::TransportErrorKind::Interrupted), not an end.
    fn next(&mut self) -> Result<Option<Bytes>, TransportError>;
}

/// A response body, read in chunks, so that memory use does not depend on its size.
pub struct BlockingBody(Inner);

enum Inner {
    Complete(Bytes),
    Stream(Box<dyn BlockingChunks>),
}

impl BlockingBody {
    /// Returns a body that is read from `chunks`.
    pub fn stream(chunks: impl BlockingChunks + 'static) -> Self {
        Self(Inner::Stream(Box::new(chunks)))
    }

    /// Returns the next chunk; `None` at the end.
    ///
    /// # Errors
    /// Returns [`TransportError`] if the connection breaks or a timeout expires.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        match &mut self.0 {
            Inner::Complete(bytes) if bytes.is_empty() => Ok(None),
            Inner::Complete(bytes) => Ok(Some(std::mem::take(bytes))),
            Inner::Stream(chunks) => chunks.next(),
        }
    }

    /// Returns the complete body, of at most `limit` bytes.
    ///
    /// # Errors
    /// Returns [`BodyTooLarge`](crate::TransportErrorKind::BodyTooLarge) if the body is longer than `limit`, and the
    /// errors of [`chunk`](Self::chunk).
    pub fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut collector = Collector::new(limit);
        while let Some(chunk) = self.chunk()? {
            collector.push(chunk)?;
        }
        Ok(collector.finish())
    }
}

impl From<Bytes> for BlockingBody {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Complete(bytes))
    }
}

impl fmt::Debug for BlockingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockingBody")
    }
}
