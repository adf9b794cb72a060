use std::time::Duration;

use tc3_api::{ActionInfo, json};
use tc3_transport::{Request, TransportErrorKind};

use super::attempts::Attempts;
use super::credential::Credential;
use super::error::CredentialError;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep};
use super::temporary::TemporaryKeys;
use crate::endpoint::{BaseUrl, Endpoint};
use crate::one_line::one_line;
use crate::time::Now;

const NAME: &str = "CVM role";
const BASE: &str = "http://metadata.tencentyun.com/";
const PATH: &str = "latest/meta-data/cam/security-credentials/";

/// Timeout of a request. The service responds within milliseconds, and does not exist outside of a CVM.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The CAM role that is bound to this cloud machine, from the metadata service (`metadata.tencentyun.com`, as in the
/// official SDKs).
///
/// Absent if the service cannot be reached within one second, or no role is bound. Requests are sent over the client's
/// transport and bypass proxies.
#[derive(Debug, Clone, Default)]
pub struct CvmRole {
    role: Option<String>,
    base: Option<BaseUrl>,
}

impl CvmRole {
    /// Creates a source for the role that is bound to the machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name of the role, which saves one request.
    #[must_use]
    pub fn with_role(mut self, name: impl Into<String>) -> Self {
        self.role = Some(name.into());
        self
    }

    /// Sets the base URL of the metadata service.
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

    fn hint(&self) -> &str {
        "bind a role to this machine"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Fetch {
            source: self.clone(),
            role: self.role.clone(),
            reached: false,
            attempts: Attempts::default(),
            is_connection_broken: false,
        })
    }
}

struct Fetch {
    source: CvmRole,
    role: Option<String>,
    /// True if the service has responded, so that the machine is a CVM.
    reached: bool,
    attempts: Attempts,
    /// True if the connection of the last attempt broke. Other idle ones may be broken too.
    is_connection_broken: bool,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, response: Option<FetchResponse>) -> FetchStep {
        self.step(now, response).unwrap_or_else(FetchStep::Failed)
    }
}

impl Fetch {
    fn step(
        &mut self,
        now: Now,
        response: Option<FetchResponse>,
    ) -> Result<FetchStep, CredentialError> {
        let response = match response {
            None => return self.request(),
            Some(Err(error)) => {
                self.is_connection_broken = !error.kind().never_sent();
                let unreachable = matches!(
                    error.kind(),
                    TransportErrorKind::Resolve
                        | TransportErrorKind::Connect
                        | TransportErrorKind::Timeout
                        | TransportErrorKind::Proxy
                );
                if unreachable && !self.reached {
                    return Ok(FetchStep::Absent);
                }
                let retry = if error.kind().is_transient() { self.attempts.retry() } else { None };
                return retry.ok_or_else(|| CredentialError::exchange(NAME, error));
            }
            Some(Ok(response)) => response,
        };
        self.is_connection_broken = false;
        let status = response.status.as_u16();
        match status {
            200 => {}
            404 if self.role.is_none() => return Ok(FetchStep::Absent),
            404 => return Err(invalid("the role is not bound to this machine")),
            429 | 500..=599 => {
                let retry = match status {
                    429 => self.attempts.retry_throttled(now),
                    _ => self.attempts.retry(),
                };
                return retry.ok_or_else(|| unexpected_status(status).transient());
            }
            _ => {
                return Err(unexpected_status(status));
            }
        }
        self.reached = true;
        if self.role.is_some() {
            return keys(&response.body).map(FetchStep::Done);
        }
        let body = without_bom(&response.body);
        let name = core::str::from_utf8(body).unwrap_or_default().trim();
        if name.is_empty() {
            return Ok(FetchStep::Absent);
        }
        self.role = Some(name.to_owned());
        self.attempts = Attempts::default();
        self.request()
    }

    fn request(&self) -> Result<FetchStep, CredentialError> {
        let role = self.role.as_deref().unwrap_or_default();
        // The characters that CAM allows in role names. Others could change the path.
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
        if role.len() > 128 || !role.bytes().all(is_allowed) {
            return Err(invalid("invalid role name"));
        }
        let base = match &self.source.base {
            Some(base) => Endpoint::Url(base.clone())
                .target(&ActionInfo::new("metadata", "", ""))
                .map_err(|error| invalid(error.message()))?
                .uri
                .to_string(),
            None => BASE.to_owned(),
        };
        let uri = format!("{base}{PATH}{role}").parse();
        let mut request = Request::get(uri.map_err(|_| invalid("invalid base URL"))?);
        request.timeout = Some(TIMEOUT);
        request.new_connection = self.is_connection_broken;
        // A proxy could return the keys of another machine.
        request.bypass_proxy = true;
        Ok(FetchStep::Send(Box::new(request)))
    }
}

fn invalid(message: &str) -> CredentialError {
    CredentialError::new(NAME, message)
}

fn unexpected_status(status: u16) -> CredentialError {
    invalid(&format!("the metadata service returned HTTP status {status}"))
}

/// The code of a response. A failure may have other fields of any type.
struct Status {
    code: String,
}

json::object! {
    decode Status { "Code" => code: required }
}

struct Expiry {
    /// Expiry of the keys in seconds since the Unix epoch.
    expired_time: Option<u64>,
}

json::object! {
    decode Expiry { "ExpiredTime" => expired_time: optional }
}

fn keys(body: &[u8]) -> Result<Credential, CredentialError> {
    let body = without_bom(body);
    let unexpected = |_| invalid("unexpected response of the metadata service");
    let status: Status = json::decode(body).map_err(unexpected)?;
    if status.code != "Success" {
        let code = one_line(&status.code, 64);
        return Err(invalid(&format!("the metadata service returned the code {code:?}")));
    }
    let keys: TemporaryKeys = json::decode(body).map_err(unexpected)?;
    let expiry: Expiry = json::decode(body).map_err(unexpected)?;
    let expiry = expiry.expired_time.ok_or_else(|| invalid("the response has no ExpiredTime"))?;
    keys.into_credential(expiry).map_err(|message| invalid(&message))
}

/// Returns the text without a byte order mark.
fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}
