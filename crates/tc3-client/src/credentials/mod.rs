//! Sources of SecretId, SecretKey and token.
//!
//! A static [`Credential`] is a source. Others are the [environment](Environment), [profile files](Profile), the
//! [role of a cloud machine](CvmRole), an [assumed role](AssumeRole), the [identity of a Kubernetes
//! pod](TkeIdentity), a [function](from_fn), and a [chain](Chain) of sources such as the [default
//! chain](default_chain). The client caches the credential and refreshes it before it expires. All clones of a
//! [`Config`](crate::Config) share the cache.
//!
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
mod ini;
mod oidc;
mod profile;
mod source;
mod sts;
mod temporary;
#[cfg(feature = "ureq")]
mod turn;
mod variables;

pub use assume_role::AssumeRole;
pub(crate) use cache::CredentialCache;
pub use chain::{Chain, default_chain};
pub use credential::Credential;
pub(crate) use credential::ValidCredential;
pub use cvm::CvmRole;
pub use environment::Environment;
pub use error::CredentialError;
pub use oidc::TkeIdentity;
pub use profile::Profile;
pub use source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep, from_fn};
