//! Sources of SecretId, SecretKey and token.
//!
//! A static [`Credential`] is a source. Others are the [environment](Environment), [profile files](Profile), the
//! [role of a cloud machine](CvmRole), an [assumed role](AssumeRole), the [identity of a Kubernetes
//! pod](TkeIdentity), a [function](from_fn), an [async function](from_async_fn), and a [chain](Chain) of sources such as
//! the [default chain](default_chain).
//!
//! # Cache
//! All clones of a [`Config`](crate::Config) share a cache. It refreshes a credential when a third of its lifetime is left,
//! at most five to six minutes, with jitter, while calls use the current one. Without a valid credential one call fetches
//! it, and all others wait for the result. If the fetch fails, calls fail with its error for one to one and a half seconds; the next call after
//! that fetches again. After a failed refresh of a valid credential, the pause is 10 to 15 seconds.
//!
//! If the service rejects a credential, a call fetches another one. If it differs, the call retries with it, once. After a rotation of keys
//! `refresh_credential` of the clients fetches at once.
//!
//! # Chains
//! A source that is not configured is *absent*, and a chain continues with the next source. If a source is
//! configured but invalid, the chain stops with its error and uses no other key.

mod assume_role;
mod attempts;
mod cache;
mod chain;
mod credential;
mod cvm;
mod environment;
mod error;
mod files;
mod function;
mod ini;
mod oidc;
mod operation;
mod profile;
mod settling;
mod source;
mod sts;
mod temporary;
#[cfg(feature = "ureq")]
mod turn;
mod variables;

pub use assume_role::AssumeRole;
pub(crate) use cache::{CredentialCache, Wanted};
pub use chain::{Chain, default_chain};
pub use credential::Credential;
pub(crate) use credential::ValidCredential;
pub use cvm::CvmRole;
pub use environment::Environment;
pub use error::CredentialError;
pub use function::{from_async_fn, from_fn};
pub use oidc::TkeIdentity;
pub use operation::Operation;
pub use profile::Profile;
pub use source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep};
