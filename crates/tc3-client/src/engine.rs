//! State shared by the calls of one client.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use tc3_api::{ActionInfo, json};
use tc3_transport::Bytes;

use crate::budget::RetryBudget;
use crate::config::Config;
use crate::encapsulation::Encapsulation;
use crate::error::{Error, ErrorKind};
use crate::headers::header_value;
use crate::limiter::RateLimiter;
use crate::response::Opening;

/// State shared by the calls of one client.
pub(crate) struct Engine {
    pub(crate) config: Config,
    /// The limiter within this process.
    pub(crate) limiter: RateLimiter,
    /// `None` if retries are not limited.
    pub(crate) budget: Option<Arc<RetryBudget>>,
    /// Clock skew: seconds by which the server's clock is ahead of the local one.
    pub(crate) skew: Arc<AtomicI64>,
    pub(crate) rng: Arc<Mutex<fastrand::Rng>>,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Result<Self, Error> {
        check_region(&config)?;
        let rng = config.jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Ok(Self {
            limiter: config.rate_limiter.clone().unwrap_or_default(),
            budget: config.retry_budget.map(|tokens| Arc::new(RetryBudget::new(tokens))),
            config,
            skew: Arc::default(),
            rng: Arc::new(Mutex::new(rng)),
        })
    }

    /// Returns the state of a client for another region, which shares credentials, rate limit and clock skew.
    pub(crate) fn with_region(&self, region: String) -> Result<Self, Error> {
        let config = self.config.clone().with_region(region);
        check_region(&config)?;
        Ok(Self {
            config,
            limiter: self.limiter.clone(),
            budget: self.budget.clone(),
            skew: Arc::clone(&self.skew),
            rng: Arc::clone(&self.rng),
        })
    }

    /// Returns the encapsulation of calls of this action, if there is one.
    pub(crate) fn encapsulation(&self, info: &ActionInfo<'_>) -> Option<&dyn Encapsulation> {
        self.config.encapsulation.as_deref().filter(|encapsulation| {
            let outer = encapsulation.outer_action();
            outer.service == info.service && outer.name != info.name
        })
    }

    /// Returns the steps between the responses of a call and their decoding.
    pub(crate) fn opening<'a>(&'a self, info: ActionInfo<'a>) -> Opening<'a> {
        let interceptors = &self.config.interceptors;
        Opening { info, encapsulation: self.encapsulation(&info), interceptors }
    }

    /// Returns the body of a call after validation.
    pub(crate) fn body(
        &self,
        info: &ActionInfo<'_>,
        encoded: Result<Vec<u8>, json::Error>,
    ) -> Result<Bytes, Error> {
        let checked = || -> Result<Bytes, Error> {
            let body = encoded.map_err(|error| {
                Error::new(ErrorKind::Request, format!("invalid request: {error}"))
            })?;
            #[cfg(feature = "validate")]
            if let Some(catalogue) = self.config.catalogue {
                crate::validation::validate(catalogue, info, &body)?;
            }
            Ok(Bytes::from(body))
        };
        checked().map_err(|error| error.of_call(info.name, 0, false))
    }
}

fn check_region(config: &Config) -> Result<(), Error> {
    config.region.as_deref().map_or(Ok(()), |region| header_value("region", region).map(drop))
}
