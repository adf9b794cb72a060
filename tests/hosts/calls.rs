//! Calls of the async SDK.

use essbasic::{Agent, Client, Config};

use crate::support::{FLOW, Result, check, config, endpoints, operator};

/// Calls both emulators with clients of this constructor.
pub(crate) async fn sdk(
    new: impl Fn(Config, Agent) -> std::result::Result<Client, essbasic::Error>,
) -> Result<()> {
    for endpoint in endpoints()? {
        let client = new(config(&endpoint)?, operator()?)?;
        check(client.details([FLOW]).await?)?;
    }
    Ok(())
}
