use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use tc3_transport::TransportConfig;

use crate::budget;
use crate::classifier::RetryClassifier;
use crate::client_name::ClientName;
use crate::credentials::{CredentialCache, CredentialSource};
use crate::encapsulation::Encapsulation;
use crate::endpoint::{BaseUrl, Endpoint};
use crate::error::Error;
use crate::interceptor::{Interceptor, Interceptors};
#[cfg(feature = "async-core")]
use crate::limiter::AsyncRateLimiter;
#[cfg(feature = "ureq")]
use crate::limiter::BlockingRateLimiter;
use crate::limiter::{RateLimit, RateLimiter};
use crate::observer::{Observer, Observers};
use crate::retry::RetryPolicy;
#[cfg(feature = "async-core")]
use crate::time::AsyncSleep;
#[cfg(feature = "ureq")]
use crate::time::BlockingSleep;
use crate::time::{Clock, SystemClock, SystemSleep};

/// Language of the service's messages.
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

/// Configuration of an async or blocking client. Clones share one credential cache.
///
/// ```
/// use std::time::Duration;
/// use tc3_client::{Config, RateLimit, credentials};
///
/// let config = Config::new(credentials::default_chain())
///     .with_timeout(Some(Duration::from_secs(20)))
///     .with_rate_limit(RateLimit::Fixed(10));
/// ```
#[derive(Clone)]
pub struct Config {
    pub(crate) credentials: Arc<CredentialCache>,
    pub(crate) endpoint: Endpoint,
    pub(crate) region: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) client_name: ClientName,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) retry_classifier: Option<Arc<dyn RetryClassifier>>,
    pub(crate) retry_budget: Option<u32>,
    pub(crate) rate_limit: RateLimit,
    pub(crate) rate_limiter: Option<RateLimiter>,
    #[cfg(feature = "async-core")]
    pub(crate) async_rate_limiter: Option<Arc<dyn AsyncRateLimiter>>,
    #[cfg(feature = "ureq")]
    pub(crate) blocking_rate_limiter: Option<Arc<dyn BlockingRateLimiter>>,
    pub(crate) transport: TransportConfig,
    pub(crate) sign_action: bool,
    pub(crate) sign_payload: bool,
    pub(crate) max_response_bytes: usize,
    pub(crate) encapsulation: Option<Arc<dyn Encapsulation>>,
    pub(crate) interceptors: Interceptors,
    pub(crate) observers: Observers,
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
    /// Returns the default configuration with credentials of the given source, such as a
    /// [`Credential`](crate::credentials::Credential) or a [chain](crate::credentials::default_chain).
    pub fn new(credentials: impl CredentialSource) -> Self {
        Self {
            credentials: Arc::new(CredentialCache::new(credentials)),
            endpoint: Endpoint::Production,
            region: None,
            language: None,
            client_name: ClientName::new(),
            timeout: Some(Duration::from_secs(60)),
            retry: RetryPolicy::default(),
            retry_classifier: None,
            retry_budget: Some(budget::DEFAULT_TOKENS),
            rate_limit: RateLimit::default(),
            rate_limiter: None,
            #[cfg(feature = "async-core")]
            async_rate_limiter: None,
            #[cfg(feature = "ureq")]
            blocking_rate_limiter: None,
            transport: TransportConfig::default(),
            sign_action: true,
            sign_payload: true,
            max_response_bytes: 64 << 20,
            encapsulation: None,
            interceptors: Interceptors::default(),
            observers: Observers::default(),
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

    /// Sets the endpoint; default [`Endpoint::Production`].
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Sets one server for all actions: `https://host` or `http://host:port`.
    ///
    /// # Errors
    /// Returns an [`Error`] if `url` is not such a URL: see [`BaseUrl::parse`].
    pub fn with_endpoint_url(self, url: &str) -> Result<Self, Error> {
        let base = BaseUrl::parse(url)?;
        Ok(self.with_endpoint(Endpoint::Url(base)))
    }

    /// Sets the endpoint to the test environment of the service.
    #[must_use]
    pub fn with_test_environment(self) -> Self {
        self.with_endpoint(Endpoint::Test)
    }

    /// Sets `X-TC-Region`. Services without regions, such as e-sign, do not need it.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the language of messages; default: the language of the account.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Sets the name of the application, which is added to `User-Agent` and `X-TC-RequestClient`. It appears in logs of the
    /// service and of gateways.
    ///
    /// ```
    /// # fn run() -> Result<(), tc3_client::Error> {
    /// # use tc3_client::{Config, credentials};
    /// let config = Config::new(credentials::default_chain()).with_app_name("lease-archive")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Returns an [`Error`] if `name` is empty, longer than 50 characters, or contains anything but ASCII letters, digits,
    /// `-`, `_` and `.`.
    pub fn with_app_name(mut self, name: &str) -> Result<Self, Error> {
        self.client_name = self.client_name.with_app(name)?;
        Ok(self)
    }

    /// Sets the name and version of a library that is built on this client, for the same headers.
    ///
    /// # Errors
    /// Returns an [`Error`] if `name` or `version` is not valid: see [`with_app_name`](Self::with_app_name).
    pub fn with_library(mut self, name: &str, version: &str) -> Result<Self, Error> {
        self.client_name = self.client_name.with_library(name, version)?;
        Ok(self)
    }

    /// Sets the timeout of a call; default 60 seconds. With `None` there is no timeout, and throttling is retried for
    /// at most five minutes.
    ///
    /// It covers fetching credentials, the wait for a permit of the rate limit, all attempts with their responses, and
    /// the delays between them. A call that cannot end in time fails as soon as this is known, with the last error if
    /// there is one.
    ///
    /// Each attempt gets the remaining time as [`Request::timeout`](tc3_transport::Request::timeout), which the
    /// transports of this crate apply. The async client also drops the exchange of a transport that exceeds it, if
    /// its timer [is in real time](crate::AsyncSleep::is_real_time). A thread cannot be interrupted: a blocking transport
    /// of the caller must apply the timeout itself.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the number of attempts and the backoff.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets rules about retries that precede those of the client, such as a closure.
    #[must_use]
    pub fn with_retry_classifier(mut self, classifier: impl RetryClassifier + 'static) -> Self {
        self.retry_classifier = Some(Arc::new(classifier));
        self
    }

    /// Sets the retry budget of the client in tokens; default 500. With `None`, the number of retries is limited only per
    /// call.
    ///
    /// The budget limits the additional load on a service that fails: with the default, 100 retries after the last success.
    /// A retry takes 5 tokens, or 10 after a timeout. Without enough tokens a call fails with the error of its attempt. A
    /// successful call returns the tokens of its last retry, or 1 if it had none. Retries of throttled attempts, after a
    /// correction of the clock and after a refresh of the credential take none. Clones of a client share the budget.
    #[must_use]
    pub fn with_retry_budget(mut self, tokens: Option<u32>) -> Self {
        self.retry_budget = tokens;
        self
    }

    /// Sets the rate limit.
    #[must_use]
    pub fn with_rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// Sets a limiter within this process that several clients share, such as those of one account. Without it, each
    /// client has a limiter of its own, which its clones share.
    #[must_use]
    pub fn with_rate_limiter(mut self, limiter: &RateLimiter) -> Self {
        self.rate_limiter = Some(limiter.clone());
        self
    }

    /// Sets a rate limiter of the async client, such as one for all processes of an account. It is not used with
    /// [`RateLimit::Off`]. A blocking client with this configuration needs `with_blocking_rate_limiter` as well.
    #[cfg(feature = "async-core")]
    #[must_use]
    pub fn with_async_rate_limiter(mut self, limiter: impl AsyncRateLimiter + 'static) -> Self {
        self.async_rate_limiter = Some(Arc::new(limiter));
        self
    }

    /// Sets a rate limiter of the blocking client, such as one for all processes of an account. It is not used with
    /// [`RateLimit::Off`]. An async client with this configuration needs `with_async_rate_limiter` as well.
    #[cfg(feature = "ureq")]
    #[must_use]
    pub fn with_blocking_rate_limiter(
        mut self,
        limiter: impl BlockingRateLimiter + 'static,
    ) -> Self {
        self.blocking_rate_limiter = Some(Arc::new(limiter));
        self
    }

    /// Sets connection timeouts, proxy and trusted certificates, unless the client is created with
    /// `with_transport`.
    #[must_use]
    pub fn with_transport_config(mut self, config: TransportConfig) -> Self {
        self.transport = config;
        self
    }

    /// Signs only `content-type;host`, as the official SDKs do, for servers that do not support signed actions. A
    /// captured request can then be replayed with another action.
    #[must_use]
    pub fn with_unsigned_action(mut self) -> Self {
        self.sign_action = false;
        self
    }

    /// Excludes the body from the signature (`UNSIGNED-PAYLOAD`). Large uploads are then not hashed, and only TLS
    /// protects their integrity.
    #[must_use]
    pub fn with_unsigned_payload(mut self) -> Self {
        self.sign_payload = false;
        self
    }

    /// Sets the maximum size of a response body, in bytes; default 64 MiB.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Encloses each call in an outer action, for example to encrypt it.
    #[must_use]
    pub fn with_encapsulation(mut self, encapsulation: impl Encapsulation + 'static) -> Self {
        self.encapsulation = Some(Arc::new(encapsulation));
        self
    }

    /// Adds an interceptor of requests and responses. Requests pass the interceptors in the order in which they were added,
    /// responses in reverse order.
    #[must_use]
    pub fn with_interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        self.interceptors.add(Arc::new(interceptor));
        self
    }

    /// Adds an observer of attempts and calls, for metrics.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Validates requests with the catalogue before they are sent. A call fails if a field is missing, unknown or
    /// outside its limits, or if two fields exclude each other. Each body is decoded once for this.
    #[cfg(feature = "validate")]
    #[must_use]
    pub fn with_validation(mut self, catalogue: &'static tc3_catalogue::Catalogue) -> Self {
        self.catalogue = Some(catalogue);
        self
    }

    /// Sets the seed of the jitter, for reproducible tests. The seed of credentials is set for all clones.
    #[must_use]
    pub fn with_jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self.credentials.seed_jitter(seed);
        self
    }

    /// Sets the clock, for tests and simulations.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the timer of the async client, for another runtime or tests. That of a runtime implements
    /// [`AsyncSleep::is_real_time`].
    #[cfg(feature = "async-core")]
    #[must_use]
    pub fn with_async_sleep(mut self, sleep: impl AsyncSleep + 'static) -> Self {
        self.async_sleep = Arc::new(sleep);
        self
    }

    /// Sets the timer of the blocking client.
    #[cfg(feature = "ureq")]
    #[must_use]
    pub fn with_blocking_sleep(mut self, sleep: impl BlockingSleep + 'static) -> Self {
        self.blocking_sleep = Arc::new(sleep);
        self
    }
}

