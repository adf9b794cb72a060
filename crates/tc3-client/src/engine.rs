//! State shared by the calls of one client.

use std::sync::Mutex;
use std::sync::atomic::AtomicI64;

use tc3_api::{ActionInfo, json};
use tc3_transport::Bytes;

use crate::config::Config;
use crate::encapsulation::Encapsulation;
use crate::error::{Error, ErrorKind};
use crate::headers::header_value;
use crate::limiter::Limiter;

/// State shared by the calls of one client.
pub(crate) struct Engine {
    pub(crate) config: Config,
    pub(crate) limiter: Limiter,
    /// Clock skew: seconds by which the server's clock is ahead of the local one.
    pub(crate) skew: AtomicI64,
    pub(crate) rng: Mutex<fastrand::Rng>,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Result<Self, Error> {
        if let Some(region) = &config.region {
            header_value("region", region)?;
        }
        let rng = config.jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Ok(Self {
            config,
            limiter: Limiter::default(),
            skew: AtomicI64::new(0),
            rng: Mutex::new(rng),
        })
    }

    /// Returns the encapsulation of calls of this action, if there is one.
    pub(crate) fn encapsulation(&self, info: &ActionInfo<'_>) -> Option<&dyn Encapsulation> {
        self.config.encapsulation.as_deref().filter(|encapsulation| {
            let outer = encapsulation.outer_action();
            outer.service == info.service && outer.name != info.name
        })
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

/// Returns the tracing span of a call.
pub(crate) fn span(info: &ActionInfo<'_>) -> tracing::Span {
    tracing::debug_span!("tc3_call", service = info.service, action = info.name)
}
