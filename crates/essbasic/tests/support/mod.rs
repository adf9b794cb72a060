//! One interface to both clients, for tests against an emulator.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use essbasic::credentials::Credential;
use essbasic::{Agent, Config, RateLimit, agent};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

/// Returns the agent that owns the emulator's contracts.
pub fn the_agent() -> Agent {
    agent(APP_ID, ORGANIZATION, OPERATOR)
}

/// Returns a configuration for an emulator at this endpoint, without a rate limit of the client.
pub fn config_at(endpoint: &str) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
}

pub fn config(emulator: &Emulator) -> Config {
    config_at(&emulator.endpoint())
}

pub enum Driver {
    Blocking(essbasic::blocking::Client),
    Async(essbasic::Client, tokio::runtime::Runtime),
}

impl Driver {
    pub fn both(config: &Config, agent: &Agent) -> [Self; 2] {
        [Self::blocking(config, agent), Self::on_reqwest(config, agent)]
    }

    pub fn blocking(config: &Config, agent: &Agent) -> Self {
        Self::Blocking(essbasic::blocking::Client::new(config.clone(), agent.clone()).unwrap())
    }

    pub fn on_reqwest(config: &Config, agent: &Agent) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self::Async(essbasic::Client::new(config.clone(), agent.clone()).unwrap(), runtime)
    }

    #[cfg(feature = "hyper")]
    pub fn on_hyper(config: &Config, agent: &Agent) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self::Async(essbasic::Client::on_hyper(config.clone(), agent.clone()).unwrap(), runtime)
    }
}

/// Calls the same method of either client.
#[macro_export]
macro_rules! call {
    ($driver:expr, $method:ident($($argument:expr),*)) => {
        match $driver {
            $crate::support::Driver::Blocking(client) => client.$method($($argument),*),
            $crate::support::Driver::Async(client, runtime) => {
                runtime.block_on(client.$method($($argument),*))
            }
        }
    };
}
