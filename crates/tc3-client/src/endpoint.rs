//! Endpoints: the signed host of calls, and the address that is dialed.

use core::fmt;
use std::net::Ipv6Addr;

use tc3_api::ActionInfo;
use tc3_transport::{Authority, Uri};

use crate::error::{Error, ErrorKind};
use crate::form::Formed;
use crate::quoted::quoted;

/// Domain of the platform. The host of a service is a label in it.
const DOMAIN: &str = "tencentcloudapi.com";

/// The servers that calls are sent to.
///
/// Hosts are signed and sent in lower case, without a trailing dot and without the default port of the scheme.
///
/// ```
/// use tc3_client::Endpoint;
///
/// // essbasic.ap-guangzhou.tencentcloudapi.com
/// let regional = Endpoint::regional("ap-guangzhou")?;
/// // essbasic.intl.tencentcloudapi.com
/// let international = Endpoint::international();
/// // essbasic.ap-shanghai-fsi.tencentcloudapi.com
/// let finance = Endpoint::finance("ap-shanghai")?;
/// // Signed as essbasic.tencentcloudapi.com, and connected to a gateway.
/// let gateway = Endpoint::Production.with_address("10.0.0.5:8443")?;
/// # Ok::<(), tc3_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Endpoint {
    /// The production hosts of each service.
    #[default]
    Production,
    /// The test environment of each service. Calls of a service without one fail.
    Test,
    /// One server for all actions.
    Url(BaseUrl),
    /// The hosts of each service in another domain: [`regional`](Self::regional),
    /// [`international`](Self::international), [`finance`](Self::finance) or [`domain`](Self::domain).
    Domain(ServiceDomain),
    /// An endpoint whose hosts are reached at another address: [`with_address`](Self::with_address).
    Addressed(Box<AddressedEndpoint>),
}

/// A domain in which each service has a host: `{service}.{domain}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDomain {
    domain: String,
}

/// An endpoint whose hosts are signed, and an address that is dialed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressedEndpoint {
    endpoint: Endpoint,
    address: Authority,
}

/// A scheme, a host and an optional port, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    uri: Uri,
}

impl BaseUrl {
    /// Parses `https://host`, `http://host:port` or `host[:port]`, which means `https`.
    ///
    /// Upper case, a trailing dot of the host and the default port of the scheme are removed: `https://HOST:443` is
    /// `https://host`.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if `text` is not such a URL, or has a path, query, fragment or user name.
    /// The error does not contain `text`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |cause: &str| {
            Error::config(format!(
                "invalid endpoint: {cause}; write it as https://HOST or http://HOST:PORT"
            ))
        };
        let text = text.trim();
        let absolute =
            if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        // The parser removes a fragment.
        if absolute.contains('#') {
            return Err(invalid("it contains a fragment"));
        }
        let uri: Uri = absolute.parse().map_err(|_| invalid("not a URL"))?;
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(invalid("the scheme is neither http nor https")),
        };
        let authority = uri.authority().ok_or_else(|| invalid("no host"))?;
        let (host, port) = split(authority).map_err(invalid)?;
        if uri.query().is_some() || !matches!(uri.path(), "" | "/") {
            return Err(invalid("it contains a path or a query"));
        }
        let normal = match port.filter(|port| *port != default_port) {
            Some(port) => format!("{scheme}://{host}:{port}/"),
            None => format!("{scheme}://{host}/"),
        };
        Ok(Self { uri: normal.parse().map_err(|_| invalid("the host is invalid"))? })
    }

    /// Returns the host and port that are signed and sent.
    fn host(&self) -> &str {
        self.uri.authority().map(Authority::as_str).unwrap_or_default()
    }
}

/// Returns the normalized host and the port, or the cause of a failure.
fn split(authority: &Authority) -> Result<(String, Option<u16>), &'static str> {
    if authority.as_str().contains('@') {
        return Err("it contains a user name");
    }
    let host = authority.host();
    // The parser accepts `host:` and ports above 65535.
    let after_host = authority.as_str().get(host.len()..).unwrap_or_default();
    let port = authority.port_u16();
    if !after_host.is_empty() && port.is_none() {
        return Err("the port is not within 0 and 65535");
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = inner.parse().map_err(|_| "the host is not an IPv6 address")?;
        return Ok((format!("[{address}]"), port));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.is_empty() || name.ends_with('.') {
        return Err("no host");
    }
    Ok((name.to_ascii_lowercase(), port))
}

/// The URI, the `Host` header and the dialed address of a call.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Scheme, host and port, without a path.
    pub(crate) uri: Uri,
    pub(crate) host: String,
    pub(crate) address: Option<Authority>,
}

impl Target {
    fn of(base: &BaseUrl) -> Self {
        Self { uri: base.uri.clone(), host: base.host().to_owned(), address: None }
    }

    /// Returns the URI of a request.
    pub(crate) fn uri_of(&self, formed: &Formed<'_>) -> Result<Uri, Error> {
        let text = match formed.query.as_str() {
            "" if formed.path == "/" => return Ok(self.uri.clone()),
            "" => formed.path.to_owned(),
            query => format!("{}?{query}", formed.path),
        };
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(text.parse().map_err(|_| {
            Error::new(ErrorKind::Request, "the path and query are not valid in a URI")
        })?);
        Uri::from_parts(parts)
            .map_err(|_| Error::new(ErrorKind::Request, "the URI of the call is invalid"))
    }
}

impl Endpoint {
    /// Returns the hosts of a region, such as `essbasic.ap-guangzhou.tencentcloudapi.com`. It does not set `X-TC-Region`:
    /// see [`Config::with_region`](crate::Config::with_region).
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if `region` cannot be part of a host name.
    pub fn regional(region: &str) -> Result<Self, Error> {
        Self::domain(&format!("{}.{DOMAIN}", region.trim()))
    }

