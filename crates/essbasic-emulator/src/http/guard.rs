//! The guard of the administration: requests that a page in a browser has caused are refused.
//!
//! A page of another site cannot read the responses, but it can send commands, and with a DNS name that leads to loopback it
//! could read too.

use std::net::SocketAddr;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderName, Method, StatusCode};

use super::reply::Reply;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origins of an emulator.
pub(super) struct Guard {
    scheme: &'static str,
    /// Values of `Host`.
    hosts: Vec<String>,
}

impl Guard {
    pub(super) fn new(scheme: &'static str, address: SocketAddr) -> Self {
        let port = address.port();
        let mut hosts = vec![address.to_string(), format!("localhost:{port}")];
        hosts.extend(["127.0.0.1", "[::1]"].map(|ip| format!("{ip}:{port}")));
        let default = if scheme == "https" { 443 } else { 80 };
        if port == default {
            // Clients omit the default port.
            let suffix = format!(":{port}");
            let short: Vec<String> = hosts
                .iter()
                .filter_map(|host| host.strip_suffix(&suffix))
                .map(str::to_owned)
                .collect();
            hosts.extend(short);
        }
        Self { scheme, hosts }
    }

    /// Returns the response to a request that is refused.
    pub(super) fn refusal(&self, head: &Parts) -> Option<Reply> {
        let refused = |status, reason: &str| Some(Reply::text(status, format!("{reason}\n")));
        let mut hosts = head.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return refused(
                StatusCode::BAD_REQUEST,
                "the header Host is missing or repeated; send it once",
            );
        };
        let is_own = |host: &str| self.hosts.iter().any(|own| own == host);
        // The authority of an absolute-form target replaces `Host`, so both must be own.
        let target = head.uri.authority().is_none_or(|authority| is_own(authority.as_str()));
        let Some(host) = host.to_str().ok().filter(|host| target && is_own(host)) else {
            return refused(
                StatusCode::MISDIRECTED_REQUEST,
                "the request names another host; use the address of the emulator",
            );
        };
        if [Method::GET, Method::HEAD].contains(&head.method) {
            return None;
        }
        let own = format!("{}://{host}", self.scheme);
        let is_own_site =
            head.headers.get_all(SEC_FETCH_SITE).iter().all(|site| site == "same-origin");
        let is_own_origin =
            head.headers.get_all(ORIGIN).iter().all(|origin| origin == own.as_str());
        match is_own_site && is_own_origin {
            true => None,
            false => refused(
                StatusCode::FORBIDDEN,
                "the request comes from a page of another origin; send it without a browser",
            ),
        }
    }
}
