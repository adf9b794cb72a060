//! Verification of pasted callbacks.

mod near;

use std::fmt;
use std::time::SystemTime;

use essbasic_callback::{
    CallbackKey, KeyError, Message, MessageData, Receiver, RefusalReason, Token, Verified,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Pasted callback, and the token and key that apply to it. Empty strings count as absent.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pasted {
    /// Body as received.
    pub body: String,
    /// Value of the header `Content-Signature`.
    #[serde(default)]
    pub signature: Option<String>,
    /// Token, which verifies the signature.
    #[serde(default)]
    pub token: Option<String>,
    /// CallbackKey of 32 bytes, which decrypts the body.
    #[serde(default)]
    pub key: Option<String>,
}

/// Result of a verification.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// `true` if the signature is valid and the message was read.
    pub verified: bool,
    /// State of the signature.
    pub signature: SignatureState,
    /// `true` if the body is encrypted.
    pub encrypted: bool,
    /// Reason why the callback is not verified or not read.
    pub reason: Option<String>,
    /// Fix, if one is known.
    pub hint: Option<String>,
    /// Decrypted message as the platform sent it.
    pub message: Option<Box<RawValue>>,
    /// Type of the event.
    pub msg_type: Option<String>,
    /// Identifier of the message.
    pub msg_id: Option<String>,
    /// Name of the SDK's type of the data; `None` if the SDK keeps it as JSON.
    #[serde(rename = "type")]
    pub data_type: Option<&'static str>,
    /// Data of the event, as the SDK reads it.
    pub data: Option<Value>,
}

/// State of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignatureState {
    /// The signature matches the token and the body.
    Valid,
    /// The signature is malformed or does not match.
    Invalid,
    /// The callback has no signature.
    Absent,
    /// There is no token to verify the signature.
    NotChecked,
}

impl fmt::Debug for Pasted {
    /// Omits all values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pasted").finish_non_exhaustive()
    }
}

impl fmt::Debug for Verification {
    /// Omits the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification")
            .field("verified", &self.verified)
            .field("signature", &self.signature)
            .field("encrypted", &self.encrypted)
            .finish_non_exhaustive()
    }
}

/// Failure with its fix.
pub(crate) struct Failure {
    reason: String,
    hint: Option<String>,
}

impl Failure {
    fn of_key(name: &str, error: &KeyError) -> Self {
        Self { reason: format!("invalid {name}: {error}"), hint: error.hint().map(str::to_owned) }
    }
}

impl From<RefusalReason> for Failure {
    fn from(reason: RefusalReason) -> Self {
        Self { reason: reason.to_string(), hint: reason.hint().map(str::to_owned) }
    }
}

/// Verifies, decrypts and types a callback. The message is also read if the signature is invalid.
pub fn verify(pasted: &Pasted, now: SystemTime) -> Verification {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (signature, token, key) =
        (given(&pasted.signature), given(&pasted.token), given(&pasted.key));
    let signature = signature.as_deref().map(str::trim);
    let mut failures = Vec::new();
    let token = token.and_then(|token| {
        Token::new(token).map_err(|error| failures.push(Failure::of_key("token", &error))).ok()
    });
    let key = key.and_then(|key| {
        let key = CallbackKey::new(key);
        key.map_err(|error| failures.push(Failure::of_key("CallbackKey", &error))).ok()
    });
    let body = pasted.body.as_bytes();
    let state = match token {
        None if signature.is_some() => SignatureState::NotChecked,
        None => SignatureState::Absent,
        Some(token) => match check_signature(token, signature, body, now) {
            Ok(state) => state,
            Err(reason) => {
                failures.push(near::explain(pasted, reason, now).unwrap_or_else(|| reason.into()));
                match reason {
                    RefusalReason::NoSignature => SignatureState::Absent,
                    _ => SignatureState::Invalid,
                }
            }
        },
    };
    let opened = open(key, body, now);
    let plain = open(None, body, now);
    let encrypted = matches!(plain, Err(RefusalReason::NoKey));
    let read = match (opened, plain) {
        (Ok(read), _) => Some(read),
        // A message that should be encrypted is shown, and its lack of encryption is the failure.
        (Err(reason), Ok(read)) => {
            failures.push(reason.into());
            Some(read)
        }
        // Malformed JSON is the cause, not its lack of encryption.
        (Err(reason), Err(plain)) => {
            failures.push(if encrypted { reason } else { plain }.into());
            None
        }
    };
    let mut result = Verification {
        verified: failures.is_empty() && state == SignatureState::Valid,
        signature: state,
        encrypted,
        reason: None,
        hint: None,
        message: None,
        msg_type: None,
        msg_id: None,
        data_type: None,
        data: None,
    };
    match read {
        Some(Verified::Message { message, .. }) => show(&mut result, &message),
        Some(_) => {
            result.message = RawValue::from_string("{}".to_owned()).ok();
            result.msg_type = Some("ping".to_owned());
        }
        None => {}
    }
    if let Some(Failure { reason, hint }) = failures.into_iter().next() {
        (result.reason, result.hint) = (Some(reason), hint);
    } else if !result.verified {
        let (reason, hint) = match state {
            SignatureState::NotChecked => ("the signature was not checked", "enter the token"),
            _ => (
                "the callback has no signature, so that anyone could have sent it",
                "set a token in the platform's console",
            ),
        };
        (result.reason, result.hint) = (Some(reason.to_owned()), Some(hint.to_owned()));
    }
    result
}

/// Checks the signature only.
fn check_signature(
    token: Token,
    signature: Option<&str>,
    body: &[u8],
    now: SystemTime,
) -> Result<SignatureState, RefusalReason> {
    // The key is absent, so that an encrypted body is refused after its signature.
    match Receiver::new(token, None).verify(signature, body, now) {
        Ok(_) if signature.is_none() => Ok(SignatureState::Absent),
        Ok(_) => Ok(SignatureState::Valid),
        Err(refused) => match refused.reason() {
            reason @ (RefusalReason::NoSignature
            | RefusalReason::MalformedSignature
            | RefusalReason::WrongToken
            | RefusalReason::TooLarge) => Err(reason),
            _ => Ok(SignatureState::Valid),
        },
    }
}

/// Decrypts and reads a body, without its signature.
fn open(key: Option<CallbackKey>, body: &[u8], now: SystemTime) -> Result<Verified, RefusalReason> {
    Receiver::new(None, key).verify(None, body, now).map_err(|refused| refused.reason())
}

fn show(result: &mut Verification, message: &Message) {
    let data = serde_json::to_value(&message.data).unwrap_or_default();
    result.data_type = data_type(&message.data);
    // The enum is tagged by the name of its variant.
    result.data = match data {
        Value::Object(fields) if fields.len() == 1 => {
            fields.into_iter().next().map(|(_, data)| data)
        }
        data => Some(data),
    };
    result.msg_type = Some(message.msg_type.as_str().to_owned());
    result.msg_id = Some(message.msg_id.clone());
    result.message = RawValue::from_string(message.json().to_owned()).ok();
}

fn data_type(data: &MessageData) -> Option<&'static str> {
    Some(match data {
        MessageData::FlowStatusChange(_) => "FlowStatusChange",
        MessageData::OrgAuth(_) => "OrgAuth",
        MessageData::OrgOpenTsignBiz(_) => "OrgOpenTsignBiz",
        MessageData::OrgCertify(_) => "OrgCertify",
        MessageData::OperateSeal(_) => "OperateSeal",
        MessageData::Template(_) => "Template",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
