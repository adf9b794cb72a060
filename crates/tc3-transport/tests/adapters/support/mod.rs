//! One interface for all transports, and requests with secrets that no error may show.

pub(crate) mod server;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tc3_transport::{
    AsyncTransport, BlockingTransport, HyperTransport, Proxy, Request, ReqwestTransport, Response,
    TransportConfig, TransportError, TransportErrorKind, UreqTransport,
};
use tokio::runtime::{Builder, Runtime};

/// Longer than any test takes, so that only the timeout under test can expire.
pub(crate) const LONG: Duration = Duration::from_secs(120);
/// A timeout that is meant to expire.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

pub(crate) type New = fn(&TransportConfig) -> Result<Box<dyn Driver>, TransportError>;

pub(crate) trait Driver {
    fn send(&self, request: Request) -> Result<Response<Chunks>, TransportError>;
}

/// A streamed body.
pub(crate) struct Chunks(Box<dyn FnMut() -> Result<Option<Bytes>, TransportError>>);

impl Chunks {
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        (self.0)()
    }

    pub(crate) fn collect(mut self) -> Result<Vec<u8>, TransportError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next()? {
            assert!(!chunk.is_empty());
            all.extend_from_slice(&chunk);
        }
        assert!(self.next()?.is_none(), "reading past the end returns the end again");
        Ok(all)
    }
}

struct Async<T>(Arc<Runtime>, T);

impl<T: AsyncTransport> Driver for Async<T> {
    fn send(&self, request: Request) -> Result<Response<Chunks>, TransportError> {
        let runtime = Arc::clone(&self.0);
        let response = runtime.block_on(self.1.send(request))?;
        Ok(response.map(|mut body| Chunks(Box::new(move || runtime.block_on(body.chunk())))))
    }
}

struct Blocking(UreqTransport);

impl Driver for Blocking {
    fn send(&self, request: Request) -> Result<Response<Chunks>, TransportError> {
        Ok(self.0.send(request)?.map(|mut body| Chunks(Box::new(move || body.chunk()))))
    }
}

pub(crate) fn runtime() -> Arc<Runtime> {
    Arc::new(Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}

pub(crate) fn hyper(config: &TransportConfig) -> Result<Box<dyn Driver>, TransportError> {
    Ok(Box::new(Async(runtime(), HyperTransport::new(config)?)))
}

pub(crate) fn reqwest(config: &TransportConfig) -> Result<Box<dyn Driver>, TransportError> {
    Ok(Box::new(Async(runtime(), ReqwestTransport::new(config)?)))
}

pub(crate) fn ureq(config: &TransportConfig) -> Result<Box<dyn Driver>, TransportError> {
    Ok(Box::new(Blocking(UreqTransport::new(config)?)))
}

/// Returns the configuration without its extra roots, and a configuration of rustls that trusts only these. Its ALPN
/// protocols are those of a program with HTTP/2.
fn split(config: &TransportConfig) -> (TransportConfig, rustls::ClientConfig) {
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(&config.extra_roots_pem) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (config.clone().with_extra_roots_pem([]), tls)
}

pub(crate) fn hyper_with_rustls_config(
    config: &TransportConfig,
) -> Result<Box<dyn Driver>, TransportError> {
    let (config, tls) = split(config);
    Ok(Box::new(Async(runtime(), HyperTransport::with_rustls_config(&config, tls)?)))
}

pub(crate) fn reqwest_from_builder(
    config: &TransportConfig,
) -> Result<Box<dyn Driver>, TransportError> {
    let (config, mut tls) = split(config);
    // reqwest uses the protocols of the caller.
    tls.alpn_protocols.clear();
    let builder = move || reqwest::Client::builder().tls_backend_preconfigured(tls.clone());
    Ok(Box::new(Async(runtime(), ReqwestTransport::from_builder(&config, builder)?)))
}

pub(crate) fn reqwest_from_client(client: reqwest::Client) -> Box<dyn Driver> {
    Box::new(Async(runtime(), ReqwestTransport::from_client(client)))
}

pub(crate) fn ureq_with_rustls_config(
    config: &TransportConfig,
) -> Result<Box<dyn Driver>, TransportError> {
    let (config, tls) = split(config);
    Ok(Box::new(Blocking(UreqTransport::with_rustls_config(&config, tls)?)))
}

/// Returns a configuration without a proxy, with timeouts that do not expire.
pub(crate) fn config() -> TransportConfig {
    TransportConfig::default()
        .with_proxy(Proxy::None)
        .with_connect_timeout(LONG)
        .with_read_timeout(LONG)
}

pub(crate) fn get(base: &str) -> Request {
    let mut request = Request::get(format!("{base}/file?sign=linkkey").parse().unwrap());
    request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("hiddenheader"));
    request
}

pub(crate) fn post(base: &str, body: &'static str) -> Request {
    let mut request = get(base);
    request.method = Method::POST;
    request.body = Bytes::from_static(body.as_bytes());
    request
}

/// Repeats an action until the condition is true. reqwest releases a connection shortly after the end of the body, so the
/// next request may or may not reuse it.
pub(crate) fn until(condition: impl Fn() -> bool, mut action: impl FnMut()) {
    for _ in 0..1000 {
        action();
        if condition() {
            return;
        }
    }
    panic!("the condition was never true");
}

/// Sends a request and reads the whole body.
pub(crate) fn fetch(
    transport: &dyn Driver,
    request: Request,
) -> Result<(u16, Vec<u8>), TransportError> {
    let response = transport.send(request)?;
    Ok((response.status.as_u16(), response.body.collect()?))
}

/// Checks that the error has this kind, contains `names`, and shows no secret, including its sources.
pub(crate) fn check(error: &TransportError, kind: TransportErrorKind, names: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    assert!(text.contains(names), "{text}");
    for secret in ["linkkey", "hiddenheader", "hiddenpass", "aGlkZGVu"] {
        assert!(!text.contains(secret), "{text}");
    }
}
