use std::time::Duration;

use tc3_api::{ActionInfo, json};
use tc3_transport::{Request, TransportErrorKind};

use super::{
    Attempts, CredentialError, CredentialFetch, CredentialSource, FetchAnswer, FetchStep,
    TemporaryKeys,
};
use crate::endpoint::{BaseUrl, Endpoint};
use crate::error::one_line;
use crate::time::Now;

const NAME: &str = "CVM role";
const BASE: &str = "http://metadata.tencentyun.com/";
const PATH: &str = "latest/meta-data/cam/security-credentials/";

/// The service answers in milliseconds; elsewhere nobody should wait for it.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The CAM role bound to this cloud machine, asked of its metadata service
/// (`metadata.tencentyun.com`, as the official SDKs do).
///
/// Absent if the service cannot be reached within a second, or no role is bound. The request goes over the
/// client's transport, and never through a proxy.
#[derive(Debug, Clone, Default)]
pub struct CvmRole {
    role: Option<String>,
    base: Option<BaseUrl>,
}

impl CvmRole {
    /// Whichever role is bound.
    pub fn new() -> Self {
        Self::default()
    }

    /// The role of this name, which saves asking for it.
    #[must_use]
    pub fn with_role(mut self, name: impl Into<String>) -> Self {
        self.role = Some(name.into());
        self
    }

    /// Asks this server instead.
    #[must_use]
    pub fn with_base(mut self, base: BaseUrl) -> Self {
        self.base = Some(base);
        self
    }
}

impl CredentialSource for CvmRole {
    fn name(&self) -> &str {
        NAME
    }

    fn remedy(&self) -> &str {
        "bind a role to this machine"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Fetch {
            source: self.clone(),
            role: self.role.clone(),
            answered: false,
            attempts: Attempts::default(),
        })
    }
}

struct Fetch {
    source: CvmRole,
    role: Option<String>,
    /// Whether the service has answered, so that this certainly is a cloud machine.
    answered: bool,
    attempts: Attempts,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, answer: Option<FetchAnswer>) -> FetchStep {
        self.on(now, answer).unwrap_or_else(FetchStep::Failed)
    }
}

impl Fetch {
    fn on(&mut self, now: Now, answer: Option<FetchAnswer>) -> Result<FetchStep, CredentialError> {
        let response = match answer {
            None => return self.request(),
            Some(Err(error)) => {
                let unreachable = matches!(
                    error.kind(),
                    TransportErrorKind::Resolve
                        | TransportErrorKind::Connect
                        | TransportErrorKind::Timeout
                        | TransportErrorKind::Proxy
                );
                if unreachable && !self.answered {
                    return Ok(FetchStep::Absent);
                }
                let again = if error.kind().is_transient() { self.attempts.again() } else { None };
                return again.ok_or_else(|| CredentialError::exchange(NAME, error));
            }
            Some(Ok(response)) => response,
        };
        let status = response.status.as_u16();
        match status {
            200 => {}
            404 if self.role.is_none() => return Ok(FetchStep::Absent),
            404 => return Err(broken("this machine has no such role")),
            429 | 500..=599 => {
                let again = match status {
                    429 => self.attempts.throttled(now),
                    _ => self.attempts.again(),
                };
                return again.ok_or_else(|| {
                    broken(&format!("the metadata service answered HTTP status {status}"))
                        .transient()
                });
            }
            _ => {
                return Err(broken(&format!("the metadata service answered HTTP status {status}")));
            }
        }
        self.answered = true;
        if self.role.is_some() {
            return keys(&response.body).map(FetchStep::Done);
        }
        let name = core::str::from_utf8(&response.body).unwrap_or_default().trim();
        if name.is_empty() {
            return Ok(FetchStep::Absent);
        }
        self.role = Some(name.to_owned());
        self.attempts = Attempts::default();
        self.request()
    }

    fn request(&self) -> Result<FetchStep, CredentialError> {
        let role = self.role.as_deref().unwrap_or_default();
        // The characters of a role's name, by CAM's rules; anything else would change the path.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
        if role.len() > 128 || !role.bytes().all(plain) {
            return Err(broken("what stands for the role's name is none"));
        }
        let base = match &self.source.base {
            Some(base) => Endpoint::Url(base.clone())
                .target(&ActionInfo::new("metadata", "", ""))
                .map_err(|error| broken(error.message()))?
                .uri
                .to_string(),
            None => BASE.to_owned(),
        };
        let uri = format!("{base}{PATH}{role}").parse();
        let mut request = Request::get(uri.map_err(|_| broken("the base URL is unusable"))?);
        request.timeout = Some(TIMEOUT);
        // A proxy would return its own machine's keys, or any.
        request.bypass_proxy = true;
        Ok(FetchStep::Send(Box::new(request)))
    }
}

fn broken(what: &str) -> CredentialError {
    CredentialError::new(NAME, what)
}

struct Status {
    code: String,
    /// Unix time in seconds; with the keys, not with a failure.
    expired_time: Option<u64>,
}

json::object! {
    decode Status { "Code" => code: required, "ExpiredTime" => expired_time: optional }
}

fn keys(body: &[u8]) -> Result<super::Credential, CredentialError> {
    let unreadable = |_| broken("the metadata service's answer is not of the expected form");
    let status: Status = json::decode(body).map_err(unreadable)?;
    if status.code != "Success" {
        let code = one_line(&status.code, 64);
        return Err(broken(&format!("the metadata service answered the code {code:?}")));
    }
    let keys: TemporaryKeys = json::decode(body).map_err(unreadable)?;
    let end = status.expired_time.ok_or_else(|| broken("the answer has no ExpiredTime"))?;
    keys.until(end).map_err(|what| broken(&what))
}
