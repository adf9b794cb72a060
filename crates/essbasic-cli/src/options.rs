//! Options of all commands that call the service.

use std::env::VarError;
use std::path::PathBuf;
use std::time::Duration;

use essbasic::blocking::Client;
use essbasic::credentials::{Credential, Profile, default_chain};
use essbasic::transport::{Proxy, TransportConfig, TransportErrorKind};
use essbasic::{Agent, BaseUrl, Config, Endpoint, Language, RateLimit, Shard, agent};
use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use essbasic_explorer::SessionKeys;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::in_flight::Counted;
use crate::input;

/// Endpoint, credential and agent.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Call this server: https://HOST or http://HOST:PORT [env: ESSBASIC_ENDPOINT=]
    #[arg(long, value_name = "URL", global = true, help_heading = "Connection")]
    pub(crate) endpoint: Option<String>,
    /// Connect to this address instead of the endpoint's, which is still signed and verified by TLS.
    #[arg(long, value_name = "HOST:PORT", global = true, help_heading = "Connection")]
    pub(crate) connect_to: Option<String>,
    /// Call the service's test environment.
    #[arg(long, global = true, help_heading = "Connection")]
    pub(crate) test_environment: bool,
    /// Read the credential from this profile of the official tools [default: environment, profile
    /// files, pod identity, machine role]
    #[arg(long, value_name = "NAME", global = true, help_heading = "Connection")]
    pub(crate) profile: Option<String>,
    /// Use this proxy, http://HOST:PORT [default: https_proxy or http_proxy, and no_proxy]
    #[arg(long, value_name = "URL", global = true, help_heading = "Connection")]
    pub(crate) proxy: Option<String>,
    /// Trust these additional certificate authorities (PEM).
    #[arg(long, value_name = "FILE", global = true, help_heading = "Connection")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Language of the service's messages and of hints: zh-CN or en-US [default: that of the account, hints in English]
    #[arg(long, value_name = "LANGUAGE", global = true, help_heading = "Connection", value_parser = language)]
    pub(crate) language: Option<Language>,
    /// Timeout of one call, retries included, such as 30s [default: 60s]
    #[arg(long, value_name = "TIME", global = true, help_heading = "Connection", allow_hyphen_values = true, value_parser = timeout)]
    pub(crate) call_timeout: Option<Duration>,
    /// Send at most this many requests per second to each action [default: the service's limit, mostly 20]
    #[arg(long, value_name = "N", global = true, help_heading = "Connection",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// ID of the platform's application.
    #[arg(
        long,
        value_name = "ID",
        global = true,
        env = "ESSBASIC_APP_ID",
        hide_env_values = true,
        help_heading = "Agent"
    )]
    pub(crate) app_id: Option<String>,
    /// The sub-organization, by the platform's own ID.
    #[arg(
        long,
        value_name = "OPEN_ID",
        global = true,
        env = "ESSBASIC_ORGANIZATION",
        hide_env_values = true,
        help_heading = "Agent"
    )]
    pub(crate) organization: Option<String>,
    /// The employee who acts, by the platform's own ID.
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

/// The variable that names the server to call, as `essbasic emulator` exports it.
pub(crate) const ENDPOINT: &str = "ESSBASIC_ENDPOINT";

/// First line of a certificate in a PEM file.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Rate limit of most actions, in requests per second.
const DEFAULT_RATE: u32 = 20;

/// Maximum duration of an option, far below the limits of clocks.
const MAX_DURATION: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Parses `30s`, `5m` or `1h 30m`. Only `0` has no unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let parsed = humantime::parse_duration(text).map_err(|_| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let why = match text.starts_with('-') {
            true => "it is negative; ",
            false if is_number => "it has no unit; ",
            false => "",
        };
        format!("{why}write it as 30s, 5m or 1h")
    })?;
    if parsed > MAX_DURATION {
        return Err("it is longer than 10 years; write it as 30s, 5m or 1h".to_owned());
    }
    Ok(parsed)
}

/// Parses a duration of at least one millisecond.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        timeout if timeout < Duration::from_millis(1) => {
            Err("it is shorter than 1ms; write it as 30s, 5m or 1h".to_owned())
        }
        timeout => Ok(timeout),
    }
}

