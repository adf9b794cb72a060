//! Classification of errors of reqwest.

use std::io;

use crate::address::NotPublic;
use crate::hyper_error::{exchange_kind, find, last_cause};
use crate::route::Route;
use crate::{TransportError, TransportErrorKind as Kind};

/// Converts an error of a client that cannot be built.
pub(super) fn build_error(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let last = last_cause(&error);
    #[cfg(feature = "reqwest")]
    if find::<rustls::Error>(&error).is_some() {
        let text = format!("the certificate authorities cannot be used: {last}");
        return TransportError::new(Kind::Tls).with_detail(text);
    }
    TransportError::new(Kind::Other).with_detail(last)
}

pub(super) fn classify(error: reqwest::Error, route: &Route) -> TransportError {
    let error = error.without_url();
    let last = last_cause(&error);
    if error.is_builder() {
        return route.error(Kind::Request, last);
    }
    if let Some(why) = find::<NotPublic>(&error) {
        return route.error(Kind::NotPublic, why);
    }
    if error.is_dns() {
        return match route.proxy {
            Some(_) => route.proxy_error(Kind::Resolve, last),
            None => route.error(Kind::Resolve, last),
        };
    }
    if error.is_connect() {
        return connect_error(&error, last, route);
    }
    if error.is_timeout() {
        return route.error(Kind::Timeout, "the response is incomplete");
    }
    route.error(exchange_kind(&error), last)
}

fn connect_error(error: &reqwest::Error, last: String, route: &Route) -> TransportError {
    if error.is_timeout() {
        return route.error(Kind::Connect, "timed out");
    }
    // The error types of a refusal by a proxy are private. It is the last cause, unlike that of an unreachable proxy.
    if let Some(cause) = last.strip_prefix("tunnel error: ") {
        return match cause {
            "proxy authorization required" => route.refused_tunnel(407),
            // Any other status: reqwest does not report it, and it may be 502 to 504.
            "unsuccessful" => route.unreachable_by_proxy("the proxy refused the tunnel"),
            cause => route.error(Kind::Proxy, cause),
        };
    }
    if last.starts_with("SOCKS error") {
        return route.error(Kind::Proxy, last);
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = find::<rustls::Error>(error) {
        return route.error(Kind::Tls, crate::tls_error::describe(error));
    }
    // The errors of other TLS libraries: no error of a socket is among the causes.
    let is_tls = match find::<io::Error>(error) {
        Some(error) => error.kind() == io::ErrorKind::InvalidData,
        None => true,
    };
    match &route.proxy {
        _ if is_tls => route.error(Kind::Tls, last),
        // A connection that was refused is that to the proxy; the tunnel may end too.
        Some(_) if find::<io::Error>(error).is_some_and(is_refusal) => {
            route.proxy_error(Kind::Connect, last)
        }
        _ => route.error(Kind::Connect, last),
    }
}

/// Returns whether a connection was not made, rather than broken.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable
    )
}
