use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use tc3_transport::TransportConfig;

use crate::credentials::{CredentialCache, CredentialSource};
use crate::encapsulation::Encapsulation;
use crate::endpoint::{BaseUrl, Endpoint};
use crate::error::Error;
use crate::limiter::RateLimit;
use crate::retry::RetryPolicy;
#[cfg(feature = "async-core")]
use crate::time::AsyncSleep;
#[cfg(feature = "ureq")]
use crate::time::BlockingSleep;
use crate::time::{Clock, SystemClock, SystemSleep};

/// The language of the service's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// `zh-CN`.
    Chinese,
    /// `en-US`.
    English,
}

impl Language {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en-US",
        }
    }
}

/// How a client calls; the same for both drivers.
///
/// Clones share one cache of credentials.
#[derive(Clone)]
pub struct Config {
    pub(crate) credentials: Arc<CredentialCache>,
    pub(crate) endpoint: Endpoint,
    pub(crate) region: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) rate_limit: RateLimit,
    pub(crate) transport: TransportConfig,
    pub(crate) sign_action: bool,
    pub(crate) sign_payload: bool,
    pub(crate) max_response_bytes: usize,
    pub(crate) encapsulation: Option<Arc<dyn Encapsulation>>,
    #[cfg(feature = "validate")]
    pub(crate) catalogue: Option<&'static tc3_catalogue::Catalogue>,
    pub(crate) jitter_seed: Option<u64>,
    pub(crate) clock: Arc<dyn Clock>,
    #[cfg(feature = "async-core")]
    pub(crate) async_sleep: Arc<dyn AsyncSleep>,
    #[cfg(feature = "ureq")]
    pub(crate) blocking_sleep: Arc<dyn BlockingSleep>,
}

impl Config {
    /// The defaults, with credentials from the given source: a
    /// [`Credential`](crate::credentials::Credential) of its own, or a chain of places to look in.
    pub fn new(credentials: impl CredentialSource) -> Self {
        Self {
            credentials: Arc::new(CredentialCache::new(credentials)),
            endpoint: Endpoint::Production,
            region: None,
            language: None,
            timeout: Some(Duration::from_secs(60)),
            retry: RetryPolicy::default(),
            rate_limit: RateLimit::default(),
            transport: TransportConfig::default(),
            sign_action: true,
            sign_payload: true,
            max_response_bytes: 64 << 20,
            encapsulation: None,
            #[cfg(feature = "validate")]
            catalogue: None,
            jitter_seed: None,
            clock: Arc::new(SystemClock::new()),
            #[cfg(feature = "async-core")]
            async_sleep: Arc::new(SystemSleep),
            #[cfg(feature = "ureq")]
            blocking_sleep: Arc::new(SystemSleep),
        }
    }

    /// Calls these servers instead of the production ones.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Calls one server for every action: `https://host` or `http://host:port`.
    ///
    /// # Errors
    /// Where the text is no such URL.
    pub fn with_endpoint_url(self, url: &str) -> Result<Self, Error> {
        let base = BaseUrl::parse(url)?;
        Ok(self.with_endpoint(Endpoint::Url(base)))
    }

    /// Calls the service's test environment.
    #[must_use]
    pub fn with_test_environment(self) -> Self {
        self.with_endpoint(Endpoint::Test)
    }

    /// Sends `X-TC-Region`. Services without regions, e-sign among them, take none.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Asks for messages in this language; without, the account's own.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Maximum duration of a call: waits, attempts and responses. 60 seconds; `None` is no limit, except that
    /// throttling is then retried for five minutes at most.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a call is attempted.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How often each action is called in a second.
    #[must_use]
    pub fn with_rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// Timeouts of a connection, proxy and trusted authorities, for the transport that the client
    /// makes itself.
    #[must_use]
    pub fn with_transport_config(mut self, config: TransportConfig) -> Self {
        self.transport = config;
        self
    }

    /// Signs only `content-type;host`, as the official SDKs do, for a server that knows no more.
    /// A captured request can then be replayed against another action.
    #[must_use]
    pub fn without_signed_action(mut self) -> Self {
        self.sign_action = false;
        self
    }

    /// Leaves the body out of the signature (`UNSIGNED-PAYLOAD`), which saves hashing large uploads
    /// and leaves the body's integrity to TLS.
    #[must_use]
    pub fn without_signed_payload(mut self) -> Self {
        self.sign_payload = false;
        self
    }

    /// Refuses answers longer than this; 64 MiB.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Carries each call inside another action: encrypted, say.
    #[must_use]
    pub fn with_encapsulation(mut self, encapsulation: impl Encapsulation + 'static) -> Self {
        self.encapsulation = Some(Arc::new(encapsulation));
        self
    }

    /// Validates each request of the catalogue's actions before it is sent. A call fails with what the service
    /// would refuse: fields that are missing, unknown, beyond their limits, or exclude each other. Each body is
    /// decoded once for this.
    #[cfg(feature = "validate")]
    #[must_use]
    pub fn with_validation(mut self, catalogue: &'static tc3_catalogue::Catalogue) -> Self {
        self.catalogue = Some(catalogue);
        self
    }

    /// Makes the waits between attempts repeatable, for tests.
    #[must_use]
    pub fn with_jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self
    }

    /// Reads the time from this clock, for tests and simulations.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Waits this way in the async client: another runtime's timer, or a test's.
    #[cfg(feature = "async-core")]
    #[must_use]
    pub fn with_async_sleep(mut self, sleep: impl AsyncSleep + 'static) -> Self {
        self.async_sleep = Arc::new(sleep);
        self
    }

    /// Waits this way in the blocking client.
    #[cfg(feature = "ureq")]
    #[must_use]
    pub fn with_blocking_sleep(mut self, sleep: impl BlockingSleep + 'static) -> Self {
        self.blocking_sleep = Arc::new(sleep);
        self
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("language", &self.language)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("rate_limit", &self.rate_limit)
            .finish_non_exhaustive()
    }
}
