//! TC3-HMAC-SHA256, the request signature of Tencent Cloud API 3.0: [sign](Signer) and [verify].
//!
//! The crate does no IO and reads no clock; the time is an argument. It follows Tencent Cloud's public
//! "Signature v3" page and the requests that the official SDKs send.
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
//! # If the server returns `AuthFailure.SignatureFailure`
//! [`Signer::explain`] returns every intermediate value. Compare its canonical request with the request on the
//! wire. Usual causes are a body that was serialized again after signing, a `Host` header with a port that was not
//! signed, and a wrong key.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authorization;
mod canonical;
mod date;
mod error;
mod hash_writer;
mod key;
mod signer;
mod verify;

pub use authorization::{Authorization, MalformedAuthorization};
pub use canonical::{Payload, Request};
pub use date::Date;
pub use error::SignError;
pub use key::KeyChain;
pub use signer::{Explanation, Signer};
pub use verify::{MAX_SKEW_SECONDS, Received, VerifyError, verify};

/// Name of the algorithm in the `Authorization` header and the string to sign.
pub const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// Value of `X-TC-Content-SHA256`, hashed in place of the body, if the body is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Last part of every credential scope.
pub(crate) const TERMINATOR: &str = "tc3_request";
