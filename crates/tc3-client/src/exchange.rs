//! One exchange: a request is sent, and its whole response is read.

use tc3_transport::{Bytes, Request, Response, TransportError};

/// Exchanges a request within its timeout.
#[cfg(feature = "async-core")]
pub(crate) async fn complete(
    transport: &dyn tc3_transport::AsyncTransport,
    timer: &dyn crate::time::AsyncSleep,
    request: Request,
    max_bytes: usize,
) -> Result<Response<Bytes>, TransportError> {
    let timeout = request.timeout;
    let exchange = async {
        let Response { status, headers, body } = transport.send(request).await?;
        Ok(Response { status, headers, body: body.collect(max_bytes).await? })
    };
    let result = crate::time::within(timer, timeout, exchange).await;
    result.unwrap_or_else(|| Err(TransportError::new(tc3_transport::TransportErrorKind::Timeout)))
}

/// Exchanges a request. The transport applies its timeout.
#[cfg(feature = "ureq")]
pub(crate) fn complete_blocking(
    transport: &dyn tc3_transport::BlockingTransport,
    request: Request,
    max_bytes: usize,
) -> Result<Response<Bytes>, TransportError> {
    let Response { status, headers, body } = transport.send(request)?;
    Ok(Response { status, headers, body: body.collect(max_bytes)? })
}
