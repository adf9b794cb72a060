use core::fmt;
use std::time::Duration;

use crate::ProxyUrl;

/// How long an unused connection is kept: less than servers usually do, so that a request seldom meets
/// a connection that is just being closed.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest timeout, a year: libraries add timeouts to the time of day, which has an end.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 86_400);

/// Shortest timeout: to some libraries, zero means no timeout.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// Returns the timeout that a transport uses: within a millisecond and a year.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
pub(crate) fn bounded(timeout: Duration) -> Duration {
    timeout.clamp(MIN_TIMEOUT, MAX_TIMEOUT)
}

/// Settings of the transports of this crate. The defaults suit calls to the API.
///
/// Timeouts, also that of a [`Request`](crate::Request), count as a millisecond at least and a year at most.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportConfig {
    /// How long a connection may take to be made, TLS included. 10 seconds.
    pub connect_timeout: Duration,
    /// How long the server may stay silent: until the headers, and between two pieces of the body.
    /// 30 seconds.
    pub read_timeout: Duration,
    /// Which proxy. By default the environment's.
    pub proxy: Proxy,
    /// Certificate authorities trusted besides the system's, in PEM: a company's own gateway.
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
}

/// Which proxy requests go through.
///
/// A request that would go through an unusable proxy fails, as
/// [`Proxy`](crate::TransportErrorKind::Proxy): it is never sent directly instead. The metadata service of
/// a cloud machine (`metadata.tencentyun.com`, link-local addresses) is never reached through a proxy.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The environment's, as it is when the transport is made: `HTTPS_PROXY` and `HTTP_PROXY` by the
    /// scheme of the request, else `ALL_PROXY`. `NO_PROXY` lists, with commas, what is reached without:
    /// domains (with what is below them), addresses, networks such as `10.0.0.0/8`, or `*`. Each also
    /// in lower case.
    #[default]
    Environment,
    /// None, whatever the environment says.
    None,
    /// This one, for every request.
    Url(ProxyUrl),
}

impl fmt::Debug for Proxy {
    /// Shows no user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::None => f.write_str("None"),
            Self::Url(url) => f.debug_tuple("Url").field(url).finish(),
        }
    }
}
