//! Rules between the values of a configuration.

use std::collections::BTreeSet;
use std::time::Duration;

use essbasic_s3::Bucket;

use super::{Config, ConfigError, Forward, urls};
use crate::admin::check_host;
use crate::archive::PROGRAM;
use crate::ledger::limits;
use crate::pace::LATE;

/// Shortest lease of a worker: below, a pause of the process or of the store ends its work.
const MIN_LEASE: Duration = Duration::from_secs(1);

/// Names in the template of file names.
const NAMES: [&str; 3] = ["flow_id", "file_index", "name"];

impl Config {
    /// Checks the rules between values.
    ///
    /// # Errors
    /// Returns the first problem.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.problems().into_iter().next().map_or(Ok(()), Err)
    }

    /// Returns a problem for each rule between values that is violated. No other file is opened.
    pub(crate) fn problems(&self) -> Vec<ConfigError> {
        let archive = &self.archive;
        let bucket = Bucket::parse(&archive.to, &PROGRAM);
        [
            self.check_account(),
            self.check_service(),
            self.check_store(),
            self.check_keys(),
            bucket.map(drop).map_err(|error| ConfigError::new(error.to_string())),
            names_are_stable(&archive.names),
            positive("archive.concurrency", archive.concurrency),
            positive("archive.max_attempts", archive.max_attempts as usize),
            self.check_rate(),
            self.check_worker(),
            self.check_forwards(),
            self.check_listeners(),
        ]
        .into_iter()
        .filter_map(Result::err)
        .collect()
    }

    fn check_keys(&self) -> Result<(), ConfigError> {
        if self.receive.keys.is_empty() {
            return Err(refuse(
                "receive.keys",
                "no token and key for callbacks; add [[receive.keys]] with token_file and key_file",
            ));
        }
        Ok(())
    }

    fn check_rate(&self) -> Result<(), ConfigError> {
        positive("rate.per_action", self.rate.per_action as usize)?;
        if self.rate.per_action as usize > limits::MAX_MOMENTS {
            return Err(refuse(
                "rate.per_action",
                &format!("{} exceeds {}", self.rate.per_action, limits::MAX_MOMENTS),
            ));
        }
        if self.rate.margin < LATE {
            return Err(refuse(
                "rate.margin",
                "it is shorter than 25ms; the latency of requests differs by that",
            ));
        }
        if self.rate.margin > Duration::from_secs(1) {
            return Err(refuse("rate.margin", "it exceeds 1s; 25ms is enough"));
        }
        Ok(())
    }

    fn check_account(&self) -> Result<(), ConfigError> {
        let account = &self.account;
        for (key, value) in [
            ("account.app_id", &account.app_id),
            ("account.organization", &account.organization),
            ("account.operator", &account.operator),
        ] {
            if value.trim().is_empty() {
                return Err(refuse(key, "it is empty"));
            }
        }
        Ok(())
    }

    fn check_service(&self) -> Result<(), ConfigError> {
        let service = &self.service;
        if let Some(url) = &service.endpoint {
            urls::check_endpoint(url).map_err(|why| refuse("service.endpoint", why))?;
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match &service.region {
            Some(region) if region.is_empty() || !region.chars().all(fits) => {
                Err(refuse("service.region", "invalid region; expected one such as ap-guangzhou"))
            }
            _ => Ok(()),
        }
    }

    fn check_store(&self) -> Result<(), ConfigError> {
        let url = &self.store.url;
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(refuse("store.url", EXPECTED_STORE));
        };
        match scheme {
            "sqlite" if !rest.is_empty() && self.store.password_file.is_none() => Ok(()),
            "sqlite" => Err(refuse("store.url", EXPECTED_STORE)),
            "postgres" | "postgresql" => {
                urls::check_postgres(url).map_err(|why| refuse("store.url", why))
            }
            _ => Err(refuse("store.url", EXPECTED_STORE)),
        }
    }

    fn check_worker(&self) -> Result<(), ConfigError> {
        let (lease, heartbeat) = (self.worker.lease, self.worker.heartbeat);
        if lease < MIN_LEASE {
            return Err(refuse("worker.lease", "it is shorter than 1s"));
        }
        if heartbeat.is_zero() || heartbeat.saturating_mul(3) > lease {
            return Err(refuse(
                "worker.heartbeat",
                "it is 0 or longer than a third of worker.lease, so that a delayed heartbeat ends the work",
            ));
        }
        Ok(())
    }

    fn check_forwards(&self) -> Result<(), ConfigError> {
        if self.forward.len() > limits::MAX_TARGETS {
            let count = self.forward.len();
            return Err(refuse(
                "forward",
                &format!("{count} targets exceed the limit of {}", limits::MAX_TARGETS),
            ));
        }
        let mut names = BTreeSet::new();
        for (number, target) in (1..).zip(&self.forward) {
            check_forward(number, target)?;
            if !names.insert(&target.name) {
                return Err(refuse(
                    "forward",
                    &format!("two targets have the name {:?}", target.name),
                ));
            }
        }
        if !self.forward.is_empty() && self.messages.body_key_file.is_none() {
            return Err(refuse(
                "messages.body_key_file",
                "it is required by [[forward]], because bodies are stored encrypted until they are delivered; \
                 create one with: openssl rand -hex 32",
            ));
        }
        Ok(())
    }

    fn check_listeners(&self) -> Result<(), ConfigError> {
        let all = [
            ("receive.listen", self.receive.listen),
            ("ops.listen", self.ops.listen),
            ("admin.listen", self.admin.listen),
        ];
        for (index, (key, address)) in all.iter().enumerate() {
            let same = all
                .iter()
                .skip(index + 1)
                .find(|(_, other)| other.port() == address.port() && address.port() != 0);
            if let Some((other, _)) = same {
                return Err(refuse(
                    key,
                    &format!("it has the port of {other}; the listeners are separate"),
                ));
            }
        }
        let admin = &self.admin;
        if !admin.listen.ip().is_loopback() && admin.token_file.is_none() {
            return Err(refuse(
                "admin.token_file",
                "it is required if admin.listen is not an address of this machine",
            ));
        }
        for (number, host) in (1..).zip(&admin.allowed_hosts) {
            check_host(host).map_err(|_| {
                let why = format!("host {number} is invalid; expected NAME or NAME:PORT");
                refuse("admin.allowed_hosts", &why)
            })?;
        }
        Ok(())
    }
}

