//! Calls of STS, the security token service (version 2018-08-13).

use std::sync::Arc;
use std::time::Duration;

use tc3_api::json::{self, Encode};
use tc3_api::{ActionInfo, Envelope};
use tc3_transport::Bytes;
use zeroize::Zeroizing;

use super::credential::{Credential, ValidCredential};
use super::error::CredentialError;
use super::source::{CredentialFetch, FetchResponse, FetchStep};
use super::temporary::TemporaryKeys;
use crate::call::{Call, Event, Step};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::limiter::{RateLimit, RateLimiter, Reservation};
use crate::response::{self, ApiResponse, Content};
use crate::retry::RetryPolicy;
use crate::time::Now;

const VERSION: &str = "2018-08-13";
/// Default lifetime of the keys in the official SDKs, in seconds.
pub(super) const DEFAULT_SECONDS: u64 = 7_200;
/// Timeout of a fetch, including retries.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum length of a request ID in errors. Those of the service are UUIDs.
const MAX_REQUEST_ID_CHARS: usize = 64;
/// Minimum length of a secret. A shorter value, such as a tag, is part of many words and request IDs.
const MIN_SECRET_CHARS: usize = 4;

/// Returns an action of STS. Its actions only issue keys, so they are idempotent.
pub(super) fn sts_action(name: &'static str) -> ActionInfo<'static> {
    ActionInfo::new("sts", VERSION, name).idempotent()
}

/// A call of STS as a fetch: the call engine with the retry rules of other calls.
pub(super) struct StsCall {
    origin: &'static str,
    action: ActionInfo<'static>,
    config: Config,
    body: Bytes,
    pub(super) credential: Option<ValidCredential>,
    /// The secrets in `body`. No error may contain them, even if the server echoes them.
    secrets: Vec<Zeroizing<String>>,
    call: Option<Call<'static>>,
}

impl StsCall {
    pub(super) fn new(
        origin: &'static str,
        action: ActionInfo<'static>,
        endpoint: &Endpoint,
        region: &str,
        body: &impl Encode,
    ) -> Result<Self, CredentialError> {
        let body =
            json::encode(body).map_err(|error| CredentialError::new(origin, error.to_string()))?;
        // The credential of the call is `Self::credential`, not the one of the configuration.
        let config = Config::new(Credential::new("", ""))
            .with_endpoint(endpoint.clone())
            .with_region(region)
            .with_timeout(Some(TIMEOUT))
            .with_retry(RetryPolicy::default().with_max_attempts(3))
            .with_rate_limit(RateLimit::Off);
        let body = body.into();
        Ok(Self { origin, action, config, body, credential: None, secrets: Vec::new(), call: None })
    }

    /// Adds a secret of the body that errors must not contain. A shorter one than [`MIN_SECRET_CHARS`] has no
    /// effect.
    pub(super) fn with_secret(mut self, secret: Zeroizing<String>) -> Self {
        if secret.chars().nth(MIN_SECRET_CHARS - 1).is_some() {
            self.secrets.push(secret);
        }
        self
    }

    fn start(&self, now: Now) -> Result<Call<'static>, CredentialError> {
        // A fetch has no source of randomness but the time, which differs between machines.
        let seed = u64::from(now.unix.subsec_nanos());
        Engine::new(self.config.clone().with_jitter_seed(seed))
            .and_then(|engine| {
                Call::new(&Arc::new(engine), &Arc::default(), self.action, self.body.clone(), now)
            })
            .map_err(|error| CredentialError::call(self.origin, error))
    }

    fn step(
        &mut self,
        now: Now,
        response: Option<FetchResponse>,
    ) -> Result<FetchStep, CredentialError> {
        let mut keys = None;
        let response = response.map(|result| {
            result.map(|response| {
                let decode = Envelope::<Keys>::decode;
                self.redacted(response::read(response, None, decode, &mut keys))
            })
        });
        let (mut call, is_new) = match self.call.take() {
            Some(call) => (call, false),
            None => (self.start(now)?, true),
        };
        let _entered = call.span().clone().entered();
        let mut step = match response {
            _ if is_new => call.start(now),
            Some(response) => call.on(now, Event::Response(response)),
            None => call.on(now, Event::Woke),
        };
        loop {
            step = match step {
                // A rejected credential is not fetched again: the call then fails with the rejection.
                Step::Credential(_) => {
                    let absent = || CredentialError::absent(self.origin);
                    call.on(now, Event::Credential(self.credential.clone().ok_or_else(absent)))
                }
                // The rate of these calls is not limited.
                Step::Reserve(request, reserved) => {
                    let permit = Reservation::in_process(&RateLimiter::new(), &request, reserved);
                    call.on(now, Event::Permit(Ok(permit)))
                }
                Step::Send(mut request) => {
                    let timeout = request.timeout.unwrap_or(ATTEMPT_TIMEOUT).min(ATTEMPT_TIMEOUT);
                    request.timeout = Some(timeout);
                    self.call = Some(call);
                    return Ok(FetchStep::Send(Box::new(request)));
                }
                Step::Sleep(time) => {
                    self.call = Some(call);
                    return Ok(FetchStep::Sleep(time));
                }
                // Only a streamed call opens a stream; this fails the call.
                Step::Opened => call.on(now, Event::Woke),
                Step::Done(result) => {
                    return result
                        .and_then(|()| response::decoded(&self.action, keys))
                        .map_err(|error| CredentialError::call(self.origin, error))
                        .and_then(|keys| self.credential_of(keys))
                        .map(FetchStep::Done);
                }
            };
        }
    }

    fn credential_of(&self, keys: Keys) -> Result<Credential, CredentialError> {
        keys.credentials
            .into_credential(keys.expired_time)
            .map_err(|message| CredentialError::new(self.origin, message))
    }

    /// Removes text of the response that may contain a secret.
    fn redacted(&self, mut response: ApiResponse) -> ApiResponse {
        let contains_secret =
            |text: &str| self.secrets.iter().any(|secret| text.contains(secret.as_str()));
        // A longer ID may be a truncated secret.
        if contains_secret(&response.request_id)
            || response.request_id.chars().count() > MAX_REQUEST_ID_CHARS
        {
            response.request_id.clear();
        }
        match &mut response.content {
            Content::Error(error) => {
                let code_has_secret = contains_secret(&error.code);
                if code_has_secret || contains_secret(&error.message) {
                    "(message with a secret omitted)".clone_into(&mut error.message);
                }
                if code_has_secret {
                    error.code.clear();
                }
            }
            Content::Unexpected(description) | Content::Undecodable(description) => {
                "no temporary keys in the response".clone_into(description);
            }
            Content::Deprecated(warning) if contains_secret(warning) => {
                "(warning with a secret omitted)".clone_into(warning);
            }
            // The interceptors of a client are not applied to the requests of credential sources.
            Content::Success
            | Content::Deprecated(_)
            | Content::Stream
            | Content::Intercepted(_) => {}
        }
        response
    }
}

impl CredentialFetch for StsCall {
    fn next(&mut self, now: Now, response: Option<FetchResponse>) -> FetchStep {
        self.step(now, response).unwrap_or_else(FetchStep::Failed)
    }
}

struct Keys {
    credentials: TemporaryKeys,
    expired_time: u64,
}

json::object! {
    decode Keys { "Credentials" => credentials: required, "ExpiredTime" => expired_time: required }
}
