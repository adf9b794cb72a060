//! Types of the Tencent e-sign API (essbasic 2021-05-26), generated from its spec.
//!
//! Every action has a request type, `XxxRequest`, that implements [`tc3_api::Action`], and an answer
//! type, `XxxResponse`.
//!
//! ```
//! # #[cfg(feature = "flows")] {
//! use essbasic_models::{Agent, DescribeResourceUrlsByFlowsRequest, UserInfo};
//!
//! let agent = Agent::new("application")
//!     .proxy_organization_open_id("organisation")
//!     .proxy_operator(UserInfo::new().open_id("employee"));
//! let request = DescribeResourceUrlsByFlowsRequest::new(agent, ["flow-1", "flow-2"]);
//! # }
//! ```
//!
//! - A request's `new` asks for what the service requires; every other member has a setter of its
//!   name. What is not set is not sent; an empty text, an empty list and zero are.
//! - An answer bears what servers send: `null` for a list, a number in a text, members and values
//!   that this version does not know. A member that the reference promises is plain, and has its
//!   type's default where a server leaves it out; any other is an `Option`.
//! - A set of values is an enum that keeps what it does not know: [`FlowStatus`], [`ErrorCode`].
//! - `Debug` prints `***` for what tells who a person is, for links and for the content of files.
//!
//! # Features
//!
//! Each action belongs to one feature: `flows`, `files`, `templates`, `seals`, ...; `full` is all of
//! them. `catalogue` adds `CATALOGUE`, the service as data: what each action asks for and answers,
//! in words, types and limits, and which feature holds it. `server` adds the opposite side, for
//! emulators and tests: requests can be read and answers written.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

pub use generated::*;
