//! Routes of requests: directly to the host, or through a proxy.

use core::fmt;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

use crate::address::bare;
use crate::no_proxy::NoProxy;
use crate::{Proxy, ProxyUrl, Request, TransportError, TransportErrorKind, address, proxy};

/// The configured proxies, and the hosts that bypass them.
pub(crate) struct Proxies {
    http: Option<Result<ProxyUrl, TransportError>>,
    https: Option<Result<ProxyUrl, TransportError>>,
    no_proxy: Result<NoProxy, TransportError>,
}

impl Proxies {
    pub(crate) fn new(proxy: &Proxy) -> Self {
        match proxy {
            Proxy::Environment => Self::from_env(|name| std::env::var_os(name)),
            Proxy::None => Self { http: None, https: None, no_proxy: Ok(NoProxy::default()) },
            Proxy::Url(url) => {
                let url = Some(Ok(url.clone()));
                Self { http: url.clone(), https: url, no_proxy: Ok(NoProxy::default()) }
            }
        }
    }

    fn from_env(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = variable(name).map(OsString::into_string)?;
                let value = value.map_err(|_| proxy::error(format_args!("{name} is not UTF-8")));
                let is_unset = value.as_ref().is_ok_and(|value| value.trim().is_empty());
                (!is_unset).then_some((name, value))
            })
        };
        let proxy = |names| {
            let (name, value) = first(names).or_else(|| first(["all_proxy", "ALL_PROXY"]))?;
            Some(value.and_then(|value| ProxyUrl::from_variable(name, &value)))
        };
        // A web server passes the request header `Proxy` to a CGI program as HTTP_PROXY.
        let http = if variable("REQUEST_METHOD").is_some() {
            proxy(["http_proxy", "http_proxy"])
        } else {
            proxy(["http_proxy", "HTTP_PROXY"])
        };
        let no_proxy = match first(["no_proxy", "NO_PROXY"]) {
            Some((_, value)) => value.map(|value| NoProxy::parse(&value)),
            None => Ok(NoProxy::default()),
        };
        Self { http, https: proxy(["https_proxy", "HTTPS_PROXY"]), no_proxy }
    }

    /// Returns the distinct valid proxies.
    #[cfg(feature = "reqwest-no-tls")]
    pub(crate) fn valid(&self) -> Vec<&ProxyUrl> {
        let mut valid: Vec<_> = [&self.http, &self.https].into_iter().flatten().flatten().collect();
        valid.dedup();
        valid
    }

    /// Returns the route of a request.
    ///
    /// # Errors
    /// Returns an error if the URI is not absolute, has another scheme or contains credentials, or if its proxy is
    /// invalid.
    pub(crate) fn route(&self, request: &Request) -> Result<Route, TransportError> {
        let uri = &request.uri;
        let invalid =
            |why: &str| Err(TransportError::new(TransportErrorKind::Request).with_detail(why));
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return invalid("the URI is not absolute");
        };
        if !matches!(scheme, "http" | "https") {
            return invalid("the scheme of the URI is neither http nor https");
        }
        if authority.as_str().contains('@') {
            return invalid("the URI contains credentials");
        }
        if authority.host().is_empty() {
            return invalid("the URI has no host");
        }
        let address = match &request.connect_to {
            Some(address) => Some(address_uri(scheme, address, port(uri)).ok_or_else(|| {
                TransportError::new(TransportErrorKind::Request)
                    .with_detail("the address to connect to is not HOST or HOST:PORT")
            })?),
            None => None,
        };
        let mut route = Route { target: uri.clone(), address, proxy: None };
        let is_metadata = is_metadata(route.dialed().host().unwrap_or_default());
        if !request.bypass_proxy && !is_metadata {
            route.proxy = self.proxy_for(&route)?.cloned();
        }
        Ok(route)
    }

    fn proxy_for(&self, route: &Route) -> Result<Option<&ProxyUrl>, TransportError> {
        let proxy = if is_https(&route.target) { &self.https } else { &self.http };
        let Some(proxy) = proxy else { return Ok(None) };
        let no_proxy = self.no_proxy.as_ref().map_err(Clone::clone)?;
        let bypasses = |uri: &Uri| no_proxy.contains(bare_host(uri), port(uri));
        if bypasses(&route.target) || bypasses(route.dialed()) {
            return Ok(None);
        }
        proxy.as_ref().map(Some).map_err(Clone::clone)
    }
}

