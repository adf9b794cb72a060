//! Client for Tencent Cloud API 3.0: a sans-IO engine that signs, retries and limits the rate of calls, with an
//! async and a blocking driver.
//!
//! - `Client` is async, on tokio: over reqwest (`Client::new`, feature `async`, enabled by default), over hyper
//!   (`Client::on_hyper`, feature `hyper`), or over another transport (`Client::with_transport`, feature
//!   `async-core`).
//! - `blocking::Client` (feature `blocking`) uses ureq and no async runtime.
//! - [`sans_io`] is the engine for a driver of the caller.
//!
//! All features can be enabled together. Both clients are configured with [`Config`]. TLS is described in
//! [`transport`].
//!
//! # Calls
//! A call takes a credential from the cache and waits for a permit of the rate limit. It then signs the request,
//! sends it and decodes the response. Failed attempts are retried if that is safe ([`RetryPolicy`]), and each
//! attempt is signed with the current time. Clock skew is corrected with the server's `Date`, and a rejected
//! temporary credential is refreshed, once per call each. The timeout of [`Config::with_timeout`] covers all attempts
//! and waits. [`CallOptions`] are settings of single calls.
//!
//! # Endpoints and forms
//! [`Endpoint`] selects the hosts of the services, or one server, and the address that is dialed. The metadata of an
//! action states its path and its [form](api::RequestForm): a JSON body, a query, or a raw body of
//! [`CallOptions::with_octets`].
//!
//! # Pages
//! `Client::pages` returns the items of all pages of a list as a stream, and that of the blocking client as an iterator. The
//! request implements [`Paginated`](api::Paginated), as generated models do. [`sans_io::Pager`] is the engine.
//!
//! # Streams
//! `call_stream` makes a call whose response is a stream of events, such as the words of a language model. It returns an
//! `EventStream`: a `Stream` in the async client, an `Iterator` in the blocking one. [`call`](blocking::Client::call)
//! fails for such a response.
//!
//! # Untyped calls
//! With the feature `serde`, requests and responses can be any serde type:
//!
//! ```
//! # #[cfg(all(feature = "serde", feature = "ureq"))] {
//! use serde_json::value::RawValue;
//! use tc3_client::{Error, api::ActionInfo, blocking::Client};
//!
//! fn example(client: &Client, info: ActionInfo<'_>) -> Result<(), Error> {
//!     let body: &RawValue = serde_json::from_str(r#"{"Limit": 1E2, "Filter": "x"}"#).expect("valid JSON");
//!     let response: Box<RawValue> = client.call_json_as(info, body)?;
//!     println!("{response}");
//!     Ok(())
//! }
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "async-core", feature = "ureq")),
    allow(dead_code, unused_imports, reason = "only the clients use the engine")
)]

#[cfg(feature = "async-core")]
mod asynchronous;
#[cfg(any(feature = "blocking", feature = "ureq"))]
pub mod blocking;
mod budget;
mod call;
mod classifier;
#[cfg(any(feature = "async-core", feature = "ureq"))]
mod client_methods;
mod client_name;
mod config;
pub mod credentials;
#[cfg(feature = "ureq")]
mod detached;
mod encapsulation;
mod endpoint;
mod engine;
mod error;
#[cfg(any(feature = "async-core", feature = "ureq"))]
mod exchange;
mod form;
mod headers;
mod interceptor;
mod limiter;
mod observer;
mod one_line;
mod options;
mod pace;
mod pages;
mod pointers;
mod quoted;
mod request_headers;
mod response;
mod retry;
pub mod sans_io;
mod stop;
#[cfg(any(feature = "async-core", feature = "ureq"))]
mod stream;
mod task;
#[cfg(feature = "test-util")]
pub mod test_util;
mod time;
mod undecodable;
#[cfg(feature = "validate")]
mod validation;

#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use asynchronous::{Client, Task};
pub use classifier::{FailedAttempt, RetryClassifier, RetryDecision};
pub use config::{Config, Language};
pub use encapsulation::Encapsulation;
pub use endpoint::{AddressedEndpoint, BaseUrl, Endpoint, ServiceDomain};
pub use error::{Error, ErrorKind};
pub use interceptor::{Interceptor, RawResponse, UnsignedRequest};
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use limiter::AsyncRateLimiter;
#[cfg(any(feature = "blocking", feature = "ureq"))]
pub use limiter::BlockingRateLimiter;
pub use limiter::{Permit, PermitRequest, RateLimit, RateLimiter};
pub use observer::{AttemptEvent, CallEvent, CallOutcome, Observer};
pub use options::CallOptions;
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use pages::asynchronous::{ByPage, Pages};
pub use retry::RetryPolicy;
pub use stop::Stop;
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use stream::asynchronous::EventStream;
pub use task::{TaskOptions, TaskOutcome};
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use time::AsyncSleep;
#[cfg(any(feature = "blocking", feature = "ureq"))]
pub use time::BlockingSleep;
pub use time::{Clock, Now, SystemClock, SystemSleep};

/// For the command, whose messages follow the same rule, and for other waits.
#[doc(hidden)]
pub mod __private {
    pub use crate::headers::server_time;
    pub use crate::pace::Pace;
    pub use crate::quoted::{quoted, showable};
}

pub use tc3_api as api;
#[cfg(feature = "validate")]
pub use tc3_catalogue as catalogue;
pub use tc3_transport as transport;
