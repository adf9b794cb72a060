use core::fmt;
use core::str::FromStr;
use std::net::Ipv6Addr;
use std::sync::Arc;

use http::Uri;

use crate::{TransportError, TransportErrorKind};

/// Format of a proxy URL, for errors.
const EXPECTED: &str = "http://[USER:PASSWORD@]HOST:PORT";

/// URL of an HTTP proxy: `http://[USER:PASSWORD@]HOST[:PORT]`, or `https://` if the proxy itself uses TLS.
///
/// A URL without a scheme is an `http` one. Special characters in user and password are percent-encoded.
/// `Debug` shows host and port only.
///
/// ```
/// use tc3_transport::{Proxy, ProxyUrl};
///
/// let url: ProxyUrl = "http://user:p%23x@proxy.example:3128".parse()?;
/// let proxy = Proxy::Url(url);
/// assert!("http://user:p#x@proxy.example:3128".parse::<ProxyUrl>().is_err());
/// # Ok::<(), tc3_transport::TransportError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProxyUrl(Arc<Inner>);

#[derive(PartialEq, Eq, Hash)]
struct Inner {
    /// Scheme, host and port, without user and password.
    uri: Uri,
    /// User and password, decoded.
    login: Option<(String, String)>,
}

impl ProxyUrl {
    /// Returns scheme, host and port.
    #[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
    pub(crate) fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// Returns user and password.
    #[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
    pub(crate) fn login(&self) -> Option<(&str, &str)> {
        self.0.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    /// Parses the value of an environment variable; the error shows its name.
    #[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
    pub(crate) fn from_variable(name: &str, value: &str) -> Result<Self, TransportError> {
        parse(value).map_err(|cause| {
            error(format_args!("invalid proxy URL in {name}: {cause}; expected {EXPECTED}"))
        })
    }
}

impl FromStr for ProxyUrl {
    type Err = TransportError;

    /// The error does not show the text, which may contain a password.
    fn from_str(text: &str) -> Result<Self, TransportError> {
        parse(text)
            .map_err(|cause| error(format_args!("invalid proxy URL: {cause}; expected {EXPECTED}")))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.uri.authority().map(http::uri::Authority::as_str);
        f.debug_tuple("ProxyUrl").field(&authority.unwrap_or_default()).finish()
    }
}

pub(crate) fn error(detail: impl fmt::Display) -> TransportError {
    TransportError::new(TransportErrorKind::Proxy).with_detail(detail.to_string())
}

fn parse(text: &str) -> Result<ProxyUrl, &'static str> {
    let text = text.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("it contains whitespace or a control character");
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return Err("the scheme is neither http nor https"),
    };
    if rest.contains(['?', '#']) {
        return Err("it contains `?` or `#`, which user and password must percent-encode");
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '\\']) {
        return Err(
            "it contains a path, or `/` or `\\` that user and password must percent-encode",
        );
    }
    let (login, server) = match authority.rsplit_once('@') {
        Some((login, server)) => (Some(decode_login(login)?), server),
        None => (None, authority),
    };
    let (host, port) = split_port(server)?;
    let port = match port {
        None => default_port,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = digits.parse::<u16>().ok().filter(|port| *port > 0);
            port.ok_or("the port is not within 1 to 65535")?
        }
        Some(_) => return Err("the port is empty or not a number"),
    };
    let uri = format!("{scheme}://{host}:{port}/").parse().map_err(|_| "the host is invalid")?;
    Ok(ProxyUrl(Arc::new(Inner { uri, login })))
}

/// Splits host and port, and checks the host.
fn split_port(server: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = server.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or("the host lacks its `]`")?;
        if address.parse::<Ipv6Addr>().is_err() {
            return Err("the host is not an IPv6 address");
        }
        let host = server.get(..address.len() + 2).unwrap_or_default();
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err("the port is empty or not a number"),
        };
    }
    let (host, port) = match server.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (server, None),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.is_empty() {
        return Err("the host is missing");
    }
    if !host.chars().all(is_plain) {
        return Err("the host contains an invalid character");
    }
    Ok((host, port))
}