/// Returns the URI of an address to connect to; `port` is the default.
fn address_uri(scheme: &str, address: &http::uri::Authority, port: u16) -> Option<Uri> {
    let host = address.host();
    let after_host = address.as_str().strip_prefix(host)?;
    if host.is_empty() || (!after_host.is_empty() && address.port_u16().is_none()) {
        return None;
    }
    let port = address.port_u16().unwrap_or(port);
    format!("{scheme}://{host}:{port}/").parse().ok()
}

/// Returns whether the host is the metadata service of a cloud instance, which issues credentials. A proxy would return
/// those of its own instance, or forged ones.
fn is_metadata(host: &str) -> bool {
    let host = bare(host);
    match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_unicast_link_local() || ip == METADATA_V6,
        Err(_) => host.trim_end_matches('.').eq_ignore_ascii_case(METADATA_HOST),
    }
}

const METADATA_HOST: &str = "metadata.tencentyun.com";

/// Metadata service of AWS, which issues credentials for object stores.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

/// Route of a request. `Display` shows `host:port`, and the address and the proxy if there are any.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) target: Uri,
    /// The address to connect to, if it is not that of the target.
    pub(crate) address: Option<Uri>,
    pub(crate) proxy: Option<ProxyUrl>,
}

impl Route {
    /// Returns the URI whose host and port the connection leads to, directly or through a tunnel.
    pub(crate) fn dialed(&self) -> &Uri {
        self.address.as_ref().unwrap_or(&self.target)
    }

    /// Returns whether a proxy opens a tunnel. A proxy that forwards a request would connect to the host of its URI.
    #[cfg(feature = "hyper")]
    pub(crate) fn is_tunnel(&self) -> bool {
        is_https(&self.target) || self.address.is_some()
    }

    /// Rejects a host or address that is not on the public internet, without resolving it.
    pub(crate) fn check_public(&self) -> Result<(), TransportError> {
        [&self.target, self.dialed()].into_iter().try_for_each(|uri| {
            address::check_host(uri.host().unwrap_or_default())
                .map_err(|why| self.error(TransportErrorKind::NotPublic, why))
        })
    }

    /// Returns an error with the route. `text` must not contain a query or header value.
    pub(crate) fn error(
        &self,
        kind: TransportErrorKind,
        text: impl fmt::Display,
    ) -> TransportError {
        let advice = match kind {
            TransportErrorKind::Proxy => {
                "; check the user and password of the proxy, and the hosts that it allows"
            }
            _ => "",
        };
        TransportError::new(kind).with_detail(format!("{self}: {text}{advice}"))
    }

    /// Returns the error of a connection to the proxy, which is not that of the endpoint.
    pub(crate) fn proxy_error(
        &self,
        kind: TransportErrorKind,
        text: impl fmt::Display,
    ) -> TransportError {
        match kind {
            TransportErrorKind::Resolve | TransportErrorKind::Connect => {
                self.error(kind, format_args!("the proxy: {text}; check the URL of the proxy"))
            }
            _ => self.error(kind, text),
        }
    }

    /// Returns the error of a proxy that has responded with this status to `CONNECT`.
    pub(crate) fn refused_tunnel(&self, status: u16) -> TransportError {
        let text = format!("the proxy responded with {status}");
        match status {
            502..=504 => self.unreachable_by_proxy(text),
            _ => self.error(TransportErrorKind::Proxy, text),
        }
    }

