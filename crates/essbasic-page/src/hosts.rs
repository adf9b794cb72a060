//! The hosts of a page: values of `Host` and `Origin`.

use std::fmt;

use axum::http::uri::Authority;

/// Names under which a page is requested.
pub(crate) struct Hosts {
    /// Names of loopback, with the port.
    own: Vec<String>,
    /// Names under which a reverse proxy serves the page.
    allowed: Vec<String>,
}

/// Returned if a text is not the name of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHost(String);

impl Hosts {
    /// Returns the names of a listener on this port.
    pub(crate) fn of_port(port: u16) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let mut own: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            // Clients omit the default port.
            own.extend(names.map(str::to_owned));
        }
        Self { own, allowed: Vec::new() }
    }

    /// Adds a name that a reverse proxy serves.
    pub(crate) fn allow(&mut self, host: &str) -> Result<(), InvalidHost> {
        let is_host = |host: &Authority| {
            !host.host().is_empty()
                && !host.as_str().contains(['@', '*'])
                && (host.as_str() == host.host() || host.port_u16().is_some_and(|port| port > 0))
        };
        match host.parse::<Authority>() {
            Ok(host) if is_host(&host) => self.allowed.push(host.as_str().to_owned()),
            _ => return Err(InvalidHost(host.to_owned())),
        }
        Ok(())
    }

    /// Returns whether the page is requested under this name.
    pub(crate) fn contain(&self, host: &str) -> bool {
        self.own.iter().chain(&self.allowed).any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Returns whether a page of this origin is this page, which was requested from `host`. A reverse proxy may have changed the
    /// host, and may use TLS.
    pub(crate) fn is_origin(&self, origin: &str, host: &str) -> bool {
        let plain = origin.strip_prefix("http://");
        let Some(name) = plain.or_else(|| origin.strip_prefix("https://")) else { return false };
        self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
            || plain.is_some_and(|name| name.eq_ignore_ascii_case(host))
    }
}

impl fmt::Display for InvalidHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid host `{}`; expected NAME or NAME:PORT", self.0.escape_debug())
    }
}

impl std::error::Error for InvalidHost {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_reverse_proxies_are_allowed() {
        let mut hosts = Hosts::of_port(8080);
        for host in ["admin.example", "Other.example:8443", "[2001:db8::1]", "10.0.0.1:80"] {
            hosts.allow(host).unwrap();
        }
        for host in ["127.0.0.1:8080", "LOCALHOST:8080", "ADMIN.example", "other.example:8443"] {
            assert!(hosts.contain(host), "{host}");
        }
        for host in ["", "admin.example:443", "other.example", "a.admin.example", "127.0.0.1"] {
            assert!(!hosts.contain(host), "{host}");
        }
        for (origin, host, expected) in [
            ("https://admin.example", "admin.example", true),
            ("http://admin.example", "admin.example", true),
            // The proxy has replaced the host.
            ("https://admin.example", "127.0.0.1:8080", true),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("http://127.0.0.1:8080", "localhost:8080", false),
            ("https://127.0.0.1:8080", "127.0.0.1:8080", false),
            ("https://admin.example:444", "admin.example", false),
            ("https://evil.example", "admin.example", false),
            ("ftp://admin.example", "admin.example", false),
            ("admin.example", "admin.example", false),
            ("null", "admin.example", false),
            ("", "", false),
        ] {
            assert_eq!(hosts.is_origin(origin, host), expected, "{origin} {host}");
        }
    }

    #[test]
    fn other_texts_are_not_hosts() {
        for host in [
            "",
            "https://a",
            "a/b",
            "a b",
            "user@a",
            "*",
            "*.a",
            ":80",
            "a:",
            "a:0",
            "a:x",
            "a:99999",
            "a,b ",
        ] {
            let error = Hosts::of_port(1).allow(host).unwrap_err();
            assert!(error.to_string().contains("expected NAME or NAME:PORT"), "{host}");
        }
    }
}
