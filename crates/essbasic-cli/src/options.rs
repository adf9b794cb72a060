//! Options that every command which calls the service takes.

use std::path::PathBuf;
use std::time::Duration;

use essbasic::blocking::Client;
use essbasic::credentials::{Credential, Profile, default_chain};
use essbasic::transport::{Proxy, TransportConfig};
use essbasic::{Agent, Config, RateLimit, agent};
use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::input;

/// Where calls go, with which credential and for whom.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Call this server: https://HOST or http://HOST:PORT.
    #[arg(long, value_name = "URL", global = true, help_heading = "Connection")]
    pub(crate) endpoint: Option<String>,
    /// Call the service's test environment.
    #[arg(long, global = true, help_heading = "Connection")]
    pub(crate) test_environment: bool,
    /// Take the credential from this profile of the official tools. Without, the usual places are
    /// looked in: environment, profile files, pod identity, machine role.
    #[arg(long, value_name = "NAME", global = true, help_heading = "Connection")]
    pub(crate) profile: Option<String>,
    /// Go through this proxy, http://HOST:PORT [default: HTTPS_PROXY and its like]
    #[arg(long, value_name = "URL", global = true, help_heading = "Connection")]
    pub(crate) proxy: Option<String>,
    /// Trust these certificate authorities too (PEM).
    #[arg(long, value_name = "FILE", global = true, help_heading = "Connection")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How long one call may take, repetitions included, such as 30s [default: 60s]
    #[arg(long, value_name = "TIME", global = true, help_heading = "Connection", value_parser = duration)]
    pub(crate) call_timeout: Option<Duration>,
    /// The platform's application.
    #[arg(
        long,
        value_name = "ID",
        global = true,
        env = "ESSBASIC_APP_ID",
        hide_env_values = true,
        help_heading = "Agent"
    )]
    pub(crate) app_id: Option<String>,
    /// The sub-organisation, by the platform's own id.
    #[arg(
        long,
        value_name = "OPEN_ID",
        global = true,
        env = "ESSBASIC_ORGANIZATION",
        hide_env_values = true,
        help_heading = "Agent"
    )]
    pub(crate) organization: Option<String>,
    /// The employee who acts, by the platform's own id.
    #[arg(
        long,
        value_name = "OPEN_ID",
        global = true,
        env = "ESSBASIC_OPERATOR",
        hide_env_values = true,
        help_heading = "Agent"
    )]
    pub(crate) operator: Option<String>,
}

/// `30s`, `5m`, `1h 30m`, or seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(_) => humantime::parse_duration(text).map_err(|_| "write it like 30s, 5m or 1h".into()),
    }
}

impl Options {
    /// The agent of calls that cannot do without one.
    fn agent(&self) -> Result<Agent, Failure> {
        match (given(&self.app_id), given(&self.organization), given(&self.operator)) {
            (Some(app_id), Some(organization), Some(operator)) => {
                Ok(agent(app_id, organization, operator))
            }
            (app_id, organization, operator) => {
                let missing = [
                    (app_id, "--app-id (ESSBASIC_APP_ID)"),
                    (organization, "--organization (ESSBASIC_ORGANIZATION)"),
                    (operator, "--operator (ESSBASIC_OPERATOR)"),
                ];
                let missing = missing.iter().filter(|(value, _)| value.is_none());
                let missing: Vec<_> = missing.map(|(_, name)| *name).collect();
                Err(Failure::new(format!(
                    "it is not said for whom to call; give {}",
                    missing.join(", ")
                )))
            }
        }
    }

    /// The agent as far as it is given.
    pub(crate) fn agent_json(&self) -> Option<Value> {
        let mut agent = Map::new();
        if let Some(app_id) = given(&self.app_id) {
            agent.insert("AppId".to_owned(), json!(app_id));
        }
        if let Some(organization) = given(&self.organization) {
            agent.insert("ProxyOrganizationOpenId".to_owned(), json!(organization));
        }
        if let Some(operator) = given(&self.operator) {
            agent.insert("ProxyOperator".to_owned(), json!({ "OpenId": operator }));
        }
        (!agent.is_empty()).then_some(Value::Object(agent))
    }

    fn config(&self) -> Result<Config, Failure> {
        let config = match given(&self.profile) {
            Some(profile) => Config::new(Profile::named(profile)),
            None => Config::new(default_chain()),
        };
        let mut config = config.with_transport_config(self.transport()?);
        if let Some(url) = given(&self.endpoint) {
            if self.test_environment {
                return Err(Failure::new(
                    "--endpoint and --test-environment exclude each other; give one",
                ));
            }
            config = config.with_endpoint_url(url).map_err(Failure::new)?;
        } else if self.test_environment {
            config = config.with_test_environment();
        }
        if self.call_timeout.is_some() {
            config = config.with_timeout(self.call_timeout);
        }
        Ok(config)
    }

    /// How servers are reached.
    pub(crate) fn transport(&self) -> Result<TransportConfig, Failure> {
        let mut transport = TransportConfig::default();
        if let Some(proxy) = given(&self.proxy) {
            // The text is not repeated: it may hold a password.
            let url = proxy
                .parse()
                .map_err(|_| Failure::new("the proxy is no URL; write it as http://HOST:PORT"))?;
            transport = transport.with_proxy(Proxy::Url(url));
        }
        if let Some(path) = &self.ca_file {
            transport = transport.with_extra_roots_pem(input::text_file(path)?);
        }
        Ok(transport)
    }

    /// A client for calls that carry their own agent.
    pub(crate) fn client(&self, region: Option<&str>) -> Result<Client, Failure> {
        let mut config = self.config()?;
        if let Some(region) = region {
            config = config.with_region(region);
        }
        Client::new(config, Agent::new("")).map_err(Failure::new)
    }

    /// A client for contracts.
    pub(crate) fn contracts(&self) -> Result<Client, Failure> {
        self.contracts_at(RateLimit::default())
    }

    /// A client for contracts that calls so often.
    pub(crate) fn contracts_at(&self, rate: RateLimit) -> Result<Client, Failure> {
        let agent = self.agent()?;
        Client::new(self.config()?.with_rate_limit(rate), agent).map_err(Failure::new)
    }

    /// A client for an emulator, with what it knows by default.
    pub(crate) fn emulated(&self, endpoint: &str) -> Result<Client, Failure> {
        let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
            // A proxy would look for the emulator on its own machine.
            .with_transport_config(TransportConfig::default().with_proxy(Proxy::None))
            .with_endpoint_url(endpoint)
            .map_err(Failure::new)?;
        Client::new(config, agent(APP_ID, ORGANIZATION, OPERATOR)).map_err(Failure::new)
    }
}

/// An empty variable of the environment is one that is not set.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("90").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1m 30s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
        for bad in ["", "-1", "1.5", "soon", "99999999999999999999y"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
