//! Where a request goes: the host it names, directly or through a proxy.

use core::fmt;
use std::net::IpAddr;

use http::Uri;

use crate::{Proxy, TransportError, TransportErrorKind, address};

/// The proxies in force, and the hosts that are reached without.
pub(crate) struct Proxies {
    http: Option<Result<Uri, BadProxy>>,
    https: Option<Result<Uri, BadProxy>>,
    direct: Vec<Direct>,
}

/// The name of what held an unusable proxy, never its value: that may hold a password.
#[derive(Clone, Copy)]
struct BadProxy(&'static str);

/// An entry of `NO_PROXY`.
enum Direct {
    All,
    Network(IpAddr, u32),
    /// The domain and what is below it, in lower case.
    Domain(String),
}

impl Proxies {
    pub(crate) fn new(proxy: &Proxy) -> Result<Self, TransportError> {
        match proxy {
            Proxy::Environment => Ok(Self::from_env(|name| std::env::var(name).ok())),
            Proxy::None => Ok(Self { http: None, https: None, direct: Vec::new() }),
            Proxy::Url(uri) => {
                let uri = usable(uri.clone()).ok_or(BadProxy("the proxy").error())?;
                Ok(Self { http: Some(Ok(uri.clone())), https: Some(Ok(uri)), direct: Vec::new() })
            }
        }
    }

    fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                variable(name).filter(|value| !value.is_empty()).map(|value| (name, value))
            })
        };
        let proxy = |names| {
            first(names)
                .or_else(|| first(["ALL_PROXY", "all_proxy"]))
                .map(|(name, value)| parse(&value).ok_or(BadProxy(name)))
        };
        // A web server hands a CGI program the request's `Proxy` header as HTTP_PROXY.
        let http = if variable("REQUEST_METHOD").is_some() {
            proxy(["http_proxy", "http_proxy"])
        } else {
            proxy(["HTTP_PROXY", "http_proxy"])
        };
        let direct = first(["NO_PROXY", "no_proxy"])
            .map(|(_, value)| value.split(',').filter_map(Direct::parse).collect())
            .unwrap_or_default();
        Self { http, https: proxy(["HTTPS_PROXY", "https_proxy"]), direct }
    }

    /// Whether no request can go through a proxy.
    #[cfg(feature = "reqwest")]
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The way to `uri`.
    ///
    /// # Errors
    /// Where the URI is not absolute, has another scheme or holds credentials, or the proxy for it is
    /// unusable.
    pub(crate) fn route(&self, uri: &Uri) -> Result<Route, TransportError> {
        let bad =
            |why: &str| Err(TransportError::new(TransportErrorKind::Request).with_detail(why));
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return bad("the URI is not absolute");
        };
        if !matches!(scheme, "http" | "https") {
            return bad("the URI is neither http nor https");
        }
        if authority.as_str().contains('@') {
            return bad("the URI holds credentials");
        }
        if authority.host().is_empty() {
            return bad("the URI has no host");
        }
        Ok(Route { target: uri.clone(), proxy: self.proxy_for(scheme, authority.host())?.cloned() })
    }

    pub(crate) fn proxy_for(
        &self,
        scheme: &str,
        host: &str,
    ) -> Result<Option<&Uri>, TransportError> {
        let proxy = if scheme == "https" { &self.https } else { &self.http };
        match proxy {
            Some(proxy) if !self.is_direct(host) => {
                proxy.as_ref().map(Some).map_err(|bad| bad.error())
            }
            _ => Ok(None),
        }
    }

    fn is_direct(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let ip: Option<IpAddr> = host.parse().ok();
        self.direct.iter().any(|entry| match (entry, ip) {
            (Direct::All, _) => true,
            (Direct::Network(base, bits), Some(ip)) => shares_prefix(*base, ip, *bits),
            (Direct::Domain(domain), None) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            _ => false,
        })
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

impl BadProxy {
    fn error(self) -> TransportError {
        TransportError::new(TransportErrorKind::Proxy).with_detail(format!(
            "{} is no usable proxy; expected http://[user:password@]host:port",
            self.0
        ))
    }
}

fn parse(value: &str) -> Option<Uri> {
    let with_scheme =
        if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    usable(with_scheme.parse().ok()?)
}

fn usable(uri: Uri) -> Option<Uri> {
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    (known && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

impl Direct {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        let (address, bits) = match entry.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (entry, None),
        };
        if let Ok(ip) = address.parse::<IpAddr>() {
            let full = if ip.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(full), |bits| bits.parse().ok())?;
            return (bits <= full).then_some(Self::Network(ip, bits));
        }
        if entry == "*" {
            return Some(Self::All);
        }
        let domain = entry.trim_start_matches('*').trim_start_matches('.');
        (!domain.is_empty()).then(|| Self::Domain(domain.to_ascii_lowercase()))
    }
}

pub(crate) fn shares_prefix(a: IpAddr, b: IpAddr, bits: u32) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// The way of one request. It shows as `host:port`, with the proxy if there is one.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) target: Uri,
    pub(crate) proxy: Option<Uri>,
}

