//! TC3-HMAC-SHA256, the request signature of Tencent Cloud API 3.0: [sign](Signer) and [verify].
//!
//! Pure: no IO, and the time is an argument. Facts: Tencent Cloud's public "Signature v3" page, and
//! the official SDKs' behaviour on the wire.
//!
//! ```
//! use tc3_signer::{Request, Signer};
//!
//! let signer = Signer::new("AKIDEXAMPLE", "SECRETEXAMPLE");
//! let body = br#"{"FlowIds":["f1"]}"#;
//! let request = Request::post("essbasic.tencentcloudapi.com", "DescribeFlowDetailInfo", body);
//! let authorization = signer.sign(&request, "essbasic", 1_551_113_065)?;
//! assert!(authorization.starts_with(
//!     "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/essbasic/tc3_request, \
//!      SignedHeaders=content-type;host;x-tc-action, Signature="
//! ));
//! # Ok::<(), tc3_signer::SignError>(())
//! ```
//!
//! # When the server says `AuthFailure.SignatureFailure`
//! [`Signer::explain`] gives every intermediate value: compare its canonical request with what went
//! over the wire. The usual reasons are a body that was re-serialised after signing, a `Host` with a
//! port where it was signed without one, and a wrong key.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authorization;
mod canonical;
mod date;
mod key;
mod signer;
mod text;
mod verify;

pub use authorization::{Authorization, MalformedAuthorization};
pub use canonical::{Payload, Request};
pub use date::Date;
pub use key::KeyChain;
pub use signer::{Explanation, SignError, Signer};
pub use verify::{MAX_SKEW_SECONDS, Received, VerifyError, verify};

/// The algorithm's name, as it stands in the `Authorization` header and the string to sign.
pub const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// The value of `X-TC-Content-SHA256`, and what is hashed in the body's place, where the body is not
/// signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What ends every credential scope.
pub(crate) const TERMINATOR: &str = "tc3_request";
