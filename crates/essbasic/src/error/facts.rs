//! Properties of an error: its call, class and fix.

use std::io;

use super::{Error, FlowError};

/// Generates methods that return a property of the failed call, and `false` for other errors.
macro_rules! of_call {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            pub fn $name(&self) -> bool {
                self.call().is_some_and(tc3_client::Error::$name)
            }
        )*
    };
}

impl Error {
    /// Returns the failed call, if that is the cause.
    pub fn call(&self) -> Option<&tc3_client::Error> {
        match self {
            Self::Call(error) => Some(error),
            Self::Flow(error) => error.call(),
            _ => None,
        }
    }

    /// Returns the failure of one contract, if that is the cause.
    pub fn flow(&self) -> Option<&FlowError> {
        match self {
            Self::Flow(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error code of the API, such as `AuthFailure.SignatureFailure`; empty if the API returned no error.
    pub fn code(&self) -> &str {
        match self {
            Self::Flow(error) => error.code(),
            _ => self.call().map_or("", tc3_client::Error::code),
        }
    }

    /// Returns the ID of the response that contains the failure, if there was one.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Flow(error) => error.request_id(),
            _ => self.call()?.request_id(),
        }
    }

    /// Returns whether the same workflow may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Flow(error) => error.is_retryable(),
            Self::Destination { is_transient, .. } => *is_transient,
            _ => self.call().is_some_and(tc3_client::Error::is_retryable),
        }
    }

    of_call! {
        /// Returns whether the service rejected a call because of its rate limit.
        is_throttled;
        /// Returns whether key, token, signature or clock are the cause, or no credential was found.
        is_authentication;
        /// Returns whether the account or the operator is not allowed to make the call.
        is_permission;
        /// Returns whether the service rejected a parameter.
        is_invalid_parameter;
        /// Returns whether a quota, a limit of size or a package is exhausted. It is not the rate limit.
        is_limit_exceeded;
        /// Returns whether a timeout expired.
        is_timeout;
        /// Returns whether no connection was made: host name, network, TLS or proxy.
        is_connect;
        /// Returns whether an action that is not idempotent may have been executed.
        is_outcome_unknown;
    }

    /// Returns whether the contract, the application, the organization or another item does not exist, or is not accessible.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Flow(error) => error.is_not_found(),
            _ => self.call().is_some_and(tc3_client::Error::is_not_found),
        }
    }

    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Call(error) => error.hint(),
            Self::Flow(error) => error.hint(),
            Self::Folder { source, .. } => Some(remedy(source.kind())),
            Self::Destination { hint, .. } => *hint,
            Self::Agent(_) => Some("set the field in the agent of the client"),
            Self::Names(_) => Some("add {flow_id} to the template of file names"),
            Self::Stopped => Some("run it again to continue"),
            Self::Interrupted => None,
        }
    }
}

/// Returns the fix for an error of the file system.
fn remedy(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    match kind {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            "free some space, or choose a folder on another disk"
        }
        Kind::PermissionDenied => "grant write permission, or choose a writable folder",
        Kind::ReadOnlyFilesystem => "choose a folder on a writable file system",
        Kind::NotADirectory | Kind::AlreadyExists => {
            "choose a folder, or a path at which no file exists"
        }
        Kind::ResourceBusy => "wait until the other job ends, or choose another folder",
        Kind::InvalidInput | Kind::InvalidData => "move it away, or choose another path",
        _ => "choose a writable folder",
    }
}
