//! Classification of hosts and addresses as public or not.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::network::shares_prefix;

/// IPv4 networks that are not public: loopback, private, multicast and reserved.
const NOT_PUBLIC_V4: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // Carrier-grade NAT, and the metadata service of Alibaba Cloud.
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Link-local, and the metadata services of most clouds.
    ([169, 254, 0, 0], 16),
    // The metadata service of Azure, which has a public address.
    ([168, 63, 129, 16], 32),
    ([172, 16, 0, 0], 12),
    // Protocol assignments, and the metadata service of Oracle Cloud.
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, reserved, broadcast.
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// The global unicast range. Everything else is not public, including unique local and link-local addresses.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Ranges within global unicast that are not public: protocol assignments (including Teredo), documentation, and 6to4,
/// which contains an IPv4 address.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Prefix of NAT64, by which IPv6-only networks reach IPv4 addresses.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Domains that are never public, with their subdomains.
const NOT_PUBLIC_NAMES: [&str; 4] =
    [".localhost", ".local", ".internal", ".metadata.tencentyun.com"];

pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(ip) => is_public_v4(ip),
            None => within(ip, PUBLIC_V6) && !NOT_PUBLIC_V6.iter().any(|net| within(ip, *net)),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let within = |(base, bits): &([u8; 4], u32)| shares_prefix(ip.into(), (*base).into(), *bits);
    !NOT_PUBLIC_V4.iter().any(within)
}

fn within(ip: Ipv6Addr, (base, bits): (Ipv6Addr, u32)) -> bool {
    shares_prefix(ip.into(), base.into(), bits)
}

/// Returns the IPv4 address that is embedded in an IPv6 address and reached through it.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = ip.octets();
    ip.to_ipv4_mapped().or_else(|| within(ip, NAT64).then_some(Ipv4Addr::new(a, b, c, d)))
}

/// Returns the host without the brackets of an IPv6 address.
pub(crate) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Rejects a host that is not public, without resolving it.
pub(crate) fn check_host(host: &str) -> Result<(), NotPublic> {
    if let Ok(ip) = bare(host).parse::<IpAddr>() {
        return if is_public(ip) { Ok(()) } else { Err(NotPublic::Address(ip)) };
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    // `127.1`, `0x7f000001`, `%6cocalhost`: clients interpret these differently.
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    let below = |known: &&str| format!(".{name}").ends_with(*known);
    if number
        || !name.chars().all(plain)
        // A single label is resolved in the private network.
        || !name.contains('.')
        || NOT_PUBLIC_NAMES.iter().any(below)
    {
        return Err(NotPublic::Name);
    }
    Ok(())
}

/// Returns the public addresses among those that a name resolved to.
pub(crate) fn only_public(
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, NotPublic> {
    let (public, others): (Vec<_>, Vec<_>) = found.partition(|address| is_public(address.ip()));
    match others.first() {
        Some(other) if public.is_empty() => Err(NotPublic::Address(other.ip())),
        _ => Ok(public),
    }
}

/// Reason why a host is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotPublic {
    Name,
    Address(IpAddr),
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("not a public host name"),
            Self::Address(ip) => {
                write!(f, "{ip} is a loopback, private or reserved address")
            }
        }
    }
}

impl std::error::Error for NotPublic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_private_and_reserved_addresses_are_not_public() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.23",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
            let literal = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
            assert_eq!(check_host(&literal), Err(NotPublic::Address(ip.parse().unwrap())));
        }
    }

    #[test]
    fn adjacent_addresses_are_public() {
        for ip in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2400:3200::1",
            "2606:4700::1111",
            "3ffe::1",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn names_that_are_not_public_are_rejected_without_resolving() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "metadata",
            "intranet",
            "metadata.google.internal",
            "metadata.google.internal.",
            "metadata.tencentyun.com",
            "METADATA.TencentYun.com",
            "printer.local",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "a.0x7f",
            "127.0.0.1.",
            "0177.0.0.1",
            "1.2.3.4.5",
            "%6cocalhost",
            "file%2eexample.com",
            "[fe80::1%25eth0]",
            "",
            ".",
            "a\u{ff0e}b",
        ] {
            assert_eq!(check_host(host), Err(NotPublic::Name), "{host}");
        }
        for host in
            ["file.ess.tencent.cn", "xn--fiqs8s.cn", "a_b.example.com", "1.example", "8.8.8.8"]
        {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
    }

    #[test]
    fn only_the_public_addresses_of_a_name_are_kept() {
        let found = ["10.0.0.1:1", "8.8.8.8:1", "[::1]:1"].map(|a| a.parse().unwrap());
        assert_eq!(only_public(found.into_iter()).unwrap(), ["8.8.8.8:1".parse().unwrap()]);
        let error = only_public(found.into_iter().take(1)).unwrap_err();
        assert_eq!(error, NotPublic::Address("10.0.0.1".parse().unwrap()));
    }
}
