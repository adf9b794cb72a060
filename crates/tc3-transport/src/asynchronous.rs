use core::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::collect::Collector;
use crate::{Request, Response, TransportError};

/// An async transport. The [crate's documentation](crate) states what every transport guarantees.
///
/// Dropping the future cancels the exchange.
#[async_trait]
pub trait AsyncTransport: Send + Sync {
    /// Sends the request once and returns the response as soon as its headers have been received.
    async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError>;
}

/// A closure from a request to a future of a response is a transport.
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

macro_rules! forward {
    ($({$($generics:tt)*} $pointer:ty),*) => {$(
        #[async_trait]
        impl<$($generics)*> AsyncTransport for $pointer {
            async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError> {
                (**self).send(request).await
            }
        }
    )*};
}

// Not for every `Box<T>` and `&T`: those of closures are closures too.
forward! {
    {T: AsyncTransport + ?Sized} Arc<T>,
    {} Box<dyn AsyncTransport>,
    {} &dyn AsyncTransport
}

/// An async source of the chunks of a response body.
#[async_trait]
pub trait AsyncChunks: Send {
    /// Returns the next chunk as received; `None` at the end of the body.
    ///
    /// A body that ends before its `Content-Length` or its last chunk is an error of the kind
    /// [`Interrupted`](crate::TransportErrorKind::Interrupted), not an end.
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError>;
}

/// A response body, read in chunks, so that memory use does not depend on its size.
pub struct AsyncBody(Inner);

enum Inner {
    Complete(Bytes),
    Stream(Box<dyn AsyncChunks>),
}

impl AsyncBody {
    /// Returns a body that is read from `chunks`.
    pub fn stream(chunks: impl AsyncChunks + 'static) -> Self {
        Self(Inner::Stream(Box::new(chunks)))
    }

    /// Returns the next chunk; `None` at the end.
    ///
    /// # Errors
    /// Returns [`TransportError`] if the connection breaks or a timeout expires.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        match &mut self.0 {
            Inner::Complete(bytes) if bytes.is_empty() => Ok(None),
            Inner::Complete(bytes) => Ok(Some(std::mem::take(bytes))),
            Inner::Stream(chunks) => chunks.next().await,
        }
    }

    /// Returns the complete body, of at most `limit` bytes.
    ///
    /// # Errors
    /// Returns [`BodyTooLarge`](crate::TransportErrorKind::BodyTooLarge) if the body is longer than `limit`, and the
    /// errors of [`chunk`](Self::chunk).
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let mut collector = Collector::new(limit);
        while let Some(chunk) = self.chunk().await? {
            collector.push(chunk)?;
        }
        Ok(collector.finish())
    }
}

impl From<Bytes> for AsyncBody {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Complete(bytes))
    }
}

impl fmt::Debug for AsyncBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncBody")
    }
}
