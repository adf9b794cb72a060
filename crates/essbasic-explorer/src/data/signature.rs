//! Signatures with every intermediate value.

use std::fmt;

use essbasic::credentials::Credential;
use serde::{Deserialize, Deserializer, Serialize};
use tc3_signer::{Date, Explanation, Payload, Request, Signer};

/// A SecretId with its SecretKey.
#[derive(Clone)]
pub struct Keys {
    pub(super) secret_id: String,
    pub(super) key: Key,
    /// True if signatures may be shown, as those of the emulator's keys and of keys in the request.
    shows_signature: bool,
}

/// A SecretKey.
#[derive(Clone)]
pub(super) enum Key {
    Text(String),
    /// The key of a credential, which signs and is not revealed.
    Credential(Credential),
}

impl Keys {
    /// Returns the keys of a credential. `shows_signature` is true for keys without value, such as those of an emulator.
    pub fn of_credential(credential: Credential, shows_signature: bool) -> Self {
        let secret_id = credential.secret_id().to_owned();
        Self { secret_id, key: Key::Credential(credential), shows_signature }
    }

    /// Returns entered keys, whose signatures are shown.
    fn of_text(secret_id: String, secret_key: String) -> Self {
        Self { secret_id, key: Key::Text(secret_key), shows_signature: true }
    }
}

impl Keys {
    /// Refuses keys that are not of the service.
    fn validate(&self) -> Result<(), SignFailure> {
        let Key::Text(secret_key) = &self.key else { return Ok(()) };
        // Published samples replace parts of their keys by asterisks.
        let plain = |text: &str| text.replace('*', "x");
        Credential::new(plain(&self.secret_id), plain(secret_key))
            .validate()
            .map_err(|error| SignFailure::InvalidKeys(error.to_string()))
    }

    /// Returns the signature as shown; `***` if it must not be.
    pub(super) fn shown(&self, explanation: &Explanation) -> Signature {
        let hidden = |text: &str| match self.shows_signature {
            true => text.to_owned(),
            false => text.replace(&explanation.signature, "***"),
        };
        Signature {
            canonical_request: explanation.canonical_request.clone(),
            hashed_canonical_request: explanation.hashed_canonical_request.clone(),
            string_to_sign: explanation.string_to_sign.clone(),
            signature: hidden(&explanation.signature),
            authorization: hidden(&explanation.authorization),
        }
    }
}

impl fmt::Debug for Keys {
    /// Omits both keys: each may have been entered in the place of the other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("shows_signature", &self.shows_signature)
            .finish_non_exhaustive()
    }
}

/// A request to sign.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct SignRequest {
    /// The SecretId; the session's without one.
    pub secret_id: Option<String>,
    /// The SecretKey; the session's without one.
    pub secret_key: Option<String>,
    /// The service of the credential scope; `essbasic` without one.
    pub service: Option<String>,
    /// The `Host` header; that of the service without one.
    pub host: Option<String>,
    /// The `X-TC-Action` header.
    pub action: Option<String>,
    /// True if the action is not signed, as by the official SDKs.
    pub two_headers: bool,
    /// Seconds since the Unix epoch; the current time without one.
    pub timestamp: Option<u64>,
    /// `POST` or `GET`; `POST` without one.
    pub method: Option<String>,
    /// The path, percent-encoded; `/` without one.
    pub path: Option<String>,
    /// The query, without the question mark.
    pub query: Option<String>,
    /// The `Content-Type` header; that of the method without one.
    pub content_type: Option<String>,
    /// The body.
    #[serde(deserialize_with = "bytes")]
    pub payload: Vec<u8>,
    /// True if the body is not signed (`X-TC-Content-SHA256: UNSIGNED-PAYLOAD`).
    pub unsigned_payload: bool,
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default().into_bytes())
}

impl fmt::Debug for SignRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("action", &self.action)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// A signature with every intermediate value except the derived keys.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Signature {
    /// The canonical request.
    pub canonical_request: String,
    /// SHA-256 of the canonical request, in hexadecimal digits.
    pub hashed_canonical_request: String,
    /// The string to sign.
    pub string_to_sign: String,
    /// The signature, or `***`.
    pub signature: String,
    /// The `Authorization` header.
    pub authorization: String,
}

impl fmt::Debug for Signature {
    /// Omits the signature, with which the request can be replayed for minutes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("hashed_canonical_request", &self.hashed_canonical_request)
            .finish_non_exhaustive()
    }
}

/// A signed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Signed {
    /// The signature.
    #[serde(flatten)]
    pub signature: Signature,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    /// UTC day of the timestamp, in the credential scope.
    pub date: String,
    /// The intermediate values in the order of their computation.
    pub steps: Vec<Step>,
}

/// An intermediate value.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Name of the value, such as `string_to_sign`.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Error of a request that cannot be signed or compared. [`Display`](fmt::Display) prints the failure,
/// [`hint`](Self::hint) returns the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignFailure {
    /// There is no SecretId, or no SecretKey.
    NoKeys,
    /// A key is not one of the service; the string has the reason.
    InvalidKeys(String),
    /// The request cannot be signed.
    Request {
        /// Cause.
        message: String,
        /// Fix.
        hint: Option<&'static str>,
    },
    /// Values without which a signature cannot be compared.
    Missing(Vec<Missing>),
}

