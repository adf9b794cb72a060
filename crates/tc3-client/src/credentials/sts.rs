use core::fmt;
use std::time::Duration;

use tc3_api::json::{self, Encode, Writer};
use tc3_api::{ActionInfo, ApiError, Envelope};
use tc3_transport::{HeaderMap, HeaderValue, Method, Request, header};

use super::{
    Attempts, CredentialError, CredentialFetch, CredentialSource, FetchAnswer, FetchStep,
    TemporaryKeys, ValidCredential,
};
use crate::endpoint::Endpoint;
use crate::error::one_line;
use crate::headers;
use crate::time::{Now, skew};

const NAME: &str = "assumed role";
pub(super) const VERSION: &str = "2018-08-13";
/// What the official SDKs ask for, and the most that the service gives.
pub(super) const DEFAULT_SECONDS: u64 = 7_200;
const MAX_SECONDS: u64 = 43_200;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A role, assumed with the keys of another source: `AssumeRole` of the security token service (sts,
/// version 2018-08-13).
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
    /// Not the external id, which its owner may keep to themselves.
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
    /// The role with this ARN, such as `qcs::cam::uin/100000000001:roleName/reader`, for 7200 seconds
    /// under the session name `tc3-client`.
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

    /// What the session is called in the account's audit log.
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_name = name.into();
        self
    }

    /// The external id that the role's owner asks for.
    #[must_use]
    pub fn with_external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// How long the keys live, in whole seconds; 7200, at most 43200.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// The region that is asked; `ap-guangzhou`, as in the official SDKs.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Asks this server instead of `sts.tencentcloudapi.com`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    fn call(&self) -> Result<StsCall, CredentialError> {
        let seconds = self.duration.as_secs();
        if !(1..=MAX_SECONDS).contains(&seconds) {
            let what = format!("a duration of {seconds} s is not within 1 and {MAX_SECONDS} s");
            return Err(CredentialError::new(NAME, what));
        }
        let body = Body {
            role_arn: &self.role_arn,
            role_session_name: &self.session_name,
            duration_seconds: seconds,
            external_id: self.external_id.as_deref(),
        };
        StsCall::new(NAME, "AssumeRole", &self.endpoint, &self.region, &body)
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

    fn remedy(&self) -> &str {
        self.inner.remedy()
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        match self.call() {
            Ok(call) => Box::new(Fetch {
                inner: Some(self.inner.fetch()),
                inner_name: self.inner.name().to_owned(),
                call,
            }),
            Err(error) => Box::new(super::Ready::of(Err(error))),
        }
    }
}