fn decode_login(login: &str) -> Result<(String, String), &'static str> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if login.contains('@') {
        return Err("user or password contains `@`, which must be percent-encoded");
    }
    Ok((decode(user)?, decode(password)?))
}

/// Decodes percent-encoding, strictly.
fn decode(text: &str) -> Result<String, &'static str> {
    const INVALID: &str = "user or password has an invalid percent-encoding";
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = digit(bytes.next()).zip(digit(bytes.next())).ok_or(INVALID)?;
                u8::try_from(high * 16 + low).map_err(|_| INVALID)?
            }
            byte => byte,
        });
    }
    let decoded = String::from_utf8(decoded).map_err(|_| INVALID)?;
    if decoded.contains(char::is_control) {
        return Err("user or password contains a control character");
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_urls() {
        for (text, uri, login) in [
            ("http://p.cn:3128", "http://p.cn:3128/", None),
            ("https://p.cn:3128/", "https://p.cn:3128/", None),
            ("HTTP://P.cn", "http://P.cn:80/", None),
            ("https://p.cn", "https://p.cn:443/", None),
            (" p_1.cn:1\n", "http://p_1.cn:1/", None),
            ("10.0.0.1:65535", "http://10.0.0.1:65535/", None),
            ("http://[::1]:8080", "http://[::1]:8080/", None),
            ("[fd00::1]", "http://[fd00::1]:80/", None),
            ("u:p@h:1", "http://h:1/", Some(("u", "p"))),
            ("http://u@h:1", "http://h:1/", Some(("u", ""))),
            ("http://u:p%23%40%3a%2f%25x@h:1", "http://h:1/", Some(("u", "p#@:/%x"))),
            ("http://u:p:x@h:1", "http://h:1/", Some(("u", "p:x"))),
            ("http://%E5%90%8D:%E5%AF%86+@h:1", "http://h:1/", Some(("名", "密+"))),
        ] {
            let url: ProxyUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.0.uri.to_string().as_str(), url.login()), (uri, login), "{text}");
            assert!(!format!("{url:?}").contains("p#"));
        }
    }

    #[test]
    fn errors_of_invalid_urls_do_not_show_them() {
        for text in [
            "",
            " ",
            "http://",
            "http:///",
            "://h:1",
            "http://:1",
            "http://u:hidden@",
            "h:",
            "h:0",
            "h:00000",
            "h:65536",
            "h:99999",
            "h:-1",
            "h:+1",
            "h:1a",
            "h:1:2",
            "h:99999999999999999999",
            "h: 1",
            "http://u:hidden#x@h:3128",
            "http://u:hidden?x@h:3128",
            "http://u:hidden/x@h:3128",
            "http://u:hidden\\x@h:3128",
            "http://hidden#@h:1",
            "http://h:1/hidden",
            "http://h:1?hidden",
            "http://h:1#hidden",
            "http://h:1//",
            "http://u:hidden@x@h:1",
            "http://u:hidden%@h:1",
            "http://u:hidden%2@h:1",
            "http://u:hidden%zz@h:1",
            "http://u:hidden%ff@h:1",
            "http://u:hidden%0d%0ax@h:1",
            "http://u:hidden%00@h:1",
            "http://u:hidden\u{1}@h:1",
            "http://a b:1",
            "http://h\thidden:1",
            "http://名.cn:1",
            "http://h%41:1",
            "http://[::1:1",
            "http://[h]:1",
            "http://[::1]1",
            "http://[::1]:",
            "http://[fe80::1%25eth0]:1",
            "socks5://u:hidden@h:1",
            "socks5h://h:1",
            "ftp://h",
            "file:///hidden",
            "http//h:1",
            "http:/h:1",
            "/hidden",
            "hidden/x",
            "::1",
            "http://*:1",
            "http://h,i:1",
            "\"http://h:1\"",
            "http://$PROXY",
        ] {
            let error = text.parse::<ProxyUrl>().unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Proxy);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("invalid proxy URL: ") && shown.contains(EXPECTED), "{shown}");
            assert!(!shown.contains("hid"), "{text}: {shown}");
        }
    }
}
