//! Name of this crate in the headers of requests.

use tc3_client::Config;

/// Adds the name and version of this crate to a configuration.
pub(crate) fn named(config: Config) -> Result<Config, tc3_client::Error> {
    config.with_library(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}