/// Parses the tag of a language, with or without its region.
fn language(text: &str) -> Result<Language, String> {
    match text.to_ascii_lowercase().as_str() {
        "zh" | "zh-cn" => Ok(Language::Chinese),
        "en" | "en-us" => Ok(Language::English),
        _ => Err("write zh-CN or en-US".to_owned()),
    }
}

impl Options {
    /// Returns the complete agent.
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
                    "the caller is not identified; give {}",
                    missing.join(", ")
                )))
            }
        }
    }

    /// Returns the given fields of the agent.
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

    /// Returns the URL to call, if one is set, and the option or variable that sets it.
    fn endpoint_url(&self) -> Result<Option<(&'static str, String)>, Failure> {
        if let Some(url) = given(&self.endpoint) {
            return Ok(Some(("--endpoint", url.to_owned())));
        }
        match std::env::var(ENDPOINT) {
            Ok(url) => Ok(given(&Some(url)).map(|url| (ENDPOINT, url.to_owned()))),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Failure::new(format!(
                "{ENDPOINT} is not UTF-8; set it to https://HOST or http://HOST:PORT"
            ))),
        }
    }

    /// Returns the endpoint to call, and the address to connect to.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        let endpoint = if self.test_environment {
            Endpoint::Test
        } else if let Some((source, url)) = self.endpoint_url()? {
            let base = BaseUrl::parse(&url);
            Endpoint::Url(base.map_err(|error| Failure::new(format!("{source}: {error}")))?)
        } else {
            Endpoint::Production
        };
        match given(&self.connect_to) {
            None => Ok(endpoint),
            Some(address) => endpoint
                .with_address(address)
                .map_err(|error| Failure::new(format!("--connect-to: {error}"))),
        }
    }

    fn config(&self) -> Result<Config, Failure> {
        self.configured(match given(&self.profile) {
            Some(profile) => Config::new(Profile::named(profile)),
            None => Config::new(default_chain()),
        })
    }

    /// Returns the source of the credential, whose last one the explorer reads.
    pub(crate) fn session_keys(&self) -> SessionKeys {
        match given(&self.profile) {
            Some(profile) => SessionKeys::new(Profile::named(profile)),
            None => SessionKeys::new(default_chain()),
        }
    }

    /// Returns an error if an endpoint is given, which an emulator of its own has already.
    pub(crate) fn refuse_endpoint(&self) -> Result<(), Failure> {
        match self.endpoint.is_some() || self.test_environment {
            true => Err(Failure::new(
                "--emulated has its own endpoint; omit --endpoint and --test-environment",
            )),
            false => Ok(()),
        }
    }

    /// Returns the configuration with these options.
    pub(crate) fn configured(&self, mut config: Config) -> Result<Config, Failure> {
        if given(&self.endpoint).is_some() && self.test_environment {
            return Err(Failure::new(
                "--endpoint and --test-environment exclude each other; give one",
            ));
        }
        config = config.with_endpoint(self.endpoint()?);
        if let Some(language) = self.language {
            config = config.with_language(language);
        }
        if self.call_timeout.is_some() {
            config = config.with_timeout(self.call_timeout);
        }
        Ok(config.with_rate_limit(self.rate_limit(Shard::default())))
    }

    /// Returns the rate limit of one shard: its share of `--rate`, or of the default.
    pub(crate) fn rate_limit(&self, shard: Shard) -> RateLimit {
        let part = |rate: u32| RateLimit::Fixed((rate / shard.count()).max(1));
        match (self.rate, shard.count()) {
            (Some(rate), _) => part(rate),
            (None, 1) => RateLimit::PerAction,
            (None, _) => part(DEFAULT_RATE),
        }
    }

    fn connect(&self, config: Config, agent: Agent) -> Result<Client, Failure> {
        client_on(self.counted()?, config, agent)
    }

    /// Returns the transport, whose requests in flight are counted.
    pub(crate) fn counted(&self) -> Result<Counted, Failure> {
        Counted::new(&self.transport()?).map_err(|error| match &self.ca_file {
            Some(path) if error.kind() == TransportErrorKind::Tls => {
                Failure::new(format!("--ca-file {}: {error}", path.display()))
            }
            _ => Failure::new(error),
        })
    }

    /// Returns the settings of the transport.
    pub(crate) fn transport(&self) -> Result<TransportConfig, Failure> {
        let mut transport = TransportConfig::default();
        if let Some(proxy) = given(&self.proxy) {
            let url = proxy.parse().map_err(|error| Failure::new(format!("--proxy: {error}")))?;
            transport = transport.with_proxy(Proxy::Url(url));
        }
        if let Some(path) = &self.ca_file {
            let pem =
                input::file(path).map_err(|error| Failure::new(format!("--ca-file {error}")))?;
            // The library takes an empty text for no file. Comments may have any encoding.
            if !pem.windows(CERTIFICATE.len()).any(|text| text == CERTIFICATE.as_bytes()) {
                let why = match input::is_utf16(&pem) {
                    true => "UTF-16 text; save it as UTF-8".to_owned(),
                    false => {
                        format!("no certificate in the file; give a PEM file with `{CERTIFICATE}`")
                    }
                };
                return Err(Failure::new(format!("--ca-file {}: {why}", path.display())));
            }
            let pem = pem.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&pem);
            transport = transport.with_extra_roots_pem(pem);
        }
        Ok(transport)
    }

    /// Returns a client for calls whose body contains the agent.
    pub(crate) fn client(&self, region: Option<&str>) -> Result<Client, Failure> {
        let mut config = self.config()?;
        if let Some(region) = region {
            config = config.with_region(region);
        }
        self.connect(config, Agent::new(""))
    }

    /// Returns a client for contracts.
    pub(crate) fn contracts(&self) -> Result<Client, Failure> {
        self.contracts_of(Shard::default())
    }

    /// Returns a client for contracts, with the rate limit of one shard.
    pub(crate) fn contracts_of(&self, shard: Shard) -> Result<Client, Failure> {
        let agent = self.agent()?;
        self.connect(self.config()?.with_rate_limit(self.rate_limit(shard)), agent)
    }

    /// Returns a client for an emulator, with its default keys and agent.
    pub(crate) fn emulated(&self, endpoint: &str) -> Result<Client, Failure> {
        let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
            .with_endpoint_url(endpoint)
            .map_err(Failure::new)?
            .with_rate_limit(self.rate_limit(Shard::default()));
        client_on(to_loopback()?, config, agent(APP_ID, ORGANIZATION, OPERATOR))
    }
}

