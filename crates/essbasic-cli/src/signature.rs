//! The signed request of `essbasic sign`, and its signature with every intermediate value.

use serde::Serialize;
use tc3_signer::{Explanation, Request, Signer};

use crate::cause::Cause;
use crate::failure::Failure;

/// The complete signed request.
pub(crate) struct Subject<'a> {
    pub(crate) secret_id: &'a str,
    pub(crate) secret_key: &'a str,
    pub(crate) service: &'a str,
    pub(crate) timestamp: u64,
    pub(crate) request: Request<'a>,
    /// The action, signed or not.
    pub(crate) action: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Subject<'_> {
    pub(crate) fn explain(&self) -> Result<Explanation, Failure> {
        Signer::new(self.secret_id, self.secret_key)
            .explain(&self.request, self.service, self.timestamp)
            .map_err(|error| {
                let message = format!("the request cannot be signed: {error}");
                Failure::from(Cause::new(message, error.hint()))
            })
    }
}

/// The signature with every intermediate value, as printed.
#[derive(Serialize)]
pub(crate) struct Signed<'a> {
    canonical_request: &'a str,
    hashed_canonical_request: &'a str,
    string_to_sign: &'a str,
    signature: &'a str,
    authorization: &'a str,
}

impl<'a> From<&'a Explanation> for Signed<'a> {
    fn from(explanation: &'a Explanation) -> Self {
        Self {
            canonical_request: &explanation.canonical_request,
            hashed_canonical_request: &explanation.hashed_canonical_request,
            string_to_sign: &explanation.string_to_sign,
            signature: &explanation.signature,
            authorization: &explanation.authorization,
        }
    }
}
