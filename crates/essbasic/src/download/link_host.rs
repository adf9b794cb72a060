//! The allowlist of hosts of download links.

use core::fmt;
use core::str::FromStr;

use tc3_client::transport::Uri;

use crate::error::{FlowError, FlowErrorKind};

/// An entry of the allowlist of hosts of download links.
///
/// | entry | allowed links |
/// |---|---|
/// | `files.example.com` | this host over https, at any address, including private networks |
/// | `*.example.com` | the hosts below it over https, at public addresses |
/// | `http://files.example.com` | this host over https and plain http; `http://` can precede every entry |
/// | `files.example.com:8443` | this host at this port instead of the default port; a port can follow every entry |
///
/// A wildcard requires a domain of at least two labels. `*` and `*.com` are refused: anyone can register a host that they
/// allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHost {
    /// `true` if plain http is allowed.
    allow_http: bool,
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// This host, at any address: the caller has named it.
    Exact(String),
    /// Any host with this suffix, which begins with a dot. The response selects the host, so its address must be
    /// public.
    Suffix(String),
}

/// The error of parsing a [`LinkHost`]. It does not contain the text, which may be a link with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHostError(Problem);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Syntax,
    /// A wildcard without a domain of two labels.
    Wildcard,
}

impl fmt::Display for LinkHostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Problem::Syntax => "invalid host; expected HOST, *.DOMAIN or http://HOST:PORT",
            Problem::Wildcard => {
                "invalid host: the wildcard allows hosts that anyone can register; expected HOST or *.DOMAIN, such as *.example.com"
            }
        })
    }
}

impl std::error::Error for LinkHostError {}

impl LinkHost {
    /// Returns the known hosts of the service's files. The reference shows links to `file.test.ess.tencent.cn` and, for
    /// the sibling API, to `file.ess.tencent.cn`. Neither is documented as stable.
    pub(super) fn service() -> Self {
        Self { allow_http: false, host: Host::Suffix(".ess.tencent.cn".to_owned()), port: None }
    }

    fn covers(&self, link: &Origin<'_>) -> bool {
        let port = self.port.unwrap_or(link.default_port());
        let host = match &self.host {
            Host::Exact(host) => link.host.eq_ignore_ascii_case(host),
            Host::Suffix(suffix) => link.host.to_ascii_lowercase().ends_with(suffix.as_str()),
        };
        host && link.port == port && (link.https || self.allow_http)
    }
}

impl FromStr for LinkHost {
    type Err = LinkHostError;

    fn from_str(text: &str) -> Result<Self, LinkHostError> {
        let error = || LinkHostError(Problem::Syntax);
        let text = text.trim();
        let (allow_http, rest) = match text.split_once("://") {
            Some(("http", rest)) => (true, rest),
            Some(("https", rest)) => (false, rest),
            Some(_) => return Err(error()),
            None => (false, text),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // The URL parser rejects `*`: replace it with a letter.
        let (is_wildcard, name) = match rest.strip_prefix('*') {
            Some(end) if end.is_empty() || end.starts_with(['.', ':']) => (true, format!("x{end}")),
            _ => (false, rest.to_owned()),
        };
        let uri: Uri = format!("https://{name}/").parse().map_err(|_| error())?;
        let link = Origin::of(&uri).filter(|_| uri.path() == "/" && uri.query().is_none());
        let link = link.ok_or_else(error)?;
        let port = uri.port_u16();
        if link.host.ends_with('.') || (port.is_none() && name.len() != link.host.len()) {
            return Err(error());
        }
        let host = link.host.to_ascii_lowercase();
        // The wildcard itself is the first label.
        if is_wildcard && host.split('.').filter(|label| !label.is_empty()).count() < 3 {
            return Err(LinkHostError(Problem::Wildcard));
        }
        let host = match is_wildcard {
            true => Host::Suffix(host.get(1..).unwrap_or_default().to_owned()),
            false => Host::Exact(host),
        };
        Ok(Self { allow_http, host, port })
    }
}

/// The origin of a URL: scheme, host and port.
#[derive(Debug, Clone, Copy)]
struct Origin<'a> {
    https: bool,
    host: &'a str,
    port: u16,
}

impl<'a> Origin<'a> {
    /// Returns `None` if the URL has another scheme, no host, or a host that parsers interpret differently.
    fn of(uri: &'a Uri) -> Option<Self> {
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let end = authority.as_str().get(host.len()..)?;
        let is_invalid = bare.is_empty() || !bare.chars().all(is_allowed);
        if is_invalid || (!end.is_empty() && authority.port_u16().is_none()) {
            return None;
        }
        let default = if https { 443 } else { 80 };
        Some(Self { https, host, port: authority.port_u16().unwrap_or(default) })
    }

    fn default_port(&self) -> u16 {
        if self.https { 443 } else { 80 }
    }