impl Route {
    /// Refuses a host that is known, without resolving it, to be none of the public internet's.
    pub(crate) fn check_public(&self) -> Result<(), TransportError> {
        address::check_host(self.target.host().unwrap_or_default())
            .map_err(|why| self.error(TransportErrorKind::NotPublic, why))
    }

    /// An error that says where it happened. `text` must hold no query and no header value.
    pub(crate) fn error(
        &self,
        kind: TransportErrorKind,
        text: impl fmt::Display,
    ) -> TransportError {
        TransportError::new(kind).with_detail(format!("{self}: {text}"))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        endpoint(&self.target, f)?;
        if let Some(proxy) = &self.proxy {
            f.write_str(" through the proxy ")?;
            endpoint(proxy, f)?;
        }
        Ok(())
    }
}

fn endpoint(uri: &Uri, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(own_port(uri)))
}

pub(crate) fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// The port that the URI's scheme has where it names none.
pub(crate) fn own_port(uri: &Uri) -> u16 {
    if is_https(uri) { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_env(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn chosen(proxies: &Proxies, uri: &str) -> Option<String> {
        let route = proxies.route(&uri.parse().unwrap()).unwrap();
        route.proxy.map(|proxy| proxy.to_string())
    }

    #[test]
    fn each_scheme_has_its_variable_and_a_common_one() {
        let both = proxies(&[("HTTPS_PROXY", "http://a:1"), ("http_proxy", "b:2")]);
        assert_eq!(chosen(&both, "https://x.cn/").as_deref(), Some("http://a:1/"));
        assert_eq!(chosen(&both, "http://x.cn/").as_deref(), Some("http://b:2/"));
        let common = proxies(&[("all_proxy", "http://c:3"), ("HTTPS_PROXY", "")]);
        assert_eq!(chosen(&common, "https://x.cn/").as_deref(), Some("http://c:3/"));
        assert_eq!(chosen(&common, "http://x.cn/").as_deref(), Some("http://c:3/"));
        assert_eq!(chosen(&proxies(&[]), "https://x.cn/"), None);
    }

    #[test]
    fn a_request_header_cannot_name_the_proxy_of_a_cgi_program() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(chosen(&proxies(&cgi), "http://x.cn/"), None);
    }

    #[test]
    fn no_proxy_names_domains_addresses_and_networks() {
        let some = proxies(&[
            ("ALL_PROXY", "http://p:1"),
            (
                "NO_PROXY",
                "localhost, .Tencent.cn,*.corp,10.0.0.0/8,192.168.1.7,fd00::/8,0.0.0.0/99,,bad/4",
            ),
        ]);
        for direct in [
            "localhost",
            "LOCALHOST:80",
            "tencent.cn",
            "essbasic.TENCENT.cn",
            "a.corp",
            "10.255.0.1",
            "192.168.1.7:8080",
            "[fd12::1]:443",
        ] {
            assert_eq!(chosen(&some, &format!("http://{direct}/")), None, "{direct}");
        }
        for proxied in
            ["xtencent.cn", "localhost.cn", "11.0.0.1", "192.168.1.8", "[fe00::1]", "x.cn"]
        {
            assert!(chosen(&some, &format!("http://{proxied}/")).is_some(), "{proxied}");
        }
        let none = proxies(&[("ALL_PROXY", "http://p:1"), ("no_proxy", "*")]);
        assert_eq!(chosen(&none, "https://x.cn/"), None);
        let every_ipv4 = proxies(&[("ALL_PROXY", "http://p:1"), ("no_proxy", "1.2.3.4/0")]);
        assert_eq!(chosen(&every_ipv4, "https://9.9.9.9/"), None);
    }

    #[test]
    fn an_unusable_proxy_is_an_error_for_the_calls_that_need_it_and_stays_secret() {
        let bad = [("HTTPS_PROXY", "socks5://user:hidden@h:1"), ("NO_PROXY", "127.0.0.1")];
        let error = proxies(&bad).route(&"https://x.cn/".parse().unwrap()).err().unwrap();
        assert_eq!(error.kind(), TransportErrorKind::Proxy);
        let text = format!("{error} {error:?}");
        assert!(text.contains("HTTPS_PROXY") && !text.contains("hidden"), "{text}");
        assert_eq!(chosen(&proxies(&bad), "https://127.0.0.1/"), None);
        assert_eq!(chosen(&proxies(&bad), "http://x.cn/"), None);
    }

    #[test]
    fn a_uri_that_cannot_be_asked_is_refused_without_showing_it() {
        for uri in ["/path?secret", "x.cn:443", "ftp://x.cn/?secret", "https://u:secret@x.cn/"] {
            let error = proxies(&[]).route(&uri.parse().unwrap()).err().unwrap();
            assert_eq!(error.kind(), TransportErrorKind::Request, "{uri}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }

    #[test]
    fn a_route_shows_hosts_and_ports_only() {
        let some = proxies(&[("ALL_PROXY", "http://user:hidden@proxy.cn:3128")]);
        let route = some.route(&"https://x.cn/path?secret=1".parse().unwrap()).unwrap();
        assert_eq!(route.to_string(), "x.cn:443 through the proxy proxy.cn:3128");
    }
}
