//! HTTP of a store, over the transports of the SDK.

mod completion;
mod connector;

#[cfg(any(feature = "async", feature = "blocking"))]
use core::fmt;

use async_trait::async_trait;
#[cfg(feature = "async")]
use tc3_transport::AsyncTransport;
#[cfg(feature = "blocking")]
use tc3_transport::{BlockingTransport, TransportErrorKind};
use tc3_transport::{Bytes, Request, Response, TransportError};

pub(crate) use self::connector::Connector;

/// HTTP exchanges of a store, over a transport.
#[async_trait]
pub trait Http: Send + Sync + 'static {
    /// Sends a request, and returns the response with its body, of at most `max_bytes`.
    ///
    /// # Errors
    /// Returns the error of the transport.
    async fn exchange(
        &self,
        request: Request,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, TransportError>;
}

/// Exchanges over an async transport.
#[cfg(feature = "async")]
pub struct AsyncHttp<T>(T);

#[cfg(feature = "async")]
impl<T: AsyncTransport> AsyncHttp<T> {
    /// Creates it over a transport.
    pub fn new(transport: T) -> Self {
        Self(transport)
    }
}

#[cfg(feature = "async")]
impl<T> fmt::Debug for AsyncHttp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsyncHttp")
    }
}

#[cfg(feature = "async")]
#[async_trait]
impl<T: AsyncTransport + 'static> Http for AsyncHttp<T> {
    async fn exchange(
        &self,
        request: Request,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, TransportError> {
        let Response { status, headers, body, .. } = self.0.send(request).await?;
        let body = body.collect(max_bytes).await?;
        Ok(Response { status, headers, body })
    }
}

/// Exchanges over a blocking transport, on threads of the runtime that may block.
#[cfg(feature = "blocking")]
pub struct BlockingHttp<T>(std::sync::Arc<T>);

#[cfg(feature = "blocking")]
impl<T: BlockingTransport> BlockingHttp<T> {
    /// Creates it over a transport.
    pub fn new(transport: T) -> Self {
        Self(std::sync::Arc::new(transport))
    }
}

#[cfg(feature = "blocking")]
impl<T> fmt::Debug for BlockingHttp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockingHttp")
    }
}

#[cfg(feature = "blocking")]
#[async_trait]
impl<T: BlockingTransport + 'static> Http for BlockingHttp<T> {
    async fn exchange(
        &self,
        request: Request,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, TransportError> {
        let transport = std::sync::Arc::clone(&self.0);
        let exchange = move || {
            let Response { status, headers, body, .. } = transport.send(request)?;
            let body = body.collect(max_bytes)?;
            Ok(Response { status, headers, body })
        };
        match tokio::task::spawn_blocking(exchange).await {
            Ok(exchange) => exchange,
            Err(error) => Err(TransportError::new(TransportErrorKind::Other).with_source(error)),
        }
    }
}
