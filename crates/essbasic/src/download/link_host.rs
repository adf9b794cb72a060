//! Where download links may lead.

use core::fmt;
use core::str::FromStr;

use tc3_client::transport::Uri;

/// A host that download links may lead to.
///
/// | written | agreed to |
/// |---|---|
/// | `files.example.com` | this host over https, wherever its name leads, into a private network too |
/// | `*.example.com` | the hosts below it over https, at public addresses |
/// | `*` | every host over https, at public addresses |
/// | `http://files.example.com` | the same, over plain http too; so with the others |
/// | `files.example.com:8443` | the same at this port instead of the scheme's own; so with the others |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHost {
    /// Whether plain http is agreed to.
    plain: bool,
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// This one, named by the caller and so trusted wherever it leads.
    Exactly(String),
    /// One whose name ends so, with its dot. An answer can choose among them, and what they resolve to.
    Below(String),
}

/// A text that names no host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHostError(String);

impl fmt::Display for LinkHostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} names no host; write it as HOST, *.DOMAIN or http://HOST:PORT", self.0)
    }
}

impl std::error::Error for LinkHostError {}

impl LinkHost {
    /// Where the service keeps files. Its reference shows links to `file.test.ess.tencent.cn` and, of the
    /// sibling API, to `file.ess.tencent.cn`; it promises neither.
    pub(super) fn service() -> Self {
        Self { plain: false, host: Host::Below(".ess.tencent.cn".to_owned()), port: None }
    }

    fn covers(&self, link: &Origin<'_>) -> bool {
        let port = self.port.unwrap_or(link.default_port());
        let host = match &self.host {
            Host::Exactly(host) => link.host.eq_ignore_ascii_case(host),
            Host::Below(end) => link.host.to_ascii_lowercase().ends_with(end.as_str()),
        };
        host && link.port == port && (link.https || self.plain)
    }
}

impl FromStr for LinkHost {
    type Err = LinkHostError;

    fn from_str(text: &str) -> Result<Self, LinkHostError> {
        let error = || LinkHostError(text.to_owned());
        let text = text.trim();
        let (plain, rest) = match text.split_once("://") {
            Some(("http", rest)) => (true, rest),
            Some(("https", rest)) => (false, rest),
            Some(_) => return Err(error()),
            None => (false, text),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // A name in the place of the star, for the parser.
        let (below, name) = match rest.strip_prefix('*') {
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
        let host = match below {
            true => Host::Below(host.get(1..).unwrap_or_default().to_owned()),
            false => Host::Exactly(host),
        };
        Ok(Self { plain, host, port })
    }
}

/// What of a URL says where a request goes.
#[derive(Debug, Clone, Copy)]
struct Origin<'a> {
    https: bool,
    host: &'a str,
    port: u16,
}

impl<'a> Origin<'a> {
    /// `None` where it is no http, names no host, or names one in a way that readers take differently.
    fn of(uri: &'a Uri) -> Option<Self> {
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let end = authority.as_str().get(host.len()..)?;
        let odd = bare.is_empty() || !bare.chars().all(plain);
        if odd || (!end.is_empty() && authority.port_u16().is_none()) {
            return None;
        }
        let default = if https { 443 } else { 80 };
        Some(Self { https, host, port: authority.port_u16().unwrap_or(default) })
    }

    fn default_port(&self) -> u16 {
        if self.https { 443 } else { 80 }
    }