/// Returns a transport without a proxy, for which loopback would be its own machine.
pub(crate) fn to_loopback() -> Result<Counted, Failure> {
    let transport = TransportConfig::default().with_proxy(Proxy::None);
    Counted::new(&transport).map_err(Failure::new)
}

/// Returns a client whose requests in flight are counted.
fn client_on(transport: Counted, config: Config, agent: Agent) -> Result<Client, Failure> {
    let config = config.with_app_name(env!("CARGO_PKG_NAME"))?;
    Ok(Client::with_transport(config, agent, transport)?)
}

/// Returns the value unless it is blank: an empty variable counts as unset.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_split_the_rate() {
        #[derive(clap::Parser)]
        struct Command {
            #[command(flatten)]
            options: Options,
        }
        let options = |arguments: &[&str]| {
            let arguments = ["essbasic"].iter().chain(arguments);
            <Command as clap::Parser>::try_parse_from(arguments).map(|command| command.options)
        };
        for (arguments, shard, expected) in [
            (&[][..], "1/1", RateLimit::PerAction),
            (&[], "2/4", RateLimit::Fixed(5)),
            (&[], "1/64", RateLimit::Fixed(1)),
            (&["--rate", "7"], "1/1", RateLimit::Fixed(7)),
            (&["--rate", "100"], "1/4", RateLimit::Fixed(25)),
            (&["--rate", "1"], "1/4", RateLimit::Fixed(1)),
            (&["--rate", "4294967295"], "1/1", RateLimit::Fixed(u32::MAX)),
        ] {
            let shard = shard.parse().unwrap();
            assert_eq!(options(arguments).unwrap().rate_limit(shard), expected, "{arguments:?}");
        }
        for bad in ["0", "-1", "1.5", "x", "4294967296"] {
            assert!(options(&["--rate", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("0").unwrap(), Duration::ZERO);
        assert_eq!(duration(" 90s ").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1m 30s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(duration("10y").unwrap().as_secs() / 86_400, 3652);
        for bad in ["", "-1", "90", "1.5", "soon", "99999999999999999999y", "11y", "4294967295"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
