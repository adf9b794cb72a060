//! The emulators that `.ci/hosts` has started, and calls to them.

use std::error::Error;

use essbasic::models::FlowDetailInfo;
use essbasic::transport::{Proxy, TransportConfig};
use essbasic::{Agent, Config, FlowError, agent, credentials};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A contract of `essbasic emulator --flows`.
pub(crate) const FLOW: &str = "yDEmuBulk00000000000000000000001";

/// Returns the URLs of the emulators: http, then https.
pub(crate) fn endpoints() -> Result<[String; 2]> {
    Ok([std::env::var("HTTP_ENDPOINT")?, std::env::var("HTTPS_ENDPOINT")?])
}

/// Returns the PEM of the authority of the emulator on https.
pub(crate) fn ca() -> Result<Vec<u8>> {
    Ok(std::fs::read(std::env::var("CA_FILE")?)?)
}

pub(crate) fn transport() -> TransportConfig {
    TransportConfig::default().with_proxy(Proxy::None)
}

/// Returns a configuration with the extra root.
pub(crate) fn config(endpoint: &str) -> Result<Config> {
    Ok(config_without_root(endpoint)?
        .with_transport_config(transport().with_extra_roots_pem(ca()?)))
}

pub(crate) fn config_without_root(endpoint: &str) -> Result<Config> {
    let config = Config::new(credentials::default_chain()).with_endpoint_url(endpoint)?;
    Ok(config.with_transport_config(transport()))
}

pub(crate) fn operator() -> Result<Agent> {
    let variable = std::env::var;
    Ok(agent(
        variable("ESSBASIC_APP_ID")?,
        variable("ESSBASIC_ORGANIZATION")?,
        variable("ESSBASIC_OPERATOR")?,
    ))
}

/// Checks the details of [`FLOW`].
pub(crate) fn check(details: Vec<std::result::Result<FlowDetailInfo, FlowError>>) -> Result<()> {
    let details = details.into_iter().next().ok_or("no result")??;
    assert_eq!(details.flow_id, FLOW);
    Ok(())
}