/// A value without which a signature cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The `Authorization` header, canonical request or string to sign.
    Authorization,
    /// The timestamp.
    Timestamp,
    /// The action, which is signed.
    Action,
}

impl SignFailure {
    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoKeys => {
                Some("enter both, or start with TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY")
            }
            Self::InvalidKeys(_) => Some("copy the key again from the console"),
            Self::Request { hint, .. } => *hint,
            Self::Missing(_) => Some("copy it from the request that was sent"),
        }
    }
}

impl fmt::Display for SignFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys => f.write_str("no SecretId or no SecretKey"),
            Self::InvalidKeys(reason) => f.write_str(reason),
            Self::Request { message, .. } => f.write_str(message),
            Self::Missing(missing) => {
                let names = missing.iter().map(|missing| match missing {
                    Missing::Authorization => "the Authorization header",
                    Missing::Timestamp => "the header X-TC-Timestamp",
                    Missing::Action => "the header X-TC-Action",
                });
                write!(f, "the comparison needs {}", names.collect::<Vec<_>>().join(" and "))
            }
        }
    }
}

impl std::error::Error for SignFailure {}

/// Signs a request, with the session's keys if it has none. `now` is in seconds since the Unix epoch.
///
/// # Errors
/// Returns [`SignFailure`] if there are no keys, or if the request cannot be signed.
pub fn sign(
    request: &SignRequest,
    session: Option<&Keys>,
    now: u64,
) -> Result<Signed, SignFailure> {
    let keys = keys(request, session)?;
    keys.validate()?;
    let parts = Parts::new(request);
    let subject = Subject::new(request, &parts, &keys, request.timestamp.unwrap_or(now));
    let explanation = subject.explain()?;
    let signature = keys.shown(&explanation);
    let scope = explanation.string_to_sign.lines().nth(2).unwrap_or_default().to_owned();
    let steps = [
        ("hashed_payload", &explanation.hashed_payload),
        ("canonical_request", &signature.canonical_request),
        ("hashed_canonical_request", &signature.hashed_canonical_request),
        ("credential_scope", &scope),
        ("string_to_sign", &signature.string_to_sign),
        ("signature", &signature.signature),
        ("authorization", &signature.authorization),
    ];
    let steps = steps.into_iter().map(|(name, value)| Step { name, value: value.clone() });
    let steps = steps.collect();
    let date =
        Date::of(subject.timestamp).map_or_else(String::new, |date| date.as_str().to_owned());
    Ok(Signed { signature, timestamp: subject.timestamp, date, steps })
}

/// Returns the keys of the request, or else those of the session.
pub(super) fn keys(request: &SignRequest, session: Option<&Keys>) -> Result<Keys, SignFailure> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (given(&request.secret_id), given(&request.secret_key)) {
        (Some(secret_id), Some(secret_key)) => Ok(Keys::of_text(secret_id, secret_key)),
        (None, None) => session.cloned().ok_or(SignFailure::NoKeys),
        _ => Err(SignFailure::NoKeys),
    }
}

/// The parts of a request with their default values.
pub(super) struct Parts {
    method: String,
    host: String,
    content_type: String,
    service: String,
}

impl Parts {
    pub(super) fn new(request: &SignRequest) -> Self {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let service = given(&request.service).unwrap_or_else(|| "essbasic".to_owned());
        let method = given(&request.method).map_or("POST".to_owned(), |it| it.to_ascii_uppercase());
        let content_type = given(&request.content_type).unwrap_or_else(|| {
            let of_get = "application/x-www-form-urlencoded";
            if method == "GET" { of_get } else { "application/json" }.to_owned()
        });
        let host = given(&request.host).unwrap_or_else(|| format!("{service}.tencentcloudapi.com"));
        Self { method, host, content_type, service }
    }
}

/// The complete request with its keys.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) secret_id: &'a str,
    pub(super) key: &'a Key,
    pub(super) service: &'a str,
    pub(super) timestamp: u64,
    pub(super) request: Request<'a>,
    /// The action, signed or not.
    pub(super) action: Option<&'a str>,
    pub(super) body: &'a [u8],
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        request: &'a SignRequest,
        parts: &'a Parts,
        keys: &'a Keys,
        timestamp: u64,
    ) -> Self {
        let action = request.action.as_deref().filter(|action| !action.is_empty());
        Self {
            secret_id: &keys.secret_id,
            key: &keys.key,
            service: &parts.service,
            timestamp,
            request: Request {
                method: &parts.method,
                path: request.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/"),
                query: request.query.as_deref().unwrap_or_default(),
                content_type: &parts.content_type,
                host: &parts.host,
                action: action.filter(|_| !request.two_headers),
                extra: &[],
                payload: match request.unsigned_payload {
                    true => Payload::Unsigned,
                    false => Payload::Signed(&request.payload),
                },
            },
            action,
            body: &request.payload,
        }
    }

    pub(super) fn explain(&self) -> Result<Explanation, SignFailure> {
        let explain = |signer: &Signer| signer.explain(&self.request, self.service, self.timestamp);
        let explained = match self.key {
            Key::Text(secret_key) => explain(&Signer::new(self.secret_id, &**secret_key)),
            Key::Credential(credential) => explain(credential.signer()),
        };
        explained.map_err(|error| SignFailure::Request {
            message: format!("the request cannot be signed: {error}"),
            hint: error.hint(),
        })
    }
}

#[cfg(test)]
mod tests;
