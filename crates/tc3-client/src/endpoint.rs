//! Endpoints: the address that calls are sent to.

use tc3_api::ActionInfo;
use tc3_transport::Uri;

use crate::error::Error;
use crate::quoted::quoted;

/// The servers that calls are sent to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Endpoint {
    /// The production hosts of each service.
    #[default]
    Production,
    /// The test environment of each service. Calls of a service without one fail.
    Test,
    /// One server for all actions.
    Url(BaseUrl),
}

/// A scheme, a host and an optional port, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    uri: Uri,
}

impl BaseUrl {
    /// Parses `https://host`, `http://host:port` or `host[:port]`, which means `https`.
    ///
    /// # Errors
    /// Returns an [`Error`] of kind `Config` if `text` is not such a URL, or has a path, query, fragment or user name.
    /// The error does not contain `text`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |cause: &str| {
            Error::config(format!(
                "invalid endpoint: {cause}; write it as https://HOST or http://HOST:PORT"
            ))
        };
        let text = text.trim();
        let absolute =
            if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        // The parser removes a fragment.
        if absolute.contains('#') {
            return Err(invalid("it contains a fragment"));
        }
        let uri: Uri = absolute.parse().map_err(|_| invalid("not a URL"))?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(invalid("the scheme is neither http nor https")),
        }
        let authority = uri.authority().ok_or_else(|| invalid("no host"))?;
        if authority.host().is_empty() {
            return Err(invalid("no host"));
        }
        if authority.as_str().contains('@') {
            return Err(invalid("it contains a user name"));
        }
        // The parser accepts `host:` and ports above 65535.
        let after_host = authority.as_str().get(authority.host().len()..).unwrap_or_default();
        if !after_host.is_empty() && authority.port_u16().is_none() {
            return Err(invalid("the port is not within 0 and 65535"));
        }
        if uri.query().is_some() || !matches!(uri.path(), "" | "/") {
            return Err(invalid("it contains a path or a query"));
        }
        Ok(Self { uri })
    }
}

/// The URI and the `Host` header of a call.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    pub(crate) host: String,
}

impl Endpoint {
    /// Returns the configured base URL, or `None` for the hosts of the services.
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
                    "the test environment of {} is unknown; set the URL of the endpoint",
                    info.service
                ))
            })?,
        };
        let uri = format!("https://{host}/").parse().map_err(|_| {
            Error::config(format!(
                "invalid service name {}: it cannot be part of a host name",
                quoted(info.service)
            ))
        })?;
        Ok(Target { uri, host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_base_urls_and_rejects_others() {
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
            "https://h#x",
            "h#u:p",
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
    fn resolves_hosts_of_each_environment() {
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
