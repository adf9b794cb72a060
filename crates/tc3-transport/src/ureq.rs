//! The blocking transport on ureq.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use bytes::Bytes;
use ureq::{Agent, Body, Error, Timeout};

use crate::{
    BlockingBody, BlockingChunks, BlockingTransport, Proxy, Request, Response, TransportConfig,
    TransportError, TransportErrorKind,
};

/// Sends requests with ureq. Connections are kept and shared.
#[derive(Debug)]
pub struct UreqTransport {
    agent: Agent,
    read_timeout: Duration,
}

impl UreqTransport {
    /// A transport with rustls.
    ///
    /// # Errors
    /// Where the proxy's URL is unusable.
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        let proxy = match &config.proxy {
            Proxy::Environment => ureq::Proxy::try_from_env(),
            Proxy::None => None,
            Proxy::Url(url) => Some(
                ureq::Proxy::new(&url.to_string())
                    .map_err(|_| TransportError::new(TransportErrorKind::Proxy))?,
            ),
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent("")
            .accept("")
            .proxy(proxy)
            .timeout_connect(Some(config.connect_timeout))
            .timeout_per_read(Some(config.read_timeout))
            .build()
            .new_agent();
        Ok(Self { agent, read_timeout: config.read_timeout })
    }
}

impl BlockingTransport for UreqTransport {
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        let timeout = request.timeout;
        let mut http = ureq::http::Request::builder().method(request.method).uri(request.uri);
        if let Some(headers) = http.headers_mut() {
            *headers = request.headers;
        }
        let http = http
            .body(request.body.to_vec())
            .map_err(|_| TransportError::new(TransportErrorKind::Request))?;
        let http = self
            .agent
            .configure_request(http)
            .timeout_recv_response(Some(
                timeout.map_or(self.read_timeout, |t| t.min(self.read_timeout)),
            ))
            .timeout_recv_body(timeout)
            .build();
        let response = self.agent.run(http).map_err(classify)?;
        let (parts, body) = response.into_parts();
        Ok(Response {
            status: parts.status,
            headers: parts.headers,
            body: BlockingBody::stream(Chunks(body)),
        })
    }
}

struct Chunks(Body);

impl BlockingChunks for Chunks {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let mut buffer = vec![0; 64 << 10];
        let read = self.0.as_reader().read(&mut buffer).map_err(|e| classify(e.into()))?;
        buffer.truncate(read);
        Ok((read > 0).then(|| buffer.into()))
    }
}

/// Whether the system's resolver found no address. The standard library gives these errors no kind:
/// on Unix its own text tells them, on Windows the code (WSAHOST_NOT_FOUND and its like).
fn is_lookup(error: &std::io::Error) -> bool {
    match error.raw_os_error() {
        Some(code) => cfg!(windows) && matches!(code, 11001..=11004),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}

fn classify(error: Error) -> TransportError {
    use TransportErrorKind as Kind;
    let kind = match &error {
        Error::HostNotFound => Kind::Resolve,
        Error::Timeout(Timeout::Connect | Timeout::Resolve) | Error::ConnectionFailed => {
            Kind::Connect
        }
        Error::Timeout(_) => Kind::Timeout,
        Error::Tls(_) | Error::Rustls(_) => Kind::Tls,
        Error::ConnectProxyFailed(_) => Kind::Proxy,
        Error::Io(io) => match io.kind() {
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable => Kind::Connect,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Kind::Timeout,
            _ if is_lookup(io) => Kind::Resolve,
            _ => Kind::Interrupted,
        },
        Error::Protocol(_) => Kind::Malformed,
        Error::BadUri(_) | Error::Http(_) => Kind::Request,
        _ => Kind::Other,
    };
    match error {
        Error::Io(io) => TransportError::new(kind).with_detail(io.to_string()),
        _ => TransportError::new(kind),
    }
}
