//! The Explorer of the admin page: it calls the service as the server does.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::Uri;
use essbasic::Config as ClientConfig;
use essbasic::transport::{ReqwestTransport, TransportConfig};
use essbasic_emulator::{Emulator, SECRET_ID};
use essbasic_explorer::{AsyncCaller, Explorer, Mode, Mount, SessionKeys};
use serde_json::json;

use crate::config::{Config, PRODUCTION};
use crate::failure::Failure;

/// Host of the test environment of the service.
const TEST_HOST: &str = "essbasic.test.ess.tencent.cn";

/// How to allow actions that change data.
const WRITE_HINT: &str =
    "set `writable = true` in [admin] of the configuration of essbasic-server, and restart it";

/// Returns the page. Its calls share the rate of `client`, whose credentials are those of `keys`. `secret_id` is theirs. Actions that change data are refused
/// unless `admin.writable` is true.
///
/// # Errors
/// Returns an error if the client cannot be created.
pub(crate) fn explorer(
    config: &Config,
    client: ClientConfig,
    keys: SessionKeys,
    secret_id: &str,
    emulator: Option<Arc<Emulator>>,
) -> Result<Mount, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot create the client of the Explorer: {error}"))
    };
    let transport =
        ReqwestTransport::new(&TransportConfig::default()).map_err(|error| failed(&error))?;
    let caller = AsyncCaller::new(client, keys, transport).map_err(|error| failed(&error))?;
    let endpoint = config.service.endpoint.as_deref().unwrap_or(PRODUCTION);
    let account = &config.account;
    let agent = json!({
        "AppId": account.app_id,
        "ProxyOrganizationOpenId": account.organization,
        "ProxyOperator": { "OpenId": account.operator },
    });
    let builder = Explorer::builder(mode(endpoint, secret_id))
        .below_page(WRITE_HINT)
        .with_caller(caller)
        .with_endpoint(endpoint.trim_end_matches('/'))
        .with_agent(agent);
    let builder = if config.admin.writable { builder.allow_writes() } else { builder };
    Ok(match emulator {
        Some(emulator) => builder.with_emulator(emulator),
        None => builder,
    }
    .mount())
}

/// Returns the mode of an endpoint. A server that is not known counts as the production service: it may forward to it. A server of this
/// machine is an emulator if the credential is valid for emulators only.
fn mode(endpoint: &str, secret_id: &str) -> Mode {
    let uri = endpoint.parse::<Uri>().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_loopback = match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    if is_loopback && secret_id == SECRET_ID {
        Mode::Emulator
    } else if host.eq_ignore_ascii_case(TEST_HOST) {
        Mode::Test
    } else {
        Mode::Production
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_servers_count_as_the_production_service() {
        for (endpoint, secret_id, expected) in [
            (PRODUCTION, "AKIDreal", Mode::Production),
            (PRODUCTION, SECRET_ID, Mode::Production),
            ("https://essbasic.test.ess.tencent.cn/", "AKIDreal", Mode::Test),
            ("https://ESSBASIC.test.ess.tencent.cn:443", "AKIDreal", Mode::Test),
            ("https://essbasic.test.ess.tencent.cn.example/", "AKIDreal", Mode::Production),
            ("https://proxy.example/essbasic.test.ess.tencent.cn", SECRET_ID, Mode::Production),
            ("http://127.0.0.1:9000", "AKIDreal", Mode::Production),
            ("http://127.0.0.1:9000", SECRET_ID, Mode::Emulator),
            ("http://localhost:9000/", SECRET_ID, Mode::Emulator),
            ("http://[::1]:9000", SECRET_ID, Mode::Emulator),
            ("http://127.0.0.1.proxy.example:9000", SECRET_ID, Mode::Production),
            ("http://127.0.0.1:9000@proxy.example", SECRET_ID, Mode::Production),
            ("", SECRET_ID, Mode::Production),
        ] {
            assert_eq!(mode(endpoint, secret_id), expected, "{endpoint} {secret_id}");
        }
    }
}
