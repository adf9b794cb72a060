//! The guard around the routes.

use std::sync::Arc;

use axum::Router;
use essbasic_explorer::Mount;
use essbasic_page::{Guard, Hints, InvalidHost, Token, mount};

use super::{Admin, EXPLORER, assets, routes};

/// Fixes in the errors of the guard.
const HINTS: Hints = Hints {
    open: "open the admin URL of the server with #token= and the text of its admin_token_file",
    host: "open the admin URL of the server, or add the host to admin.allowed_hosts",
};

/// Checks the name of a host under which a reverse proxy serves the page.
///
/// # Errors
/// Returns an error if it is invalid.
pub(crate) fn check_host(host: &str) -> Result<(), InvalidHost> {
    // Of a guard that protects nothing.
    let Ok(token) = Token::new("check-of-the-configuration") else { return Ok(()) };
    Guard::new(0, token, HINTS).with_allowed_host(host).map(drop)
}

/// Returns the routes of the listener on this port, behind the guard.
///
/// # Errors
/// Returns an error if the name of an allowed host is invalid.
pub(super) fn router(
    admin: Admin,
    explorer: &Mount,
    port: u16,
    token: Token,
    allowed_hosts: &[String],
) -> Result<Router, InvalidHost> {
    let mut guard = Guard::new(port, token, HINTS)
        .with_api("/api", routes::max_body_bytes)
        .with_api("/explorer/api", Mount::max_body_bytes);
    for host in allowed_hosts {
        guard = guard.with_allowed_host(host)?;
    }
    let routes = routes::router(Arc::new(admin)).merge(assets::page().routes());
    Ok(guard.wrap(mount(routes, EXPLORER, explorer.routes())))
}
