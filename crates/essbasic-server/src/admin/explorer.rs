//! The Explorer of the admin page: it calls the service as the server does.

use std::sync::Arc;

use essbasic::Config as ClientConfig;
use essbasic::transport::{ReqwestTransport, TransportConfig};
use essbasic_emulator::Emulator;
use essbasic_explorer::{AsyncCaller, Explorer, Mode, Mount, SessionKeys};
use serde_json::json;

use crate::config::{Config, PRODUCTION};
use crate::failure::Failure;

/// Host of the test environment of the service.
const TEST_HOST: &str = "essbasic.test.ess.tencent.cn";

/// Returns the page. Its calls share the rate of `client`, whose credentials are those of `keys`. Actions that change data are refused
/// unless `admin.writable` is true.
///
/// # Errors
/// Returns an error if the client cannot be created.
pub(crate) fn explorer(
    config: &Config,
    client: ClientConfig,
    keys: SessionKeys,
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
    let builder = Explorer::builder(mode(endpoint, emulator.is_some()))
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

/// Returns the mode of an endpoint. A server that is not known counts as the production service: it may forward to it.
fn mode(endpoint: &str, is_emulated: bool) -> Mode {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let host = host.split(['/', ':', '?']).next().unwrap_or_default();
    match is_emulated {
        true => Mode::Emulator,
        false if host.eq_ignore_ascii_case(TEST_HOST) => Mode::Test,
        false => Mode::Production,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_servers_count_as_the_production_service() {
        for (endpoint, is_emulated, expected) in [
            (PRODUCTION, false, Mode::Production),
            ("https://essbasic.test.ess.tencent.cn/", false, Mode::Test),
            ("https://ESSBASIC.test.ess.tencent.cn:443", false, Mode::Test),
            ("https://essbasic.test.ess.tencent.cn.example/", false, Mode::Production),
            ("https://proxy.example/essbasic.test.ess.tencent.cn", false, Mode::Production),
            ("http://127.0.0.1:9000", false, Mode::Production),
            ("http://127.0.0.1:9000", true, Mode::Emulator),
        ] {
            assert_eq!(mode(endpoint, is_emulated), expected, "{endpoint}");
        }
    }
}
