//! API Explorer of Tencent e-sign (电子签) as a page on loopback.
//!
//! [`data`] has what the page shows and the command `essbasic` prints. [`Explorer`] is the server of the page: its
//! [router](Explorer::router) refuses requests of other origins, hosts and users before it routes them. [`Mount`] is the page
//! without a server, for another page.
//!
//! Calls leave through a [`Caller`], of which [`BlockingCaller`] is one over the blocking client. Keys stay in it: no
//! response of the server contains them.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod blocking_caller;
mod caller;
mod captured;
pub mod data;
mod emulator;
mod explorer;
mod http;
mod mode;
mod record;
mod session;

pub use blocking_caller::BlockingCaller;
pub use caller::{CallRecord, Caller, FileError};
pub use captured::SessionKeys;
pub use explorer::{Builder, Explorer, Mount};
pub use mode::Mode;
