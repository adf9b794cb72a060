use std::error::Error;

use tc3_api::ActionInfo;

/// Encloses each call in an outer action of its service, for services that accept encrypted requests.
///
/// Signing, headers, host and rate limit are those of the outer action. Retries and errors are those of the
/// inner action.
pub trait Encapsulation: Send + Sync {
    /// Returns the outer action. Calls of the outer action itself, and of other services, are not encapsulated.
    fn outer_action(&self) -> ActionInfo<'static>;

    /// Returns the body of the outer request for the name and the body of an inner action. Called for each
    /// attempt.
    ///
    /// # Errors
    /// Returns an error if the body cannot be sealed. The call fails with its text.
    fn seal(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

    /// Returns the complete response of the inner action, `{"Response": ...}`, from the outer response. Returns
    /// `None` if there is no inner response: an error of the outer action, or a page of a gateway.
    ///
    /// # Errors
    /// Returns an error if the inner response cannot be authenticated or read. The call fails with its text and
    /// is not retried.
    fn open(&self, response: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>>;
}
