//! Mitigation of DNS rebinding: a page on the Internet, whose name leads to this machine, must not read a listener without a token.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use essbasic::transport::Uri;

/// Middleware that refuses requests to another DNS name than `localhost`. Requests without a host pass, which browsers never send.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(HOST).iter();
    let are_local = hosts.all(|host| host.to_str().is_ok_and(is_local));
    let target = request.uri().authority().map(|authority| authority.as_str());
    if are_local && target.is_none_or(is_local) {
        return next.run(request).await;
    }
    let why = "unknown host; this listener is opened by an IP address or as localhost\n";
    (StatusCode::MISDIRECTED_REQUEST, why).into_response()
}

/// Returns whether this is `localhost` or an IP address, with or without a port. A page cannot have such a name.
fn is_local(host: &str) -> bool {
    let Ok(uri) = format!("http://{host}/").parse::<Uri>() else { return false };
    let Some(authority) = uri.authority().filter(|found| found.as_str() == host) else {
        return false;
    };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_local() {
        for (host, expected) in [
            ("127.0.0.1:9090", true),
            ("127.0.0.1", true),
            ("10.1.2.3:9090", true),
            ("[::1]:9090", true),
            ("[::1]", true),
            ("localhost:9090", true),
            ("LocalHost", true),
            ("rebound.example:9090", false),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
            ("127.0.0.1@rebound.example", false),
            ("rebound.example/@127.0.0.1", false),
            ("essbasic", false),
            ("", false),
        ] {
            assert_eq!(is_local(host), expected, "{host}");
        }
    }
}
