use std::error::Error;

use tc3_api::ActionInfo;

/// Carries each call inside another action of its service, as services do that take encrypted
/// requests.
///
/// Signing, headers, host and rate limit are then those of the carrying action; which failures are
/// repeated, and what errors say, those of the action carried.
pub trait Encapsulation: Send + Sync {
    /// The action that carries the others. Calls of it, and of other services, go out as they are.
    fn outer_action(&self) -> ActionInfo<'static>;

    /// The outer's body, made of the name and the body of the action that it carries. Called anew
    /// for each attempt.
    ///
    /// # Errors
    /// Where none can be made. The text ends up in the call's error.
    fn seal(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

    /// The whole answer of the carried action, `{"Response": ...}`, out of that of the outer. `None`
    /// where the answer carries none: an error of the outer itself, a gateway's page.
    ///
    /// # Errors
    /// Where what it carries can't be trusted or read: the call fails and is not repeated. The text
    /// ends up in the call's error.
    fn open(&self, answer: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>>;
}