    /// Whether both are one server. This machine has several names.
    fn is(&self, other: &Self) -> bool {
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
    /// As [`LinkHost`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.https { "" } else { "http://" })?;
        f.write_str(self.host)?;
        if self.port != self.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// How to agree to a host that was refused.
pub(super) fn consent(host: &str) -> String {
    format!("if that is right, agree to it: with_link_host (--link-host {host})")
}

/// Whether a link may be followed to public addresses alone; or why not at all.
///
/// `endpoint` is the server that the caller has set. Who sends it keys and bodies has agreed to fetch from
/// it, wherever it is.
pub(super) fn judge(
    link: &Uri,
    agreed: &[LinkHost],
    endpoint: Option<&Uri>,
) -> Result<bool, String> {
    let link = Origin::of(link).ok_or("the link is no http or https URL")?;
    if endpoint.and_then(Origin::of).is_some_and(|endpoint| endpoint.is(&link)) {
        return Ok(false);
    }
    let mut covering = agreed.iter().filter(|host| host.covers(&link)).peekable();
    if covering.peek().is_none() {
        let port = if link.port == 80 { 443 } else { link.port };
        let secured = Origin { https: true, port, ..link };
        let what = match agreed.iter().any(|host| host.covers(&secured)) {
            true => "over plain http",
            false => "a host that was not agreed to",
        };
        let consent = consent(&link.to_string());
        return Err(format!("the link leads to {link}, {what}; {consent}"));
    }
    Ok(!covering.any(|host| matches!(host.host, Host::Exactly(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(link: &str, agreed: &[&str], endpoint: Option<&str>) -> Result<bool, String> {
        let mut hosts = vec![LinkHost::service()];
        hosts.extend(agreed.iter().map(|host| host.parse::<LinkHost>().unwrap()));
        let endpoint = endpoint.map(|url| url.parse().unwrap());
        judge(&link.parse().unwrap(), &hosts, endpoint.as_ref())
    }

    #[test]
    fn the_services_own_hosts_need_no_consent() {
        for link in [
            "https://file.ess.tencent.cn/file/FLOW/a/0/0.PDF?hkey=b",
            "https://file.test.ess.tencent.cn:443/",
            "https://FILE.ESS.Tencent.CN/",
        ] {
            assert_eq!(judged(link, &[], None), Ok(true), "{link}");
        }
    }

    #[test]
    fn what_only_looks_like_them_is_refused_and_shows_no_key() {
        for (link, shown) in [
            (
                "http://file.ess.tencent.cn/p?hkey=SECRET",
                "http://file.ess.tencent.cn, over plain http",
            ),
            ("https://file.ess.tencent.cn:8443/?SECRET", "file.ess.tencent.cn:8443, a host"),
            (
                "https://file.ess.tencent.cn.evil.example/?SECRET",
                "file.ess.tencent.cn.evil.example",
            ),
            ("https://eviless.tencent.cn/?SECRET", "eviless.tencent.cn"),
            ("https://ess.tencent.cn/?SECRET", "ess.tencent.cn"),
            ("https://file.ess.tencent.cn./?SECRET", "file.ess.tencent.cn."),
            ("https://evil.example/.ess.tencent.cn?SECRET", "evil.example, a host that was not"),
            ("https://evil.example?.ess.tencent.cn?SECRET", "evil.example"),
            ("http://127.0.0.1/SECRET", "http://127.0.0.1, a host"),
            ("http://169.254.169.254/latest/SECRET", "http://169.254.169.254, a host"),
            ("https://[::1]/SECRET", "[::1]"),
            ("https://file.ess.tencent.cn@evil.example/?SECRET", "no http or https URL"),
            ("https://SECRET:SECRET@file.ess.tencent.cn/", "no http or https URL"),
            ("ftp://file.ess.tencent.cn/?SECRET", "no http or https URL"),
            ("javascript://file.ess.tencent.cn/SECRET", "no http or https URL"),
            ("https://file.ess.tencent.cn:/SECRET", "no http or https URL"),
            ("https://file.ess.tencent.cn:99999/SECRET", "no http or https URL"),
            ("/file?SECRET", "no http or https URL"),
        ] {
            let error = judged(link, &[], None).unwrap_err();
            assert!(error.contains(shown), "{link}: {error}");
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn hosts_are_agreed_to_as_they_are_written() {
        for (agreed, link, allowed) in [
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
            ("*", "https://anything.example/", Some(true)),
            ("*", "http://anything.example/", None),
            ("http://*", "http://127.0.0.1/", Some(true)),
        ] {
            let judged = judged(link, &[agreed], None);
            assert_eq!(judged.clone().ok(), allowed, "{agreed}: {link}: {judged:?}");
        }
        // One of the service's, named to be followed into a private network.
        let link = "https://file.ess.tencent.cn/";
        assert_eq!(judged(link, &["file.ess.tencent.cn"], None), Ok(false));
    }

    #[test]
    fn what_names_no_host_is_refused() {
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
            assert!(error.contains("write it as HOST"), "{wrong}: {error}");
        }
    }

    #[test]
    fn the_server_that_the_caller_has_set_may_link_to_itself() {
        let emulator = Some("http://127.0.0.1:8080");
        assert_eq!(judged("http://127.0.0.1:8080/file?hkey=1", &[], emulator), Ok(false));
        assert_eq!(judged("http://127.0.0.1:8080/", &[], Some("http://localhost:8080")), Ok(false));
        assert_eq!(judged("http://localhost:8080/", &[], Some("http://[::1]:8080")), Ok(false));
        let gateway = Some("https://gateway.corp");
        assert_eq!(judged("https://GATEWAY.corp:443/", &[], gateway), Ok(false));
        for (link, endpoint) in [
            ("http://127.0.0.1:8081/", emulator),
            ("https://127.0.0.1:8080/", emulator),
            ("http://10.0.0.1:8080/", emulator),
            ("http://gateway.corp/", gateway),
            ("https://other.corp/", gateway),
            ("https://127.0.0.1/", gateway),
        ] {
            assert!(judged(link, &[], endpoint).is_err(), "{link}");
        }
    }

    #[test]
    fn a_refusal_tells_how_to_agree() {
        for link in ["http://10.0.0.5:8080/?k", "https://files.example/?k", "https://[fd00::1]:1/"]
        {
            let error = judged(link, &[], None).unwrap_err();
            let told = error.split("--link-host ").nth(1).unwrap().trim_end_matches(')');
            assert_eq!(judged(link, &[told], None), Ok(false), "{error}");
        }
    }
}
