//! Address of a callback receiver.

use std::io;
use std::net::IpAddr;

use http::Uri;

use crate::limits::{self, NotLoopback};

/// Parsed callback URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query, as in the request line.
    pub(super) path: String,
}

impl Address {
    /// Parses a URL.
    ///
    /// # Errors
    /// Returns an error of kind [`io::ErrorKind::InvalidInput`] if
    /// - the URL is invalid,
    /// - its scheme is not `http`,
    /// - it contains a user name,
    /// - its host is not loopback and `allow_remote` is not set.
    pub(super) fn parse(url: &str, allow_remote: bool) -> io::Result<Self> {
        let invalid = |reason: &str| limits::invalid(format!("the callback URL {reason}"));
        let uri: Uri = url.parse().map_err(|_| invalid("is invalid; expected http://HOST:PORT"))?;
        if uri.scheme_str() != Some("http") {
            return Err(invalid("does not begin with http://"));
        }
        let authority = uri.authority().ok_or_else(|| invalid("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("contains a user name"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let loopback = match host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => host.eq_ignore_ascii_case("localhost"),
        };
        if !loopback && !allow_remote {
            return Err(NotLoopback::error("the callback URL does not have a loopback address"));
        }
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(80),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// Returns the URL without its query.
    pub(super) fn without_query(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("http://{}{path}", self.authority())
    }

    /// Returns the value of the `Host` header.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_addresses_require_permission() {
        for (url, authority, path) in [
            ("http://127.0.0.1:8080/hook?a=b", "127.0.0.1:8080", "/hook?a=b"),
            ("http://localhost", "localhost:80", "/"),
            ("http://[::1]:1/", "[::1]:1", "/"),
            ("http://127.9.9.9/x", "127.9.9.9:80", "/x"),
        ] {
            let address = Address::parse(url, false).unwrap();
            assert_eq!((address.authority().as_str(), address.path.as_str()), (authority, path));
        }
        for url in ["http://example.com/", "http://10.0.0.1/", "http://localhost.example.com/"] {
            let error = Address::parse(url, false).unwrap_err().to_string();
            assert!(error.contains("loopback"), "{error}");
            assert!(Address::parse(url, true).is_ok());
        }
        for url in ["", "127.0.0.1", "https://127.0.0.1/", "http://u:p@127.0.0.1/", "http://"] {
            assert!(Address::parse(url, true).is_err(), "{url}");
        }
    }
}