    /// Returns the hosts of the international site, such as `essbasic.intl.tencentcloudapi.com`.
    pub fn international() -> Self {
        Self::Domain(ServiceDomain { domain: format!("intl.{DOMAIN}") })
    }

    /// Returns the hosts of a finance zone, such as `essbasic.ap-shanghai-fsi.tencentcloudapi.com`. The suffix `-fsi` of
    /// the region is optional.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if `region` cannot be part of a host name.
    pub fn finance(region: &str) -> Result<Self, Error> {
        let region = region.trim();
        let zone = region.strip_suffix("-fsi").unwrap_or(region);
        Self::regional(&format!("{zone}-fsi"))
    }

    /// Returns the hosts in another domain, such as that of a private cloud: `{service}.{domain}`. Actions with a host outside
    /// the platform's domain fail there; select the [URL](Self::Url) for them.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if `domain` is not a domain name.
    pub fn domain(domain: &str) -> Result<Self, Error> {
        let name = domain.trim();
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let is_label = |label: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty() && !label.starts_with('-') && label.bytes().all(is_plain)
        };
        if !name.split('.').all(is_label) {
            let message = format!(
                "invalid domain of services {}; write it as REGION.{DOMAIN} or DOMAIN",
                quoted(domain)
            );
            return Err(Error::config(message));
        }
        Ok(Self::Domain(ServiceDomain { domain: name }))
    }

    /// Sets the address to connect to, `HOST` or `HOST:PORT`, such as that of a gateway or a private cloud. Without a port,
    /// that of the endpoint is used.
    ///
    /// The host of the endpoint is still signed, sent as `Host`, and verified by TLS. A proxy opens a tunnel to the address.
    /// reqwest cannot: its transport returns an error for an address behind a proxy, and for an `https` URL whose host is an IP
    /// address. Downloads from other hosts, and credential sources, do not use it.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if `address` is not a host with an optional port.
    pub fn with_address(self, address: &str) -> Result<Self, Error> {
        let invalid = |cause: &str| {
            Error::config(format!("invalid address to connect to: {cause}; write it as HOST:PORT"))
        };
        let authority: Authority =
            address.trim().parse().map_err(|_| invalid("not a host with an optional port"))?;
        let (host, port) = split(&authority).map_err(invalid)?;
        let normal = port.map_or(host.clone(), |port| format!("{host}:{port}"));
        let address = normal.parse().map_err(|_| invalid("the host is invalid"))?;
        let endpoint = match self {
            Self::Addressed(addressed) => addressed.endpoint,
            endpoint => endpoint,
        };
        Ok(Self::Addressed(Box::new(AddressedEndpoint { endpoint, address })))
    }

    /// Returns the configured base URL, or `None` for the hosts of the services.
    pub fn url(&self) -> Option<&Uri> {
        match self {
            Self::Url(base) => Some(&base.uri),
            Self::Addressed(addressed) => addressed.endpoint.url(),
            Self::Production | Self::Test | Self::Domain(_) => None,
        }
    }

    /// Returns the address to connect to, if it is not that of the host.
    pub fn address(&self) -> Option<&Authority> {
        match self {
            Self::Addressed(addressed) => Some(&addressed.address),
            _ => None,
        }
    }

    pub(crate) fn target(&self, info: &ActionInfo<'_>) -> Result<Target, Error> {
        let host = match self {
            Self::Addressed(addressed) => {
                let target = addressed.endpoint.target(info)?;
                return Ok(Target { address: Some(addressed.address.clone()), ..target });
            }
            Self::Url(base) => return Ok(Target::of(base)),
            Self::Production => match info.host {
                Some(host) => host.to_owned(),
                None => format!("{}.{DOMAIN}", info.service),
            },
            Self::Domain(ServiceDomain { domain }) => {
                match info.host.map(|host| (host, label(host))) {
                    None => format!("{}.{domain}", info.service),
                    Some((_, Some(label))) => format!("{label}.{domain}"),
                    Some((host, None)) if is_of_platform(domain) => host.to_owned(),
                    Some((host, None)) => {
                        return Err(Error::config(format!(
                            "the host {host} of {} is unknown in the domain {domain}; set the URL of the endpoint",
                            info.name
                        )));
                    }
                }
            }
            Self::Test => info.test_host.map(str::to_owned).ok_or_else(|| {
                Error::config(format!(
                    "the test environment of {} is unknown; set the URL of the endpoint",
                    info.service
                ))
            })?,
        };
        let base = BaseUrl::parse(&format!("https://{host}/")).map_err(|_| {
            Error::config(format!(
                "invalid service name {}: it cannot be part of a host name",
                quoted(info.service)
            ))
        })?;
        Ok(Target::of(&base))
    }
}

/// Returns the label of a host in the domain of the platform. Other hosts exist in no other domain.
fn label(host: &str) -> Option<&str> {
    let label = host.strip_suffix(DOMAIN)?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then_some(label)
}

impl fmt::Display for Endpoint {
    /// Writes the servers that are signed: `production`, `test`, a URL or a domain. The dialed address is omitted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Production => f.write_str("production"),
            Self::Test => f.write_str("test"),
            Self::Url(base) => fmt::Display::fmt(&base.uri, f),
            Self::Domain(ServiceDomain { domain }) => f.write_str(domain),
            Self::Addressed(addressed) => addressed.endpoint.fmt(f),
        }
    }
}

/// Returns whether a domain is one of the platform, whose services may also have hosts elsewhere.
fn is_of_platform(domain: &str) -> bool {
    domain.strip_suffix(DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
