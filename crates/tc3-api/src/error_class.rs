//! Error codes as data: the class of a code and the effect of a retry.

use core::fmt;

/// Class of an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The rate limit was exceeded. The request was not executed.
    Throttled,
    /// The key, the token or the signature is invalid.
    Authentication,
    /// The time of the signature differs too much from the server's.
    ClockSkew,
    /// The account or the operator is not allowed to do this.
    Permission,
    /// A fault of the server, which may have executed the request.
    Transient,
    /// An item does not exist.
    NotFound,
    /// A parameter is missing or malformed, or has an invalid value.
    InvalidParameter,
    /// A quota or a limit of size was exceeded.
    LimitExceeded,
    /// A package is used up, or the account is in arrears.
    Billing,
    /// The state of an item does not allow the operation.
    Conflict,
    /// The action, version, region or operation is not available.
    Unsupported,
    /// Another refusal; the message states the reason.
    Rejected,
    /// The code is in no list.
    Unknown,
}

impl ErrorClass {
    /// Returns the name, such as `not_found`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Authentication => "authentication",
            Self::ClockSkew => "clock_skew",
            Self::Permission => "permission",
            Self::Transient => "transient",
            Self::NotFound => "not_found",
            Self::InvalidParameter => "invalid_parameter",
            Self::LimitExceeded => "limit_exceeded",
            Self::Billing => "billing",
            Self::Conflict => "conflict",
            Self::Unsupported => "unsupported",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Effect of a retry after an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryRule {
    /// A retry does not help.
    Never,
    /// A retry helps and is safe for every action: the request was rejected before execution.
    Always,
    /// A retry may help. It is safe only if the action is idempotent, since the request may have been executed.
    IfIdempotent,
    /// A retry helps once, after a correction of the clock skew.
    AfterClockCorrection,
    /// A retry helps once, with a new credential.
    AfterCredentialRefresh,
}

/// Facts about an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorRule {
    /// Class of the error.
    pub class: ErrorClass,
    /// Effect of a retry.
    pub retry: RetryRule,
    /// True if every request of the same action and caller fails for the same reason.
    pub affects_all: bool,
}

impl ErrorRule {
    /// Returns the facts about a code that affects only the request that failed.
    pub const fn new(class: ErrorClass, retry: RetryRule) -> Self {
        Self { class, retry, affects_all: false }
    }

    /// Sets [`affects_all`](Self::affects_all).
    #[must_use]
    pub const fn affects_all(mut self) -> Self {
        self.affects_all = true;
        self
    }
}
