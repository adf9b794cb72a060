use core::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::collect::Collected;
use crate::{Request, Response, TransportError};

/// Sends requests, async. See the [crate's documentation](crate) for what it promises.
///
/// Dropping the future cancels the exchange.
#[async_trait]
pub trait AsyncTransport: Send + Sync {
    /// Sends the request once and returns the answer as soon as its headers are there.
    async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError>;
}

/// A function from request to a future of an answer is a transport.
#[async_trait]
impl<F, R> AsyncTransport for F
where
    F: Fn(Request) -> R + Send + Sync,
    R: Future<Output = Result<Response<AsyncBody>, TransportError>> + Send,
{
    async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError> {
        self(request).await
    }
}

/// The pieces of a body on the wire, async.
#[async_trait]
pub trait AsyncChunks: Send {
    /// The next piece, as it arrived; `None` at the body's proper end. A body that ends before its
    /// `Content-Length` or its last chunk is an error of the kind
    /// [`Interrupted`](crate::TransportErrorKind::Interrupted), not an end.
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError>;
}

/// A body, read piece by piece so that memory does not grow with it.
pub struct AsyncBody(Inner);

enum Inner {
    Whole(Bytes),
    Stream(Box<dyn AsyncChunks>),
}

impl AsyncBody {
    /// A body on the wire.
    pub fn stream(chunks: impl AsyncChunks + 'static) -> Self {
        Self(Inner::Stream(Box::new(chunks)))
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Where the connection breaks, or the time is up.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        match &mut self.0 {
            Inner::Whole(bytes) if bytes.is_empty() => Ok(None),
            Inner::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
            Inner::Stream(chunks) => chunks.next().await,
        }
    }

    /// The whole body, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyTooLarge`](crate::TransportErrorKind::BodyTooLarge) past the limit, or what [`chunk`](Self::chunk) fails
    /// with.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut collected = Collected::new(limit);
        while let Some(chunk) = self.chunk().await? {
            collected.push(chunk)?;
        }
        Ok(collected.finish())
    }
}

impl From<Bytes> for AsyncBody {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl fmt::Debug for AsyncBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncBody")
    }
}