const EXPECTED_STORE: &str =
    "expected sqlite:PATH, or postgres://USER@HOST/DATABASE with store.password_file";

fn refuse(key: &str, why: &str) -> ConfigError {
    ConfigError::new(format!("{key}: {why}"))
}

fn positive(key: &str, value: usize) -> Result<(), ConfigError> {
    if value == 0 { Err(refuse(key, "it is 0; expected at least 1")) } else { Ok(()) }
}

/// Checks that the name of a file is a function of the contract, so that a second download writes the same object.
fn names_are_stable(template: &str) -> Result<(), ConfigError> {
    let mut rest = template;
    let mut found = BTreeSet::new();
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(refuse("archive.names", "a brace is not closed"));
        };
        if !NAMES.contains(&name) {
            return Err(refuse(
                "archive.names",
                &format!(
                    "unknown name {{{name}}}; expected {{flow_id}}, {{file_index}} or {{name}}"
                ),
            ));
        }
        found.insert(name);
        rest = after;
    }
    if !found.contains("flow_id") {
        return Err(refuse(
            "archive.names",
            "{flow_id} is required, because other parts are not unique",
        ));
    }
    Ok(())
}

/// Checks a target, which is the `number`th one.
fn check_forward(number: usize, target: &Forward) -> Result<(), ConfigError> {
    let name = &target.name;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        return Err(refuse(
            // The name may be a secret at the wrong place.
            &format!("forward, target {number}"),
            "invalid name; expected 1 to 64 letters, digits, `-`, `_` or `.`",
        ));
    }
    urls::check_target(&target.url).map_err(|why| refuse(&format!("forward {name:?}"), why))
}
