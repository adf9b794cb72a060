//! Types of the Tencent e-sign API (essbasic 2021-05-26), generated from its spec.
//!
//! Every action has a request type, `XxxRequest`, which implements [`tc3_api::Action`], and a response type,
//! `XxxResponse`.
//!
//! ```
//! # #[cfg(feature = "flows")] {
//! use essbasic_models::{Agent, DescribeResourceUrlsByFlowsRequest, UserInfo};
//!
//! let agent = Agent::new("application")
//!     .proxy_organization_open_id("organization")
//!     .proxy_operator(UserInfo::new().open_id("employee"));
//! let request = DescribeResourceUrlsByFlowsRequest::new(agent, ["flow-1", "flow-2"]);
//! # }
//! ```
//!
//! - The constructor `new` of a request takes the required fields; every other field has a setter with its name.
//!   Unset fields are not sent; empty strings, empty arrays and zeros are.
//! - Responses are decoded leniently: `null` for an array, a number as a string, unknown fields and unknown
//!   values are accepted. A field that the reference guarantees has its type's default if the server omits it;
//!   any other field is an `Option`.
//! - A value set is an open enum that preserves unknown values: [`FlowStatus`], [`ErrorCode`].
//! - A timestamp is an integer with methods for `SystemTime`: `deadline()` returns the field of a response. Types
//!   of requests have a setter of that name, so they have `deadline_system_time()` and `deadline_from_time()`.
//! - `Debug` prints `***` for personal data, links and the content of files.
//!
//! # Features
//!
//! Each action belongs to one feature: `flows`, `files`, `templates`, `seals`, ...; `full` enables all of them.
//! `catalogue` adds `CATALOGUE`, the service as data: requests and responses of each action with documentation,
//! types and limits, and the feature of the action. `serde`, which is enabled by default, implements `Serialize` and
//! `Deserialize` for every type. `server` adds the server side without serde, for emulators: it decodes requests and
//! encodes responses.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

// Exports each item by name, so that the compiler names the feature of a missing one.
include!("generated/exports.rs");
