use core::fmt;
use std::collections::HashSet;
use std::time::Duration;

use tc3_api::json::{self, Encode, Kind, Reader, Writer};
use zeroize::Zeroizing;

use super::credential::ValidCredential;
use super::error::CredentialError;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep, Ready};
use super::sts::{DEFAULT_SECONDS, StsCall, sts_action};
use crate::endpoint::Endpoint;
use crate::time::Now;

const NAME: &str = "assumed role";

/// Maximum lifetime that the service grants, in seconds.
const MAX_SECONDS: u64 = 43_200;

/// Number of characters of a session name and of an external ID.
const NAME_CHARS: core::ops::RangeInclusive<usize> = 2..=128;
const MAX_TAGS: usize = 50;
const MAX_TAG_KEY_CHARS: usize = 128;
const MAX_TAG_VALUE_CHARS: usize = 256;

/// A role that is assumed with the credential of another source: `AssumeRole` of STS, the security token service
/// (version 2018-08-13).
///
/// The limits of the service are checked before each request. A fetch fails if a value exceeds one.
///
/// ```
/// use std::time::Duration;
///
/// use tc3_client::Config;
/// use tc3_client::credentials::{AssumeRole, default_chain};
///
/// let role = "qcs::cam::uin/100000000001:roleName/reader";
/// let policy = r#"{"version": "2.0", "statement": [
///     {"effect": "allow", "action": ["*"], "resource": ["*"],
///      "condition": {"ip_equal": {"qcs:ip": ["203.0.113.0/24"]}}}
/// ]}"#;
/// let source = AssumeRole::new(default_chain(), role)
///     .with_session_name("billing")
///     .with_external_id("partner-7")
///     .with_policy(policy)
///     .with_tag("department", "finance")
///     .with_duration(Duration::from_secs(3600));
/// let config = Config::new(source);
/// ```
pub struct AssumeRole<S> {
    inner: S,
    role_arn: String,
    session_name: String,
    external_id: Option<String>,
    policy: Option<String>,
    tags: Vec<Tag>,
    duration: Duration,
    region: String,
    endpoint: Endpoint,
}

impl<S: fmt::Debug> fmt::Debug for AssumeRole<S> {
    /// Omits external ID, policy and tags, which may be confidential.
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
            policy: None,
            tags: Vec::new(),
            duration: Duration::from_secs(DEFAULT_SECONDS),
            region: "ap-guangzhou".to_owned(),
            endpoint: Endpoint::Production,
        }
    }

    /// Sets the name of the session in the audit log of the account; default `tc3-client`. It has 2 to 128 ASCII letters,
    /// digits and characters of `_=,.@-`.
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_name = name.into();
        self
    }

    /// Sets the external ID that the role requires. It has 2 to 128 ASCII letters, digits and characters of `_=,.@:/-`.
    #[must_use]
    pub fn with_external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Sets a policy in the syntax of CAM, as JSON without `principal`. The keys have only permissions that both the role
    /// and this policy grant.
    #[must_use]
    pub fn with_policy(mut self, json: impl Into<String>) -> Self {
        self.policy = Some(json.into());
        self
    }

    /// Adds a tag of the session; at most 50 with different keys. A key has at most 128 characters, a value at most 256.
    #[must_use]
    pub fn with_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push(Tag { key: key.into(), value: value.into() });
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
        self.check().map_err(|message| CredentialError::new(NAME, message))?;
        let body = Body {
            role_arn: &self.role_arn,
            role_session_name: &self.session_name,
            duration_seconds: self.duration.as_secs(),
            policy: self.policy.as_deref().map(percent_encoded),
            external_id: self.external_id.as_deref(),
            tags: Some(&self.tags).filter(|tags| !tags.is_empty()),
        };
        let action = sts_action("AssumeRole");
        let call = StsCall::new(NAME, action, &self.endpoint, &self.region, &body)?;
        let tags = self.tags.iter().flat_map(|Tag { key, value }| [key, value]);
        let secrets = self.external_id.iter().chain(&self.policy).chain(&body.policy).chain(tags);
        Ok(secrets.fold(call, |call, secret| call.with_secret(Zeroizing::new(secret.clone()))))
    }

    /// Checks the limits of the service.
    ///
    /// # Errors
    /// Returns a message without the invalid value.
    fn check(&self) -> Result<(), String> {
        let seconds = self.duration.as_secs();
        if !(1..=MAX_SECONDS).contains(&seconds) {
            return Err(format!("the duration of {seconds} s is not within 1 and {MAX_SECONDS} s"));
        }
        check_name("session name", &self.session_name, "_=,.@-")?;
        if let Some(id) = &self.external_id {
            check_name("external ID", id, "_=,.@:/-")?;
        }
        if let Some(policy) = &self.policy {
            check_object(policy).map_err(|error| format!("the policy is invalid: {error}"))?;
        }
        check_tags(&self.tags)
    }
}

fn check_name(what: &str, text: &str, special: &str) -> Result<(), String> {
    let count = text.chars().count();
    if !NAME_CHARS.contains(&count) {
        let (min, max) = NAME_CHARS.into_inner();
        return Err(format!("the {what} has {count} characters; expected {min} to {max}"));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || special.contains(c);
    match text.chars().all(is_allowed) {
        true => Ok(()),
        false => {
            Err(format!("the {what} contains a character other than A-Z, a-z, 0-9 and {special}"))
        }
    }
}

fn check_object(text: &str) -> Result<(), json::Error> {
    let mut reader = Reader::new(text.as_bytes())?;
    if reader.kind() != Some(Kind::Object) {
        return Err(reader.expected("object"));
    }
    reader.skip()?;
    reader.end()
}

fn check_tags(tags: &[Tag]) -> Result<(), String> {
    if tags.len() > MAX_TAGS {
        return Err(format!("{} tags; at most {MAX_TAGS} are allowed", tags.len()));
    }
    let mut keys = HashSet::new();
    for (index, Tag { key, value }) in tags.iter().enumerate() {
        let (key_chars, value_chars) = (key.chars().count(), value.chars().count());
        let problem = if !(1..=MAX_TAG_KEY_CHARS).contains(&key_chars) {
            format!("a key of {key_chars} characters; expected 1 to {MAX_TAG_KEY_CHARS}")
        } else if value_chars > MAX_TAG_VALUE_CHARS {
            format!(
                "a value of {value_chars} characters; at most {MAX_TAG_VALUE_CHARS} are allowed"
            )
        } else if !keys.insert(key) {
            "the key of another tag".to_owned()
        } else {
            continue;
        };
        return Err(format!("tag {} has {problem}", index + 1));
    }
    Ok(())
}

/// Returns the text with all bytes but ASCII letters, digits and `-._~` percent-encoded: STS decodes the policy again.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

/// A tag of a session. `Debug` is not implemented.
struct Tag {
    key: String,
    value: String,
}

impl Encode for Tag {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        writer.member("Key", &self.key);
        writer.member("Value", &self.value);
        writer.close();
    }
}

struct Body<'a> {
    role_arn: &'a str,
    role_session_name: &'a str,
    duration_seconds: u64,
    policy: Option<String>,
    external_id: Option<&'a str>,
    tags: Option<&'a Vec<Tag>>,
}

impl Encode for Body<'_> {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        writer.member("RoleArn", &self.role_arn);
        writer.member("RoleSessionName", &self.role_session_name);
        writer.member("DurationSeconds", &self.duration_seconds);
        writer.member("Policy", &self.policy);
        writer.member("ExternalId", &self.external_id);
        writer.member("Tags", &self.tags);
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
