use core::fmt;
use std::time::Duration;

use crate::ProxyUrl;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
use crate::{TransportError, TransportErrorKind};

/// Time for which an idle connection is kept. It is shorter than that of most servers, so that a request seldom uses a
/// connection that the server is closing.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Maximum timeout: a year, because libraries add timeouts to the current time, which may overflow.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 86_400);

/// Minimum timeout, because zero means no timeout in some libraries.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// Clamps a timeout to the range from a millisecond to a year.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
pub(crate) fn bounded(timeout: Duration) -> Duration {
    timeout.clamp(MIN_TIMEOUT, MAX_TIMEOUT)
}

/// Configuration of the transports of this crate. The defaults are suitable for calls of the API.
///
/// Timeouts, including that of a [`Request`](crate::Request), are clamped to the range from a millisecond to a year.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportConfig {
    /// Timeout of connecting, including the TLS handshake. Default: 10 seconds.
    pub connect_timeout: Duration,
    /// Timeout of each wait for data of the server: until the headers, and between two chunks of the body. Default: 30
    /// seconds.
    pub read_timeout: Duration,
    /// Proxy. Default: that of the environment.
    pub proxy: Proxy,
    /// Certificate authorities that are trusted in addition to those of the system, in PEM, such as that of a company's
    /// gateway.
    pub extra_roots_pem: Vec<u8>,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            proxy: Proxy::Environment,
            extra_roots_pem: Vec::new(),
        }
    }
}

impl TransportConfig {
    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets [`read_timeout`](Self::read_timeout).
    #[must_use]
    pub fn with_read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Sets [`proxy`](Self::proxy).
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets [`extra_roots_pem`](Self::extra_roots_pem).
    #[must_use]
    pub fn with_extra_roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_roots_pem = pem.into();
        self
    }

    /// Parses the extra roots. Libraries ignore text without a certificate, which is an error here.
    #[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
    pub(crate) fn extra_roots<C, E>(
        &self,
        parse: impl FnOnce(&[u8]) -> Result<Vec<C>, E>,
    ) -> Result<Vec<C>, TransportError> {
        let error = |text: &str| TransportError::new(TransportErrorKind::Tls).with_detail(text);
        let roots = parse(&self.extra_roots_pem)
            .map_err(|_| error("invalid PEM of the extra certificate authorities"))?;
        if roots.is_empty() && !self.extra_roots_pem.is_empty() {
            return Err(error(
                "the PEM of the extra certificate authorities contains no certificate",
            ));
        }
        Ok(roots)
    }

    /// Refuses extra roots, which cannot be added to TLS settings of the caller.
    #[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
    pub(crate) fn refuse_extra_roots(&self, instead: &str) -> Result<(), TransportError> {
        if self.extra_roots_pem.is_empty() {
            return Ok(());
        }
        let text = format!("extra roots are not used; add them to {instead}");
        Err(TransportError::new(TransportErrorKind::Tls).with_detail(text))
    }
}

/// Choice of the proxy.
///
/// A request through an invalid proxy fails with [`Proxy`](crate::TransportErrorKind::Proxy); it is never sent directly
/// instead. Requests to the metadata service of a cloud instance (`metadata.tencentyun.com`, link-local addresses) never
/// use a proxy.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The proxy of the environment, read when the transport is created: `https_proxy` or `http_proxy`, by the scheme of
    /// the request, otherwise `all_proxy`. `no_proxy` is a list of hosts that bypass the proxy, separated by commas or
    /// white space: domains with their subdomains, addresses, networks such as `10.0.0.0/8`, or `*`.
    ///
    /// An entry `host:port` or `[::1]:port` applies to this port only. A trailing dot of an entry or of a host is ignored.
    /// All names are also read in upper case. If both are set, the lower-case variable is used, as in curl.
    #[default]
    Environment,
    /// No proxy; the environment is ignored.
    None,
    /// This proxy, for every request.
    Url(ProxyUrl),
}

impl fmt::Debug for Proxy {
    /// Hides user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::None => f.write_str("None"),
            Self::Url(url) => f.debug_tuple("Url").field(url).finish(),
        }
    }
}
