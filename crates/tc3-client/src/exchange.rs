//! One exchange: a request is sent, and its whole response is read.

use tc3_transport::{Bytes, Request, Response, TransportError};

use crate::headers::is_event_stream;

/// A complete response; the body of a stream of events is not read.
pub(crate) type Exchanged<B> = (Response<Bytes>, Option<B>);

/// Exchanges a request within its timeout.
#[cfg(feature = "async-core")]
pub(crate) async fn complete(
    transport: &dyn tc3_transport::AsyncTransport,
    timer: &dyn crate::time::AsyncSleep,
    request: Request,
    max_bytes: usize,
) -> Result<Exchanged<tc3_transport::AsyncBody>, TransportError> {
    let timeout = request.timeout;
    let exchange = async {
        let Response { status, headers, body } = transport.send(request).await?;
        if is_event_stream(status, &headers) {
            return Ok((Response { status, headers, body: Bytes::new() }, Some(body)));
        }
        Ok((Response { status, headers, body: body.collect(max_bytes).await? }, None))
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
) -> Result<Exchanged<tc3_transport::BlockingBody>, TransportError> {
    // The transport applies no timeout to the body.
    let timeout = request.timeout.filter(|_| request.streamed_body);
    let start = std::time::Instant::now();
    let Response { status, headers, mut body } = transport.send(request)?;
    if is_event_stream(status, &headers) {
        return Ok((Response { status, headers, body: Bytes::new() }, Some(body)));
    }
    if let Some(timeout) = timeout {
        body = tc3_transport::BlockingBody::stream(Limited { body, start, timeout });
    }
    Ok((Response { status, headers, body: body.collect(max_bytes)? }, None))
}

/// A body that fails after the timeout of its exchange.
#[cfg(feature = "ureq")]
struct Limited {
    body: tc3_transport::BlockingBody,
    start: std::time::Instant,
    timeout: std::time::Duration,
}

#[cfg(feature = "ureq")]
impl tc3_transport::BlockingChunks for Limited {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let chunk = self.body.chunk()?;
        if chunk.is_some() && self.start.elapsed() > self.timeout {
            return Err(TransportError::new(tc3_transport::TransportErrorKind::Timeout));
        }
        Ok(chunk)
    }
}