    /// Rejects a response of a proxy that forwards requests and requires other credentials. Only proxies send this status.
    #[cfg(any(feature = "hyper", feature = "reqwest-no-tls"))]
    pub(crate) fn check_forwarded(&self, status: http::StatusCode) -> Result<(), TransportError> {
        let is_forwarded = self.proxy.is_some() && !is_https(&self.target);
        match status {
            http::StatusCode::PROXY_AUTHENTICATION_REQUIRED if is_forwarded => {
                Err(self.refused_tunnel(status.as_u16()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the error of a proxy that could not connect to the server. It may be able to at the next attempt.
    pub(crate) fn unreachable_by_proxy(&self, text: impl fmt::Display) -> TransportError {
        const ADVICE: &str =
            "the proxy cannot reach the server: check the host name, or use another proxy";
        self.error(TransportErrorKind::Connect, format_args!("{text}; {ADVICE}"))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        endpoint(&self.target, f)?;
        if let Some(address) = &self.address {
            f.write_str(" at ")?;
            endpoint(address, f)?;
        }
        if let Some(proxy) = &self.proxy {
            f.write_str(" through the proxy ")?;
            endpoint(proxy.uri(), f)?;
        }
        Ok(())
    }
}

fn endpoint(uri: &Uri, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}:{}", uri.host().unwrap_or_default(), port(uri))
}

pub(crate) fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// Returns the host without the brackets of an IPv6 address.
pub(crate) fn bare_host(uri: &Uri) -> &str {
    bare(uri.host().unwrap_or_default())
}

/// Returns the port, or the default one of the scheme.
pub(crate) fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(default_port(uri))
}

/// Returns the `Host` header: the host, with the port if it is not the default of the scheme.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls"))]
pub(crate) fn host_header(uri: &Uri, route: &Route) -> Result<http::HeaderValue, TransportError> {
    let host = uri.host().unwrap_or_default();
    match uri.port_u16().filter(|port| *port != default_port(uri)) {
        Some(port) => http::HeaderValue::try_from(format!("{host}:{port}")),
        None => http::HeaderValue::try_from(host),
    }
    .map_err(|_| route.error(TransportErrorKind::Request, "the host is not a valid header value"))
}

/// Returns the default port of the URI's scheme.
fn default_port(uri: &Uri) -> u16 {
    if is_https(uri) { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_env(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).into())
        })
    }

    fn route(proxies: &Proxies, uri: &str) -> Result<Route, TransportError> {
        proxies.route(&Request::get(uri.parse().unwrap()))
    }

    fn proxy_of(proxies: &Proxies, uri: &str) -> Option<String> {
        let route = route(proxies, uri).unwrap();
        route.proxy.map(|proxy| proxy.uri().to_string())
    }

    #[test]
    fn each_scheme_has_a_variable_with_all_proxy_as_fallback() {
        let both = proxies(&[("HTTPS_PROXY", "http://a:1"), ("http_proxy", "b:2")]);
        assert_eq!(proxy_of(&both, "https://x.cn/").as_deref(), Some("http://a:1/"));
        assert_eq!(proxy_of(&both, "http://x.cn/").as_deref(), Some("http://b:2/"));
        let common = proxies(&[("all_proxy", "http://c:3"), ("HTTPS_PROXY", "")]);
        assert_eq!(proxy_of(&common, "https://x.cn/").as_deref(), Some("http://c:3/"));
        assert_eq!(proxy_of(&common, "http://x.cn/").as_deref(), Some("http://c:3/"));
        assert_eq!(proxy_of(&proxies(&[]), "https://x.cn/"), None);
    }