    /// Returns whether both are the same server. All loopback hosts count as the same.
    fn is_same_server(&self, other: &Self) -> bool {
        let host = self.host.eq_ignore_ascii_case(other.host)
            || (is_loopback(self.host) && is_loopback(other.host));
        host && self.https == other.https && self.port == other.port
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<std::net::IpAddr>();
    ip.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
}

impl fmt::Display for Origin<'_> {
    /// Writes the origin in the syntax of [`LinkHost`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.https { "" } else { "http://" })?;
        f.write_str(self.host)?;
        if self.port != self.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// Returns how to allow a host that was refused.
pub(super) fn allow_hint(host: &str) -> String {
    format!("if you trust it, add it to the allowlist: with_link_host (--link-host {host})")
}

/// Returns whether a link leads to the server that the caller has set.
pub(super) fn is_endpoint(link: &Uri, endpoint: Option<&Uri>) -> bool {
    let link = Origin::of(link);
    link.zip(endpoint.and_then(Origin::of)).is_some_and(|(link, set)| set.is_same_server(&link))
}

/// Checks a link against the allowlist and returns whether its host must have a public address.
///
/// `endpoint` is the server that the caller has set. Links to it are allowed at any address, because the caller already
/// sends it credentials and requests.
///
/// # Errors
/// Returns the error of the contract if the link must not be followed.
pub(super) fn check_link(
    link: &Uri,
    allowed: &[LinkHost],
    endpoint: Option<&Uri>,
) -> Result<bool, FlowError> {
    let untrusted = |message: String| FlowError::new(FlowErrorKind::Untrusted, message);
    let link = Origin::of(link)
        .ok_or_else(|| untrusted("the link is not a valid http or https URL".to_owned()))?;
    if endpoint.and_then(Origin::of).is_some_and(|endpoint| endpoint.is_same_server(&link)) {
        return Ok(false);
    }
    let mut covering = allowed.iter().filter(|host| host.covers(&link)).peekable();
    if covering.peek().is_none() {
        let port = if link.port == 80 { 443 } else { link.port };
        let secured = Origin { https: true, port, ..link };
        let reason = match allowed.iter().any(|host| host.covers(&secured)) {
            true => "over plain http, which is not allowed",
            false => "which is not on the allowlist",
        };
        return Err(untrusted(format!("the link leads to {link}, {reason}"))
            .with_hint(allow_hint(&link.to_string())));
    }
    Ok(!covering.any(|host| matches!(host.host, Host::Exact(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(link: &str, allowed: &[&str], endpoint: Option<&str>) -> Result<bool, FlowError> {
        let mut hosts = vec![LinkHost::service()];
        hosts.extend(allowed.iter().map(|host| host.parse::<LinkHost>().unwrap()));
        let endpoint = endpoint.map(|url| url.parse().unwrap());
        check_link(&link.parse().unwrap(), &hosts, endpoint.as_ref())
    }

    #[test]
    fn allows_the_hosts_of_the_service_by_default() {
        for link in [
            "https://file.ess.tencent.cn/file/FLOW/a/0/0.PDF?hkey=b",
            "https://file.test.ess.tencent.cn:443/",
            "https://FILE.ESS.Tencent.CN/",
        ] {
            assert_eq!(check(link, &[], None), Ok(true), "{link}");
        }
    }

    #[test]
    fn rejects_similar_hosts_and_hides_the_key_of_the_link() {
        for (link, shown) in [
            (
                "http://file.ess.tencent.cn/p?hkey=SECRET",
                "http://file.ess.tencent.cn, over plain http",
            ),
            (
                "https://file.ess.tencent.cn:8443/?SECRET",
                "file.ess.tencent.cn:8443, which is not on",
            ),
            (
                "https://file.ess.tencent.cn.evil.example/?SECRET",
                "file.ess.tencent.cn.evil.example",
            ),
            ("https://eviless.tencent.cn/?SECRET", "eviless.tencent.cn"),
            ("https://ess.tencent.cn/?SECRET", "ess.tencent.cn"),
            ("https://file.ess.tencent.cn./?SECRET", "file.ess.tencent.cn."),
            ("https://evil.example/.ess.tencent.cn?SECRET", "evil.example, which is not on"),
            ("https://evil.example?.ess.tencent.cn?SECRET", "evil.example"),
            ("http://127.0.0.1/SECRET", "http://127.0.0.1, which is not on"),
            ("http://169.254.169.254/latest/SECRET", "http://169.254.169.254, which is not on"),
            ("https://[::1]/SECRET", "[::1]"),
            ("https://file.ess.tencent.cn@evil.example/?SECRET", "not a valid http or https URL"),
            ("https://SECRET:SECRET@file.ess.tencent.cn/", "not a valid http or https URL"),
            ("ftp://file.ess.tencent.cn/?SECRET", "not a valid http or https URL"),
            ("javascript://file.ess.tencent.cn/SECRET", "not a valid http or https URL"),
            ("https://file.ess.tencent.cn:/SECRET", "not a valid http or https URL"),
            ("https://file.ess.tencent.cn:99999/SECRET", "not a valid http or https URL"),
            ("/file?SECRET", "not a valid http or https URL"),
        ] {
            let error = check(link, &[], None).unwrap_err();
            assert!(error.message.contains(shown), "{link}: {error}");
            assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        }
    }

    #[test]
    fn allows_exactly_the_listed_hosts() {
        for (host, link, allowed) in [
            ("files.example.com", "https://files.example.com/", Some(false)),
            ("FILES.example.com", "https://files.Example.com:443/", Some(false)),
            ("https://files.example.com/", "https://files.example.com/", Some(false)),
            ("files.example.com", "http://files.example.com/", None),
            ("files.example.com", "https://a.files.example.com/", None),
            ("files.example.com", "https://files.example.com:8443/", None),
            ("files.example.com:8443", "https://files.example.com:8443/", Some(false)),
            ("files.example.com:8443", "https://files.example.com/", None),
            ("http://files.example.com", "http://files.example.com/", Some(false)),
            ("http://files.example.com", "https://files.example.com/", Some(false)),
            ("http://10.0.0.5:8080", "http://10.0.0.5:8080/", Some(false)),
            ("[fd00::1]:8080", "https://[fd00::1]:8080/", Some(false)),
            ("*.example.com", "https://a.b.example.com/", Some(true)),
            ("*.example.com", "https://example.com/", None),
            ("*.example.com", "https://badexample.com/", None),
            ("http://*.example.com:81", "http://a.example.com:81/", Some(true)),
            ("*.a.b.example.com", "https://x.a.b.example.com/", Some(true)),
        ] {
            let result = check(link, &[host], None);
            assert_eq!(result.clone().ok(), allowed, "{host}: {link}: {result:?}");
        }
        // A host of the service that is listed exactly may have a private address.
        let link = "https://file.ess.tencent.cn/";
        assert_eq!(check(link, &["file.ess.tencent.cn"], None), Ok(false));
    }

    #[test]
    fn rejects_invalid_hosts() {
        for wrong in [
            "",
            " ",
            "ftp://h",
            "h/path",
            "h?q",
            "h:",
            "h:0x",
            "h:99999",
            "u@h",
            "a b",
            "*x",
            "**",
            "*.",
            "a.*",
            "h.",
            "https://",
            "https://h#f",
            "http://http://h",
            "h%2e",
            "[::1",
        ] {
            let error = wrong.parse::<LinkHost>().unwrap_err().to_string();
            assert!(error.contains("expected HOST"), "{wrong}: {error}");
        }
    }

    #[test]
    fn rejects_wildcards_over_hosts_that_anyone_can_register() {
        for wrong in [
            "*",
            "*:443",
            "http://*",
            "https://*:8443/",
            "*.com",
            "*.COM",
            "*.cn:443",
            "http://*.com",
            "*..com",
            "*.localhost",
            " *.com ",
        ] {
            let error = wrong.parse::<LinkHost>().unwrap_err().to_string();
            assert!(error.starts_with("invalid host: the wildcard"), "{wrong}: {error}");
            assert!(error.contains("; expected HOST or *.DOMAIN"), "{error}");
        }
        assert!("*.example.com".parse::<LinkHost>().is_ok());
    }

    #[test]
    fn allows_links_to_the_endpoint_that_the_caller_has_set() {
        let emulator = Some("http://127.0.0.1:8080");
        assert_eq!(check("http://127.0.0.1:8080/file?hkey=1", &[], emulator), Ok(false));
        assert_eq!(check("http://127.0.0.1:8080/", &[], Some("http://localhost:8080")), Ok(false));
        assert_eq!(check("http://localhost:8080/", &[], Some("http://[::1]:8080")), Ok(false));
        let gateway = Some("https://gateway.corp");
        assert_eq!(check("https://GATEWAY.corp:443/", &[], gateway), Ok(false));
        for (link, endpoint) in [
            ("http://127.0.0.1:8081/", emulator),
            ("https://127.0.0.1:8080/", emulator),
            ("http://10.0.0.1:8080/", emulator),
            ("http://gateway.corp/", gateway),
            ("https://other.corp/", gateway),
            ("https://127.0.0.1/", gateway),
        ] {
            assert!(check(link, &[], endpoint).is_err(), "{link}");
        }
    }

    #[test]
    fn the_error_states_the_entry_that_allows_the_link() {
        for link in ["http://10.0.0.5:8080/?k", "https://files.example/?k", "https://[fd00::1]:1/"]
        {
            let error = check(link, &[], None).unwrap_err();
            let hint = error.hint().unwrap();
            let host = hint.split("--link-host ").nth(1).unwrap().trim_end_matches(')');
            assert_eq!(check(link, &[host], None), Ok(false), "{error}");
        }
    }
}
