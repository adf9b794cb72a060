//! Where a call goes.

use tc3_api::ActionInfo;
use tc3_transport::Uri;

use crate::error::Error;

/// Which servers are called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Endpoint {
    /// The service's own production hosts.
    #[default]
    Production,
    /// The service's test environment, where it has one.
    Test,
    /// One base for every action: scheme, host and port.
    Url(BaseUrl),
}

/// A scheme, a host and perhaps a port; no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    uri: Uri,
}

impl BaseUrl {
    /// Parses `https://host`, `http://host:port` or a bare `host[:port]`, which means `https`.
    ///
    /// # Errors
    /// Where the text is something else, such as a URL with a path, a query or a user.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Error::config(format!(
                "the endpoint {why}: write it as https://HOST or http://HOST:PORT"
            ))
        };
        let text = text.trim();
        let absolute =
            if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = absolute.parse().map_err(|_| refuse("is no URL"))?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(refuse("has a scheme other than http and https")),
        }
        let authority = uri.authority().ok_or_else(|| refuse("has no host"))?;
        if authority.host().is_empty() {
            return Err(refuse("has no host"));
        }
        if authority.as_str().contains('@') {
            return Err(refuse("holds a user name"));
        }
        // `host:` and ports past 65535 are valid to the parser, and to no server.
        let after_host = authority.as_str().get(authority.host().len()..).unwrap_or_default();
        if !after_host.is_empty() && authority.port_u16().is_none() {
            return Err(refuse("has a port that is none"));
        }
        if uri.query().is_some() || !matches!(uri.path(), "" | "/") {
            return Err(refuse("has a path"));
        }
        Ok(Self { uri })
    }
}

/// What a call's request line and `Host` header are made of.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    pub(crate) host: String,
}

impl Endpoint {
    /// The base that a caller has set: scheme, host and port.
    pub fn url(&self) -> Option<&Uri> {
        match self {
            Self::Url(base) => Some(&base.uri),
            Self::Production | Self::Test => None,
        }
    }

    pub(crate) fn target(&self, info: &ActionInfo<'_>) -> Result<Target, Error> {
        let host = match self {
            Self::Url(base) => {
                let host = base.uri.authority().map(|a| a.as_str().to_owned()).unwrap_or_default();
                return Ok(Target { uri: base.uri.clone(), host });
            }
            Self::Production => match info.host {
                Some(host) => host.to_owned(),
                None => format!("{}.tencentcloudapi.com", info.service),
            },
            Self::Test => info.test_host.map(str::to_owned).ok_or_else(|| {
                Error::config(format!(
                    "no test environment of {} is known: set the endpoint's URL instead",
                    info.service
                ))
            })?,
        };
        let uri = format!("https://{host}/").parse().map_err(|_| {
            Error::config(format!("no host can be made of the service's name {:?}", info.service))
        })?;
        Ok(Target { uri, host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases() {
        let info = ActionInfo::new("cvm", "v", "A").with_test_host("test.example");
        let target = |text: &str| {
            let target = Endpoint::Url(BaseUrl::parse(text).unwrap()).target(&info).unwrap();
            format!("{} {}", target.uri, target.host)
        };
        assert_eq!(target("http://127.0.0.1:80"), "http://127.0.0.1:80/ 127.0.0.1:80");
        assert_eq!(target(" https://h.example/ "), "https://h.example/ h.example");
        assert_eq!(target("h.example:8443"), "https://h.example:8443/ h.example:8443");
        assert_eq!(target("http://[::1]:8080"), "http://[::1]:8080/ [::1]:8080");
        for bad in [
            "",
            "http://",
            "ftp://h",
            "http://h/path",
            "http://h/?q",
            "http://u:p@h",
            "h:port",
            "http://h:",
            "http://h:99999",
            "a b",
        ] {
            let error = BaseUrl::parse(bad).unwrap_err().to_string();
            assert!(error.contains("https://HOST"), "{bad}: {error}");
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn environments() {
        let info = ActionInfo::new("cvm", "v", "A");
        let host =
            |endpoint: Endpoint, info: &ActionInfo<'_>| endpoint.target(info).map(|t| t.host);
        assert_eq!(host(Endpoint::Production, &info).unwrap(), "cvm.tencentcloudapi.com");
        assert!(host(Endpoint::Test, &info).is_err());
        let file = info.with_host("file.example").with_test_host("file.test.example");
        assert_eq!(host(Endpoint::Production, &file).unwrap(), "file.example");
        assert_eq!(host(Endpoint::Test, &file).unwrap(), "file.test.example");
        assert!(host(Endpoint::Production, &ActionInfo::new("a b", "v", "A")).is_err());
    }
}
