//! API Explorer of Tencent e-sign (电子签) as a page on loopback.
//!
//! [`data`] has what the page shows and the command `essbasic` prints. [`Explorer`] is the server of the page: its
//! [router](Explorer::router) refuses requests of other origins, hosts and users before it routes them. [`Mount`] is the page
//! without a server, for another page.
//!
//! Calls leave through a [`Caller`]: `BlockingCaller` over the blocking client (feature `blocking`), or `AsyncCaller` over the
//! async client (feature `async`). Keys stay in it: no response of the server contains them.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "async")]
mod async_caller;
#[cfg(feature = "blocking")]
mod blocking_caller;
mod caller;
#[cfg(any(feature = "async", feature = "blocking"))]
mod calls;
mod captured;
pub mod data;
mod emulator;
mod explorer;
mod http;
mod mode;
#[cfg(any(feature = "async", feature = "blocking"))]
mod record;
mod session;

#[cfg(feature = "async")]
pub use async_caller::AsyncCaller;
#[cfg(feature = "blocking")]
pub use blocking_caller::BlockingCaller;
pub use caller::{CallRecord, Caller, FileError};
pub use captured::SessionKeys;
pub use explorer::{Builder, Explorer, Mount};
pub use mode::Mode;
