//! The call engine of Tencent Cloud API 3.0: one machine that signs, repeats, limits and explains,
//! and two thin drivers for it.
//!
//! - `Client` calls on tokio: with reqwest (feature `async`, `Client::new`), with hyper alone (feature `hyper`,
//!   `Client::on_hyper`), or over a transport that you bring (feature `async-core`).
//! - `blocking::Client` (feature `blocking`) calls with ureq, without any async runtime.
//!
//! All features may be on. [`Config`] serves both clients.
//!
//! # What a call does
//! It takes a credential from the cache, waits for its place under the rate limit, signs, sends and
//! decodes. What fails is repeated where that is safe ([`RetryPolicy`]), each attempt signed afresh; a
//! clock that is off is corrected by the server's `Date`, and a refused temporary credential renewed,
//! once each. All within one time limit.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "async-core", feature = "ureq")),
    allow(
        dead_code,
        unused_imports,
        reason = "without a driver there is no driver to use the engine"
    )
)]

#[cfg(any(feature = "async-core", feature = "ureq"))]
mod answer;
#[cfg(feature = "async-core")]
mod asynchronous;
#[cfg(feature = "ureq")]
pub mod blocking;
#[cfg(any(feature = "async-core", feature = "ureq"))]
mod call;
mod config;
pub mod credentials;
mod encapsulation;
mod endpoint;
#[cfg(any(feature = "async-core", feature = "ureq"))]
mod engine;
mod error;
mod headers;
mod limiter;
mod retry;
mod time;
#[cfg(feature = "validate")]
mod validation;

#[cfg(feature = "async-core")]
pub use asynchronous::Client;
pub use config::{Config, Language};
pub use encapsulation::Encapsulation;
pub use endpoint::{BaseUrl, Endpoint};
pub use error::{Error, ErrorKind};
pub use limiter::RateLimit;
pub use retry::RetryPolicy;
#[cfg(feature = "async-core")]
pub use time::AsyncSleep;
#[cfg(feature = "ureq")]
pub use time::BlockingSleep;
pub use time::{Clock, Now, SystemClock, SystemSleep};

pub use tc3_api as api;
#[cfg(feature = "validate")]
pub use tc3_catalogue as catalogue;
pub use tc3_transport as transport;

#[cfg(any(feature = "async-core", feature = "ureq"))]
fn span(info: &tc3_api::ActionInfo<'_>) -> tracing::Span {
    tracing::debug_span!("tc3_call", service = info.service, action = info.name)
}
