//! Error classes of the platform, `errors.json`.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::table::Table;

/// Error codes that any service may return. A key that ends with a dot is a family: `AuthFailure.` is
/// `AuthFailure` and all of its sub-codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformErrors {
    /// Path of the JSON Schema, relative to the file.
    #[serde(rename = "$schema")]
    pub schema: String,
    /// The entries by exact code or family. An exact code takes precedence over its family.
    pub errors: Table<PlatformError>,
}

/// An error code, or a family of codes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformError {
    /// Class of the error.
    pub class: ErrorClass,
    /// Effect of a retry.
    #[serde(default)]
    pub retry: Retry,
    /// `true` if every request of the same action and caller fails for the same reason.
    #[serde(default)]
    pub affects_all: bool,
    /// Fix, as an instruction that begins in lower case and has no final full stop.
    #[serde(default)]
    pub hint: Option<String>,
    /// Source of the information.
    pub source: String,
}

/// Class of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Over the rate limit.
    Throttled,
    /// Invalid key, token or signature.
    Authentication,
    /// The time of the signature differs too much from the server's.
    ClockSkew,
    /// Not allowed.
    Permission,
    /// Fault of the server.
    Transient,
    /// An item does not exist.
    NotFound,
    /// A parameter is malformed or has an invalid value.
    InvalidParameter,
    /// Over a quota or a limit of size.
    LimitExceeded,
    /// A package is used up, or the account is in arrears.
    Billing,
    /// The state of an item does not allow the operation.
    Conflict,
    /// The action, version, region or operation is not available.
    Unsupported,
    /// Another refusal.
    Rejected,
}

impl ErrorClass {
    /// Returns the name of the variant of `tc3_api::ErrorClass`.
    pub(crate) fn variant(self) -> String {
        format!("{self:?}")
    }
}

/// Effect of a retry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// It does not help.
    #[default]
    Never,
    /// It helps, and is safe for every action: the request was rejected before execution.
    Always,
    /// It may help, and is safe only if the action is idempotent.
    IfIdempotent,
    /// It helps once, after a correction of the clock skew.
    AfterClockCorrection,
    /// It helps once, after a refresh of the credential.
    AfterCredentialRefresh,
}

impl Retry {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn is_never(&self) -> bool {
        *self == Self::Never
    }

    /// Returns the name of the variant of `tc3_api::RetryRule`.
    pub(crate) fn variant(self) -> String {
        format!("{self:?}")
    }
}

/// The facts about a code that the program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) class: ErrorClass,
    pub(crate) retry: Retry,
    pub(crate) affects_all: bool,
}

impl From<&PlatformError> for Facts {
    fn from(entry: &PlatformError) -> Self {
        Self { class: entry.class, retry: entry.retry, affects_all: entry.affects_all }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, retry, affects_all } = self;
        write!(f, "{class:?}, {retry:?}")?;
        if *affects_all { f.write_str(", affects all requests") } else { Ok(()) }
    }
}

/// Returns the entry of a code: that of the exact code, or else of its family.
pub(crate) fn find<'a, T>(entries: &'a Table<T>, code: &str) -> Option<&'a T> {
    entries.get(code).or_else(|| entries.get(&family(code)))
}

/// Checks the form of a hint: it begins in lower case, except with an acronym, and has no final full stop.
pub(crate) fn check_hint(at: &mut Problems<'_>, path: &[&str], hint: &str) {
    let mut chars = hint.chars();
    let begins_sentence = chars.next().is_some_and(char::is_uppercase)
        && !chars.next().is_some_and(char::is_uppercase);
    if begins_sentence || hint.ends_with('.') || hint.trim() != hint {
        at.add(path, "invalid hint; begin in lower case, and omit the final full stop");
    }
}

/// Returns the key of a code's family.
pub(crate) fn family(code: &str) -> String {
    format!("{}.", code.split('.').next().unwrap_or_default())
}
