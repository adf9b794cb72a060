use core::fmt;

use bytes::Bytes;

use crate::collect::Collected;
use crate::{Request, Response, TransportError};

/// Sends requests, blocking. See the [crate's documentation](crate) for what it promises.
pub trait BlockingTransport: Send + Sync {
    /// Sends the request once and returns the answer as soon as its headers are there.
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError>;
}

/// A function from request to an answer is a transport.
impl<F> BlockingTransport for F
where
    F: Fn(Request) -> Result<Response<BlockingBody>, TransportError> + Send + Sync,
{
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        self(request)
    }
}

/// The pieces of a body on the wire, blocking.
pub trait BlockingChunks: Send {
    /// The next piece, as it arrived; `None` at the body's proper end. A body that ends before its
    /// `Content-Length` or its last chunk is an error of the kind
    /// [`Interrupted`](crate::TransportErrorKind::Interrupted), not an end.
    fn next(&mut self) -> Result<Option<Bytes>, TransportError>;
}

/// A body, read piece by piece so that memory does not grow with it.
pub struct BlockingBody(Inner);

enum Inner {
    Whole(Bytes),
    Stream(Box<dyn BlockingChunks>),
}

impl BlockingBody {
    /// A body on the wire.
    pub fn stream(chunks: impl BlockingChunks + 'static) -> Self {
        Self(Inner::Stream(Box::new(chunks)))
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Where the connection breaks, or the time is up.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        match &mut self.0 {
            Inner::Whole(bytes) if bytes.is_empty() => Ok(None),
            Inner::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
            Inner::Stream(chunks) => chunks.next(),
        }
    }

    /// The whole body, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyTooLarge`](crate::TransportErrorKind::BodyTooLarge) past the limit, or what [`chunk`](Self::chunk) fails
    /// with.
    pub fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut collected = Collected::new(limit);
        while let Some(chunk) = self.chunk()? {
            collected.push(chunk)?;
        }
        Ok(collected.finish())
    }
}

impl From<Bytes> for BlockingBody {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl fmt::Debug for BlockingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockingBody")
    }
}