struct Fetch {
    /// Until it has brought the keys to assume the role with.
    inner: Option<Box<dyn CredentialFetch>>,
    inner_name: String,
    call: StsCall,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, answer: Option<FetchAnswer>) -> FetchStep {
        let Some(inner) = &mut self.inner else { return self.call.next(now, answer) };
        match inner.next(now, answer) {
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

/// One call of the token service, with a few attempts.
pub(super) struct StsCall {
    origin: &'static str,
    action: &'static str,
    /// `None` sends the call unsigned.
    credential: Option<ValidCredential>,
    uri: tc3_transport::Uri,
    host: String,
    region: HeaderValue,
    body: Vec<u8>,
    /// What no error may repeat, were the server to echo it.
    secret: Option<zeroize::Zeroizing<String>>,
    attempts: Attempts,
    /// Seconds that the server's clock is ahead of ours, once it has refused our time.
    skew: Option<i64>,
}

impl StsCall {
    pub(super) fn new(
        origin: &'static str,
        action: &'static str,
        endpoint: &Endpoint,
        region: &str,
        body: &impl Encode,
    ) -> Result<Self, CredentialError> {
        let fail = |what: &str| CredentialError::new(origin, what);
        let target = endpoint
            .target(&ActionInfo::new("sts", VERSION, action))
            .map_err(|error| fail(error.message()))?;
        Ok(Self {
            origin,
            action,
            credential: None,
            uri: target.uri,
            host: target.host,
            region: HeaderValue::from_str(region).map_err(|_| fail("the region is no word"))?,
            body: json::encode(body).map_err(|error| fail(&error.to_string()))?,
            secret: None,
            attempts: Attempts::default(),
            skew: None,
        })
    }

    pub(super) fn hiding(mut self, secret: zeroize::Zeroizing<String>) -> Self {
        self.secret = Some(secret);
        self
    }

    fn fail(&self, what: impl AsRef<str>) -> CredentialError {
        CredentialError::new(self.origin, what)
    }

    fn request(&self, now: Now) -> Result<Request, CredentialError> {
        let timestamp = now.unix.as_secs().saturating_add_signed(self.skew.unwrap_or_default());
        let mut headers = HeaderMap::new();
        let host = HeaderValue::from_str(&self.host).map_err(|_| self.fail("unusable host"))?;
        headers.insert(header::HOST, host);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(headers::ACTION, HeaderValue::from_static(self.action));
        headers.insert(headers::VERSION, HeaderValue::from_static(VERSION));
        headers.insert(headers::TIMESTAMP, HeaderValue::from(timestamp));
        headers.insert(headers::REGION, self.region.clone());
        let authorization = match &self.credential {
            None => "SKIP".to_owned(),
            Some(credential) => {
                if let Some(token) = credential.token() {
                    headers.insert(headers::TOKEN, self.sensitive(token)?);
                }
                let request = tc3_signer::Request::post(&self.host, self.action, &self.body);
                let signed = credential.signer().sign(&request, "sts", timestamp);
                signed.map_err(|error| self.fail(error.to_string()))?
            }
        };
        headers.insert(header::AUTHORIZATION, self.sensitive(&authorization)?);
        Ok(Request {
            method: Method::POST,
            headers,
            body: self.body.clone().into(),
            timeout: Some(TIMEOUT),
            ..Request::get(self.uri.clone())
        })
    }

    fn sensitive(&self, text: &str) -> Result<HeaderValue, CredentialError> {
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| self.fail("the token holds a character that no header can"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn on(&mut self, now: Now, answer: FetchAnswer) -> Result<FetchStep, CredentialError> {
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                let again = if error.kind().is_transient() { self.attempts.again() } else { None };
                return again.ok_or_else(|| CredentialError::exchange(self.origin, error));
            }
        };
        let status = response.status.as_u16();
        match Envelope::<Answer>::decode(&response.body) {
            Ok(Envelope { result: Ok(success), .. }) if response.status.is_success() => {
                let Answer { credentials, expired_time } = success.body;
                credentials.until(expired_time).map(FetchStep::Done).map_err(|what| self.fail(what))
            }
            Ok(Envelope { result: Err(error), request_id }) => {
                let server = headers::server_time(&response.headers);
                match (error.code.as_str(), server) {
                    ("AuthFailure.SignatureExpire", Some(server)) if self.skew.is_none() => {
                        self.skew = Some(skew(server, now));
                        self.request(now).map(|request| FetchStep::Send(Box::new(request)))
                    }
                    _ => self.on_error(now, &error, &request_id),
                }
            }
            // The parser's own text would repeat values.
            _ => {
                let what = format!(
                    "{} was answered with HTTP status {status} and no keys of the expected form",
                    self.action
                );
                let transient = matches!(status, 429 | 500..=599);
                let again = match status {
                    429 => self.attempts.throttled(now),
                    500..=599 => self.attempts.again(),
                    _ => None,
                };
                match again {
                    Some(step) => Ok(step),
                    None if transient => Err(self.fail(what).transient()),
                    None => Err(self.fail(what)),
                }
            }
        }
    }

    fn on_error(
        &mut self,
        now: Now,
        error: &ApiError,
        request_id: &str,
    ) -> Result<FetchStep, CredentialError> {
        let family = error.code.split('.').next().unwrap_or_default();
        let again = match family {
            "RequestLimitExceeded" => self.attempts.throttled(now),
            "InternalError" | "ServiceUnavailable" => self.attempts.again(),
            _ => None,
        };
        if let Some(step) = again {
            return Ok(step);
        }
        let transient =
            matches!(family, "RequestLimitExceeded" | "InternalError" | "ServiceUnavailable");
        let message = match &self.secret {
            Some(secret) if error.message.contains(secret.as_str()) => "(its text is left out)",
            _ => error.message.as_str(),
        };
        let code = one_line(&error.code, 128);
        let id = one_line(request_id, 128);
        let what = format!(
            "{} was refused: {code}: {} [request id {id}]",
            self.action,
            one_line(message, 300)
        );
        let failed = self.fail(what);
        Err(if transient { failed.transient() } else { failed })
    }
}

impl CredentialFetch for StsCall {
    fn next(&mut self, now: Now, answer: Option<FetchAnswer>) -> FetchStep {
        let step = match answer {
            None => self.request(now).map(|request| FetchStep::Send(Box::new(request))),
            Some(answer) => self.on(now, answer),
        };
        step.unwrap_or_else(FetchStep::Failed)
    }
}

struct Answer {
    credentials: TemporaryKeys,
    expired_time: u64,
}

json::object! {
    decode Answer { "Credentials" => credentials: required, "ExpiredTime" => expired_time: required }
}