    #[test]
    fn a_request_header_cannot_name_the_proxy_of_a_cgi_program() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(proxy_of(&proxies(&cgi), "http://x.cn/"), None);
    }

    #[test]
    fn lower_case_variables_precede_upper_case_ones() {
        let both = proxies(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "http://lower:1"),
            ("HTTP_PROXY", "http://upper:2"),
            ("http_proxy", "http://lower:2"),
            ("NO_PROXY", "upper.cn"),
            ("no_proxy", "lower.cn"),
        ]);
        for (uri, proxy) in [
            ("https://x.cn/", Some("http://lower:1/")),
            ("http://x.cn/", Some("http://lower:2/")),
            ("https://upper.cn/", Some("http://lower:1/")),
            ("https://lower.cn/", None),
        ] {
            assert_eq!(proxy_of(&both, uri).as_deref(), proxy, "{uri}");
        }
        let all = proxies(&[("ALL_PROXY", "http://upper:3"), ("all_proxy", "http://lower:3")]);
        assert_eq!(proxy_of(&all, "https://x.cn/").as_deref(), Some("http://lower:3/"));
        // An empty variable counts as unset.
        let empty = proxies(&[("HTTPS_PROXY", "http://upper:1"), ("https_proxy", " ")]);
        assert_eq!(proxy_of(&empty, "https://x.cn/").as_deref(), Some("http://upper:1/"));
    }

    #[test]
    fn an_address_replaces_host_and_port_of_the_connection() {
        let some = proxies(&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "10.0.0.0/8,host.cn")]);
        for (uri, address, dialed, proxied) in [
            ("https://x.cn/", "[::1]:8443", Some("https://[::1]:8443/"), true),
            ("https://x.cn:8443/", "gateway.cn", Some("https://gateway.cn:8443/"), true),
            ("http://x.cn/", "gateway.cn:81", Some("http://gateway.cn:81/"), true),
            // An exception of either the address or the host applies.
            ("https://x.cn/", "10.0.0.5:8443", Some("https://10.0.0.5:8443/"), false),
            ("https://host.cn/", "9.9.9.9:8443", Some("https://9.9.9.9:8443/"), false),
            ("https://x.cn/", "user@h:1", None, false),
            ("https://x.cn/", "h:99999", None, false),
            ("https://x.cn/", ":1", None, false),
        ] {
            let mut request = Request::get(uri.parse().unwrap());
            let Ok(authority) = address.parse() else {
                assert_eq!(dialed, None, "{address}");
                continue;
            };
            request.connect_to = Some(authority);
            let Ok(route) = some.route(&request) else {
                assert_eq!(dialed, None, "{address}");
                continue;
            };
            assert_eq!(Some(&*route.dialed().to_string()), dialed, "{address}");
            assert_eq!(route.proxy.is_some(), proxied, "{address}");
            assert!(route.to_string().contains(" at "), "{route}");
        }
    }

    #[test]
    fn an_invalid_proxy_fails_only_its_requests_and_stays_secret() {
        let bad = [("HTTPS_PROXY", "socks5://user:hidden@h:1"), ("NO_PROXY", "127.0.0.1")];
        let error = route(&proxies(&bad), "https://x.cn/").err().unwrap();
        assert_eq!(error.kind(), TransportErrorKind::Proxy);
        let text = format!("{error} {error:?}");
        assert!(text.contains("HTTPS_PROXY") && !text.contains("hidden"), "{text}");
        assert_eq!(proxy_of(&proxies(&bad), "https://127.0.0.1/"), None);
        assert_eq!(proxy_of(&proxies(&bad), "http://x.cn/"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_an_error_and_not_unset() {
        use std::os::unix::ffi::OsStringExt;

        for name in ["HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
            let bytes = OsString::from_vec(b"http://h\xff:1".to_vec());
            let proxies = Proxies::from_env(|variable| match variable {
                _ if variable == name => Some(bytes.clone()),
                "HTTP_PROXY" => Some("http://h:1".into()),
                _ => None,
            });
            let error = match name {
                "ALL_PROXY" => route(&proxies, "https://x.cn/").err().unwrap(),
                _ => route(&proxies, "http://x.cn/").err().unwrap(),
            };
            assert_eq!(error.kind(), TransportErrorKind::Proxy);
            assert!(error.to_string().contains(&format!("{name} is not UTF-8")), "{error}");
            // A request without a proxy is not affected.
            assert!(route(&proxies, "http://169.254.0.23/").is_ok());
        }
    }

    #[test]
    fn requests_to_the_metadata_service_bypass_the_proxy() {
        let explicit = Proxies::new(&Proxy::Url("http://p:1".parse().unwrap()));
        let every = [explicit, proxies(&[("ALL_PROXY", "p:1")]), proxies(&[("ALL_PROXY", "p:0")])];
        for proxies in every {
            for uri in [
                "http://metadata.tencentyun.com/",
                "http://METADATA.tencentyun.com.:80/",
                "https://metadata.tencentyun.com/",
                "http://169.254.0.23/",
                "http://169.254.169.254/",
                "http://[::ffff:169.254.0.23]/",
                "http://[fe80::1]/",
                "http://[fd00:ec2::254]/",
            ] {
                assert_eq!(proxy_of(&proxies, uri), None, "{uri}");
            }
            for uri in ["http://xmetadata.tencentyun.com/", "http://169.253.0.23/"] {
                assert!(route(&proxies, uri).map_or(true, |route| route.proxy.is_some()), "{uri}");
            }
            let mut request = Request::get("http://x.cn/".parse().unwrap());
            request.bypass_proxy = true;
            assert!(proxies.route(&request).unwrap().proxy.is_none());
        }
    }

    #[test]
    fn an_invalid_uri_is_refused_without_showing_it() {
        for uri in ["/path?secret", "x.cn:443", "ftp://x.cn/?secret", "https://u:secret@x.cn/"] {
            let error = route(&proxies(&[]), uri).err().unwrap();
            assert_eq!(error.kind(), TransportErrorKind::Request, "{uri}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }

    #[test]
    fn a_route_shows_hosts_and_ports_only() {
        let some = proxies(&[("ALL_PROXY", "http://user:hidden@proxy.cn:3128")]);
        let route = route(&some, "https://x.cn/path?secret=1").unwrap();
        assert_eq!(route.to_string(), "x.cn:443 through the proxy proxy.cn:3128");
    }
}
