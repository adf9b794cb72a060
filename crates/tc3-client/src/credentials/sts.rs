use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use tc3_api::json::{self, Encode, Writer};
use tc3_api::{ActionInfo, Envelope};
use tc3_transport::Bytes;
use zeroize::Zeroizing;

use super::credential::{Credential, ValidCredential};
use super::error::CredentialError;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep, Ready};
use super::temporary::TemporaryKeys;
use crate::call::{Call, Event, Step};
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::limiter::RateLimit;
use crate::response::{self, ApiResponse, Content};
use crate::retry::RetryPolicy;
use crate::time::Now;

const NAME: &str = "assumed role";
const VERSION: &str = "2018-08-13";
/// Default lifetime of the keys in the official SDKs, in seconds.
pub(super) const DEFAULT_SECONDS: u64 = 7_200;
/// Maximum lifetime that the service grants, in seconds.
const MAX_SECONDS: u64 = 43_200;
/// Timeout of a fetch, including retries.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum length of a request ID in errors. Those of the service are UUIDs.
const MAX_REQUEST_ID_CHARS: usize = 64;

/// A role that is assumed with the credential of another source: `AssumeRole` of STS, the security token service
/// (version 2018-08-13).
pub struct AssumeRole<S> {
    inner: S,
    role_arn: String,
    session_name: String,
    external_id: Option<String>,
    duration: Duration,
    region: String,
    endpoint: Endpoint,
}

impl<S: fmt::Debug> fmt::Debug for AssumeRole<S> {
    /// Omits the external ID, which may be confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole")
            .field("inner", &self.inner)
            .field("role_arn", &self.role_arn)
            .field("session_name", &self.session_name)
            .field("duration", &self.duration)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl<S: CredentialSource> AssumeRole<S> {
    /// Creates a source for a role, given its ARN, such as `qcs::cam::uin/100000000001:roleName/reader`.
    pub fn new(inner: S, role_arn: impl Into<String>) -> Self {
        Self {
            inner,
            role_arn: role_arn.into(),
            session_name: "tc3-client".to_owned(),
            external_id: None,
            duration: Duration::from_secs(DEFAULT_SECONDS),
            region: "ap-guangzhou".to_owned(),
            endpoint: Endpoint::Production,
        }
    }

    /// Sets the name of the session in the audit log of the account; default `tc3-client`.
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_name = name.into();
        self
    }

    /// Sets the external ID that the role requires.
    #[must_use]
    pub fn with_external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Sets the lifetime of the keys, in whole seconds; default 7200, at most 43200.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Sets the region of STS; default `ap-guangzhou`, as in the official SDKs.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Sets the endpoint; default `sts.tencentcloudapi.com`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    fn call(&self) -> Result<StsCall, CredentialError> {
        let seconds = self.duration.as_secs();
        if !(1..=MAX_SECONDS).contains(&seconds) {
            let message =
                format!("the duration of {seconds} s is not within 1 and {MAX_SECONDS} s");
            return Err(CredentialError::new(NAME, message));
        }
        let body = Body {
            role_arn: &self.role_arn,
            role_session_name: &self.session_name,
            duration_seconds: seconds,
            external_id: self.external_id.as_deref(),
        };
        StsCall::new(NAME, sts_action("AssumeRole"), &self.endpoint, &self.region, &body)
    }
}

struct Body<'a> {
    role_arn: &'a str,
    role_session_name: &'a str,
    duration_seconds: u64,
    external_id: Option<&'a str>,
}

impl Encode for Body<'_> {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        writer.member("RoleArn", &self.role_arn);
        writer.member("RoleSessionName", &self.role_session_name);
        writer.member("DurationSeconds", &self.duration_seconds);
        writer.member("ExternalId", &self.external_id);
        writer.close();
    }
}

impl<S: CredentialSource> CredentialSource for AssumeRole<S> {
    fn name(&self) -> &str {
        NAME
    }

    fn hint(&self) -> &str {
        self.inner.hint()
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        match self.call() {
            Ok(call) => Box::new(Fetch {
                inner: Some(self.inner.fetch()),
                inner_name: self.inner.name().to_owned(),
                call,
            }),
            Err(error) => Box::new(Ready::of(Err(error))),
        }
    }
}

struct Fetch {
    /// The fetch of the credential that assumes the role, until it is done.
    inner: Option<Box<dyn CredentialFetch>>,
    inner_name: String,
    call: StsCall,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, response: Option<FetchResponse>) -> FetchStep {
        let Some(inner) = &mut self.inner else { return self.call.next(now, response) };
        match inner.next(now, response) {
            FetchStep::Done(credential) => {
                self.inner = None;
                match ValidCredential::new(credential, &self.inner_name) {
                    Ok(credential) => self.call.credential = Some(credential),
                    Err(error) => return FetchStep::Failed(error),
                }
                self.call.next(now, None)
            }
            step => step,
        }
    }
}

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
    credential: Option<ValidCredential>,
    /// The secret in `body`. No error may contain it, even if the server echoes it.
    secret: Option<Zeroizing<String>>,
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
        Ok(Self { origin, action, config, body, credential: None, secret: None, call: None })
    }

    /// Sets a secret of the body that errors must not contain.
    pub(super) fn with_secret(mut self, secret: Zeroizing<String>) -> Self {
        self.secret = Some(secret);
        self
    }

    fn start(&self, now: Now) -> Result<Call<'static>, CredentialError> {
        // A fetch has no source of randomness but the time, which differs between machines.
        let seed = u64::from(now.unix.subsec_nanos());
        Engine::new(self.config.clone().with_jitter_seed(seed))
            .and_then(|engine| Call::new(&Arc::new(engine), self.action, self.body.clone(), now))
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
                Step::Done(result) => {
                    return result
                        .and_then(|()| keys.ok_or_else(|| response::missing_body(&self.action)))
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
            |text: &str| self.secret.as_ref().is_some_and(|secret| text.contains(secret.as_str()));
        // A longer ID may be a truncated secret.
        if contains_secret(&response.request_id)
            || response.request_id.chars().count() > MAX_REQUEST_ID_CHARS
        {
            response.request_id.clear();
        }
        match &mut response.content {
            Content::Error(error) => {
                if contains_secret(&error.code) || contains_secret(&error.message) {
                    error.code.clear();
                    "(error with the token omitted)".clone_into(&mut error.message);
                }
            }
            Content::Unexpected(description) | Content::Undecodable(description) => {
                "no temporary keys in the response".clone_into(description);
            }
            Content::Deprecated(warning) if contains_secret(warning) => {
                "(warning with the token omitted)".clone_into(warning);
            }
            // The interceptors of a client are not applied to the requests of credential sources.
            Content::Success | Content::Deprecated(_) | Content::Intercepted(_) => {}
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
