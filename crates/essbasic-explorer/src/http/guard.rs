//! The guard: requests that do not come from the page of this explorer are refused before they are routed.

use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use subtle::ConstantTimeEq;

use super::error::ApiError;

/// Maximum size of the body of a request, in bytes.
const MAX_BODY_BYTES: usize = 10 << 20;

/// Maximum size of the body of a request with a file: 60 MiB as Base64, and its other fields.
const MAX_UPLOAD_BYTES: usize = 84 << 20;

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

/// The addresses and the token of an explorer.
pub(crate) struct Guard {
    /// Values of `Host`.
    hosts: Vec<String>,
    token: String,
}

impl Guard {
    /// Creates the guard of a server on this port of loopback.
    pub(crate) fn new(port: u16, token: String) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            // Clients omit the default port.
            hosts.extend(names.map(str::to_owned));
        }
        Self { hosts, token }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Checks the head of a request. Returns the maximum size of its body, in bytes; `None` if no route can take the
    /// request, which is routed without a body for its error.
    ///
    /// # Errors
    /// Returns the error for the first rule that it violates.
    pub(super) fn check(&self, head: &Parts) -> Result<Option<usize>, ApiError> {
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
            same_origin(&head.headers, host)?;
        }
        if is_protected(head.uri.path()) {
            self.authorize(&head.headers)?;
        }
        if changes {
            json_body(&head.headers)?;
            if !is_protected(head.uri.path()) {
                return Ok(None);
            }
        }
        let max_bytes = max_body_bytes(head);
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        match length.and_then(|length| length.parse::<u64>().ok()) {
            Some(length) if length > max_bytes as u64 => Err(too_large(max_bytes)),
            _ => Ok(Some(max_bytes)),
        }
    }

    /// Returns the host of the request, which is one of this explorer.
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
        let is_own = |host: &str| self.hosts.iter().any(|own| own == host);
        // The authority of an absolute-form target replaces `Host`, so both must be own.
        let target = match (head.uri.scheme_str(), head.uri.authority()) {
            (None, None) => true,
            (Some("http"), Some(authority)) => is_own(authority.as_str()),
            _ => false,
        };
        host.to_str().ok().filter(|host| target && is_own(host)).ok_or_else(|| {
            ApiError::foreign_host("the request names another host").with_hint(
                "open the URL that `essbasic explore` has printed; other names of this machine are refused",
            )
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
        match bool::from(token.ct_eq(self.token.as_bytes())) {
            true => Ok(()),
            false => Err(ApiError::unauthorized("the token is missing or wrong")
                .with_hint("open the URL that `essbasic explore` has printed, with its #token")),
        }
    }
}

/// Returns whether the path requires the token.
pub(super) fn is_protected(path: &str) -> bool {
    path.starts_with("/api")
}

/// Refuses requests that the page of another origin has caused.
fn same_origin(headers: &HeaderMap, host: &str) -> Result<(), ApiError> {
    let is_same_site = headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "same-origin");
    let own = format!("http://{host}");
    let is_own = headers.get_all(ORIGIN).iter().all(|origin| origin == own.as_str());
    match is_same_site && is_own {
        true => Ok(()),
        false => Err(ApiError::forbidden_origin("the request comes from another origin")
            .with_hint("open the URL that `essbasic explore` has printed")),
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

/// Returns the maximum size of the body of a request, in bytes.
fn max_body_bytes(head: &Parts) -> usize {
    match head.uri.path().rsplit('/').next() {
        _ if head.method != Method::POST => 0,
        Some("UploadFiles") => MAX_UPLOAD_BYTES,
        _ => MAX_BODY_BYTES,
    }
}

/// Returns the error of a body that is too large.
pub(super) fn too_large(max_bytes: usize) -> ApiError {
    ApiError::too_large(format!("the body is longer than {max_bytes} bytes"))
        .with_hint("send a smaller body")
}

/// Adds the headers that every response has.
pub(super) fn protect(response: &mut Response) {
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
