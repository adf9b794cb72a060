//! URLs of requests with an address to connect to.

use std::net::IpAddr;

use http::uri::Authority;
use http::{Uri, header};
use reqwest::Url;

use crate::route::{Route, bare_host, host_header, is_https};
use crate::{Request, TransportError, TransportErrorKind as Kind};

/// Returns the URL for reqwest, and sets `Host` if the URL has another host or port.
///
/// reqwest connects to the port of the URL if it has one, so that of `https` is omitted, and the resolver adds the port of
/// the address. Without TLS the URL is that of the address.
pub(super) fn of(request: &mut Request, route: &Route) -> Result<Url, TransportError> {
    let Some(address) = &route.address else { return parsed(&request.uri, route) };
    if !request.headers.contains_key(header::HOST) {
        request.headers.insert(header::HOST, host_header(&request.uri, route)?);
    }
    let mut parts = request.uri.clone().into_parts();
    parts.authority = match is_https(&request.uri) {
        false => address.authority().cloned(),
        true => Some(without_port(&request.uri, route)?),
    };
    parsed(&Uri::from_parts(parts).map_err(|_| refused(route))?, route)
}

fn parsed(uri: &Uri, route: &Route) -> Result<Url, TransportError> {
    uri.to_string().parse().map_err(|_| refused(route))
}

fn without_port(uri: &Uri, route: &Route) -> Result<Authority, TransportError> {
    if bare_host(uri).parse::<IpAddr>().is_ok() {
        let text = "reqwest cannot connect to another address if the host of the URL is an address; \
             use a host name, HyperTransport or UreqTransport";
        return Err(route.error(Kind::Request, text));
    }
    uri.host().unwrap_or_default().parse().map_err(|_| refused(route))
}

fn refused(route: &Route) -> TransportError {
    route.error(Kind::Request, "reqwest refuses the URI")
}
