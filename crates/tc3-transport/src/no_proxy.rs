//! Hosts that bypass the proxy: the value of `NO_PROXY`.

use std::net::IpAddr;

use crate::address::bare;
use crate::network::shares_prefix;

/// The entries of `NO_PROXY`.
#[derive(Default)]
pub(crate) struct NoProxy(Vec<Entry>);

struct Entry {
    hosts: Hosts,
    /// The only port of the entry; `None` for all ports.
    port: Option<u16>,
}

enum Hosts {
    All,
    Network(IpAddr, u32),
    /// The domain and its subdomains, in lower case and without a trailing dot.
    Domain(String),
}

impl NoProxy {
    /// Parses entries that are separated by commas or white space. Invalid entries match no host.
    pub(crate) fn parse(value: &str) -> Self {
        let is_separator = |c: char| c == ',' || c.is_whitespace();
        Self(value.split(is_separator).filter_map(Entry::parse).collect())
    }

    /// Returns whether a host bypasses the proxy; `host` has no brackets.
    pub(crate) fn contains(&self, host: &str, port: u16) -> bool {
        let host = without_dot(host).to_ascii_lowercase();
        let ip: Option<IpAddr> = host.parse().ok();
        self.0.iter().filter(|entry| entry.port.is_none_or(|only| only == port)).any(
            |entry| match (&entry.hosts, ip) {
                (Hosts::All, _) => true,
                (Hosts::Network(base, bits), Some(ip)) => {
                    shares_prefix(*base, ip, *bits)
                        || shares_prefix(*base, ip.to_canonical(), *bits)
                }
                (Hosts::Domain(domain), None) => host
                    .strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
                _ => false,
            },
        )
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        // An IPv6 address without brackets contains colons, but no port.
        if let Some(hosts) = network(text) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        Some(Self { hosts: hosts(host)?, port })
    }
}

fn hosts(text: &str) -> Option<Hosts> {
    if text == "*" {
        return Some(Hosts::All);
    }
    if let Some(network) = network(text) {
        return Some(network);
    }
    let domain = without_dot(text.trim_start_matches('*').trim_start_matches('.'));
    let is_name = !domain.is_empty() && !domain.contains([':', '[', ']', '/']);
    is_name.then(|| Hosts::Domain(domain.to_ascii_lowercase()))
}

/// Parses an address, in brackets or not, or a network such as `10.0.0.0/8`.
fn network(text: &str) -> Option<Hosts> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let ip: IpAddr = without_dot(bare(address)).parse().ok()?;
    let full = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(full), |bits| bits.parse().ok())?;
    (bits <= full).then_some(Hosts::Network(ip, bits))
}

/// Returns the host without the dot of a fully qualified name.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: the value, a host with or without a port, and whether it bypasses the proxy.
    #[test]
    fn entries_match_hosts_networks_and_ports() {
        for (value, host, port, expected) in [
            ("localhost", "localhost", 443, true),
            ("localhost", "LOCALHOST", 80, true),
            ("localhost", "localhost.cn", 80, false),
            ("localhost", "a.localhost", 80, true),
            (".Tencent.cn", "tencent.cn", 443, true),
            (".Tencent.cn", "essbasic.TENCENT.cn", 443, true),
            (".Tencent.cn", "xtencent.cn", 443, false),
            ("*.corp", "a.corp", 443, true),
            ("*.corp", "corp", 443, true),
            ("*", "x.cn", 443, true),
            ("*", "::1", 443, true),
            // Separators.
            ("a.cn b.cn", "a.cn", 443, true),
            ("a.cn b.cn", "b.cn", 443, true),
            ("a.cn\tb.cn", "b.cn", 443, true),
            (" a.cn ,  b.cn , ", "b.cn", 443, true),
            (",, ,", "x.cn", 443, false),
            ("", "x.cn", 443, false),
            ("a.cn;b.cn", "b.cn", 443, false),
            // Ports.
            ("a.cn:8443", "a.cn", 8443, true),
            ("a.cn:8443", "a.cn", 443, false),
            ("a.cn:8443", "b.a.cn", 8443, true),
            (".a.cn:443", "b.a.cn", 443, true),
            ("*:8080", "x.cn", 8080, true),
            ("*:8080", "x.cn", 80, false),
            ("10.0.0.1:80", "10.0.0.1", 80, true),
            ("10.0.0.1:80", "10.0.0.1", 443, false),
            ("a.cn:x", "a.cn", 443, false),
            ("a.cn:99999", "a.cn", 443, false),
            ("a.cn:", "a.cn", 443, false),
            // IPv6.
            ("::1", "::1", 443, true),
            ("[::1]", "::1", 443, true),
            ("[::1]:8443", "::1", 8443, true),
            ("[::1]:8443", "::1", 443, false),
            ("[0:0:0:0:0:0:0:1]", "::1", 443, true),
            ("fd00::/8", "fd12::1", 443, true),
            ("fd00::/8", "fe00::1", 443, false),
            ("[::1", "x.cn", 443, false),
            // Trailing dots.
            ("a.cn.", "a.cn", 443, true),
            ("a.cn", "a.cn.", 443, true),
            ("a.cn.", "b.a.cn.", 443, true),
            ("a.cn.:8443", "a.cn", 8443, true),
            ("localhost.", "localhost", 443, true),
            ("10.0.0.1.", "10.0.0.1", 443, true),
            ("10.0.0.1", "10.0.0.1.", 443, true),
            (".", "x.cn", 443, false),
            ("*.", "x.cn", 443, false),
            // Networks.
            ("10.0.0.0/8", "10.255.0.1", 443, true),
            ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", 443, true),
            ("10.0.0.0/8", "10.example.cn", 443, false),
            ("192.168.1.7", "192.168.1.7", 8080, true),
            ("192.168.1.7", "192.168.1.8", 8080, false),
            ("1.2.3.4/0", "9.9.9.9", 443, true),
            ("0.0.0.0/99", "9.9.9.9", 443, false),
            ("bad/4", "bad", 443, false),
        ] {
            assert_eq!(
                NoProxy::parse(value).contains(host, port),
                expected,
                "{value:?} {host}:{port}"
            );
        }
    }
}
