//! The guard: requests that do not come from a page of this server are refused before they are routed.

use std::fmt;

use crate::error::ApiError;
use crate::hosts::{Hosts, InvalidHost};
use crate::token::Token;
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers of every response.
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Checks that requests come from a page of this server, and from its user.
///
/// The host must be a name of loopback with the port of the server, or an allowed one. A `POST` must come from the origin of the
/// page and be JSON, and every request to an API must have the token.
pub struct Guard {
    hosts: Hosts,
    token: Token,
    hints: Hints,
    apis: Vec<Api>,
}

/// Fixes in the errors of a [`Guard`].
#[derive(Debug, Clone, Copy)]
pub struct Hints {
    /// Fix for a request without the token, or of another origin: how to open the page.
    pub open: &'static str,
    /// Fix for a request to a host that is not allowed.
    pub host: &'static str,
}

/// Paths that require the token.
struct Api {
    prefix: &'static str,
    max_body_bytes: fn(&str) -> usize,
}

impl fmt::Debug for Guard {
    /// Omits the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Guard {
    /// Creates the guard of a server on this port. It has no API yet.
    pub fn new(port: u16, token: Token, hints: Hints) -> Self {
        Self { hosts: Hosts::of_port(port), token, hints, apis: Vec::new() }
    }

    /// Allows a host, as `NAME` or `NAME:PORT`, under which a reverse proxy serves the page. Its origin may use TLS.
    ///
    /// # Errors
    /// Returns an error if it is not the name of a host.
    pub fn with_allowed_host(mut self, host: &str) -> Result<Self, InvalidHost> {
        self.hosts.allow(host)?;
        Ok(self)
    }

    /// Requires the token for paths with this prefix, such as `/api`. The function returns the maximum size of the body of a
    /// `POST` for a path, in bytes.
    #[must_use]
    pub fn with_api(mut self, prefix: &'static str, max_body_bytes: fn(&str) -> usize) -> Self {
        self.apis.push(Api { prefix, max_body_bytes });
        self
    }

    /// Returns whether the path requires the token.
    pub(crate) fn is_api(&self, path: &str) -> bool {
        self.api(path).is_some()
    }

    fn api(&self, path: &str) -> Option<&Api> {
        self.apis.iter().find(|api| path.starts_with(api.prefix))
    }

    /// Checks the head of a request. Returns the maximum size of its body, in bytes; `None` if no route can take the
    /// request, which is routed without a body for its error.
    ///
    /// # Errors
    /// Returns the error for the first rule that it violates.
    pub(crate) fn check(&self, head: &Parts) -> Result<Option<usize>, ApiError> {
        let host = self.host(head)?;
        if ![Method::GET, Method::HEAD, Method::POST].contains(&head.method) {
            return match head.uri.path().starts_with('/') {
                true => Ok(None),
                false => Err(ApiError::method_not_allowed("the method is not allowed")
                    .with_hint("send GET or POST")),
            };
        }
        let changes = head.method == Method::POST;
        if changes {
            self.same_origin(&head.headers, host)?;
        }
        let api = self.api(head.uri.path());
        if api.is_some() {
            self.authorize(&head.headers)?;
        }
        if changes {
            json_body(&head.headers)?;
        }
        let max_bytes = match api {
            Some(api) if changes => (api.max_body_bytes)(head.uri.path()),
            None if changes => return Ok(None),
            _ => 0,
        };
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        match length.and_then(|length| length.parse::<u64>().ok()) {
            Some(length) if length > max_bytes as u64 => Err(too_large(max_bytes)),
            _ => Ok(Some(max_bytes)),
        }
    }

    /// Returns the host of the request, which is one of this server.
    fn host<'a>(&self, head: &'a Parts) -> Result<&'a str, ApiError> {
        let mut hosts = head.headers.get_all(HOST).iter();
        let (host, more) = (hosts.next(), hosts.next());
        let host = match (host, more) {
            (Some(host), None) if !host.is_empty() => host,
            (Some(_), Some(_)) => {
                return Err(
                    ApiError::missing_host("the header Host is repeated").with_hint("send it once")
                );
            }
            _ => {
                return Err(ApiError::missing_host("the header Host is missing")
                    .with_hint("send HTTP/1.1 with the host of the URL"));
            }
        };
        let is_own = |host: &str| self.hosts.contain(host);
        // The authority of an absolute-form target replaces `Host`, so both must be own.
        let target = match (head.uri.scheme_str(), head.uri.authority()) {
            (None, None) => true,
            (Some("http"), Some(authority)) => is_own(authority.as_str()),
            _ => false,
        };
        host.to_str().ok().filter(|host| target && is_own(host)).ok_or_else(|| {
            ApiError::foreign_host("the request names another host").with_hint(self.hints.host)
        })
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (Some(value), None) => value.as_bytes(),
            _ => &[],
        };
        let is_bearer =
            value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer "));
        let token = value.get(7..).filter(|_| is_bearer).unwrap_or_default();
        match self.token.is(token) {
            true => Ok(()),
            false => {
                Err(ApiError::unauthorized("the token is missing or wrong")
                    .with_hint(self.hints.open))
            }
        }
    }

    /// Refuses requests that the page of another origin has caused.
    fn same_origin(&self, headers: &HeaderMap, host: &str) -> Result<(), ApiError> {
        let is_same_site = headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "same-origin");
        let is_own = |origin: &HeaderValue| {
            origin.to_str().is_ok_and(|origin| self.hosts.is_origin(origin, host))
        };
        match is_same_site && headers.get_all(ORIGIN).iter().all(is_own) {
            true => Ok(()),
            false => Err(ApiError::forbidden_origin("the request comes from another origin")
                .with_hint(self.hints.open)),
        }
    }
}