/// Returns an error if only the other client has a limiter of the caller, which would not be used.
#[cfg(all(feature = "async-core", feature = "ureq"))]
fn check_limiter(
    config: &Config,
    has_own: bool,
    has_other: bool,
    setter: &str,
) -> Result<(), Error> {
    match has_other && !has_own && config.rate_limit != RateLimit::Off {
        true => Err(Error::config(format!(
            "the rate limiter of the configuration is not one of this client; add one with `{setter}`"
        ))),
        false => Ok(()),
    }
}

#[cfg(all(feature = "async-core", feature = "ureq"))]
impl Config {
    pub(crate) fn check_async_limiter(&self) -> Result<(), Error> {
        let (own, other) = (&self.async_rate_limiter, &self.blocking_rate_limiter);
        check_limiter(self, own.is_some(), other.is_some(), "with_async_rate_limiter")
    }

    pub(crate) fn check_blocking_limiter(&self) -> Result<(), Error> {
        let (own, other) = (&self.blocking_rate_limiter, &self.async_rate_limiter);
        check_limiter(self, own.is_some(), other.is_some(), "with_blocking_rate_limiter")
    }
}

/// With one client there is no other limiter.
#[cfg(not(all(feature = "async-core", feature = "ureq")))]
impl Config {
    #[cfg(feature = "async-core")]
    pub(crate) fn check_async_limiter(&self) -> Result<(), Error> {
        Ok(())
    }

    #[cfg(feature = "ureq")]
    pub(crate) fn check_blocking_limiter(&self) -> Result<(), Error> {
        Ok(())
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