/// Refuses bodies that a form of another origin could send.
fn json_body(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (first, more) = (types.next().and_then(|value| value.to_str().ok()), types.next());
    let is_json = first.filter(|_| more.is_none()).is_some_and(|value| {
        let mut parts = value.split(';').map(str::trim);
        let is_utf8 = |parameter: &str| {
            let charset =
                parameter.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
            charset
                .is_some_and(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"))
        };
        parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
            && parts.all(is_utf8)
    });
    match is_json {
        true => Ok(()),
        false => Err(ApiError::unsupported_media_type("the content type is not JSON")
            .with_hint("send content-type: application/json")),
    }
}

/// Returns the error of a body that is too large.
pub(crate) fn too_large(max_bytes: usize) -> ApiError {
    ApiError::too_large(format!("the body is longer than {max_bytes} bytes"))
        .with_hint("send a smaller body")
}

/// Adds the headers that every response has.
pub(crate) fn protect(response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        // The router states the methods of a path; these are those of the server.
        headers.entry(ALLOW).or_insert(HeaderValue::from_static("GET,HEAD,POST"));
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use axum::response::IntoResponse as _;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn check(method: &str, path: &str, headers: &[(HeaderName, &str)]) -> (u16, Option<usize>) {
        let hints = Hints { open: "open it", host: "allow it" };
        let guard = Guard::new(8080, Token::new(TOKEN).unwrap(), hints)
            .with_allowed_host("admin.example")
            .unwrap()
            .with_api("/api", |_| 1)
            .with_api("/explorer/api", str::len);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        match guard.check(&request.body(()).unwrap().into_parts().0) {
            Ok(max_bytes) => (200, max_bytes),
            Err(error) => (error.into_response().status().as_u16(), None),
        }
    }

    #[test]
    fn each_api_has_its_limit_and_requires_the_token() {
        let host = (HOST, "127.0.0.1:8080");
        let auth = (AUTHORIZATION, "Bearer 0123456789abcdef");
        let json = (CONTENT_TYPE, "application/json");
        let cases = [("/api/status", 1), ("/explorer/api/call", 18), ("/api", 1)];
        for (path, max_bytes) in cases {
            let headers = [host.clone(), auth.clone(), json.clone()];
            assert_eq!(check("POST", path, &headers), (200, Some(max_bytes)), "{path}");
            assert_eq!(check("GET", path, &headers), (200, Some(0)), "{path}");
            assert_eq!(check("POST", path, &headers[..2]).0, 415, "{path}");
            assert_eq!(check("POST", path, &[host.clone(), json.clone()]).0, 401, "{path}");
            assert_eq!(check("GET", path, &headers[..1]).0, 401, "{path}");
            assert_eq!(check("GET", path, &headers[1..]).0, 400, "{path}");
        }
        assert_eq!(check("GET", "/explorer/", std::slice::from_ref(&host)), (200, Some(0)));
        assert_eq!(check("POST", "/explorer/", &[host, json]), (200, None));
    }

    #[test]
    fn a_reverse_proxy_may_use_an_allowed_host() {
        let auth = (AUTHORIZATION, "Bearer 0123456789abcdef");
        let json = (CONTENT_TYPE, "application/json");
        for (host, origin, status) in [
            ("admin.example", "https://admin.example", 200),
            ("admin.example", "http://admin.example", 200),
            ("127.0.0.1:8080", "https://admin.example", 200),
            ("127.0.0.1:8080", "http://127.0.0.1:8080", 200),
            ("127.0.0.1:8080", "https://127.0.0.1:8080", 403),
            ("admin.example", "https://evil.example", 403),
            ("admin.example:80", "https://admin.example", 421),
            ("evil.example", "https://evil.example", 421),
        ] {
            let headers = [(HOST, host), (ORIGIN, origin), auth.clone(), json.clone()];
            assert_eq!(check("POST", "/api/retry", &headers).0, status, "{host} {origin}");
        }
    }
}
