//! In-memory Tencent e-sign service (essbasic 2021-05-26) on loopback, for tests and demonstrations.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let emulator = essbasic_emulator::Emulator::builder().start()?;
//! println!("call {} as {}", emulator.endpoint(), essbasic_emulator::SECRET_ID);
//! # Ok(())
//! # }
//! ```
//!
//! The emulator implements the protocol of the API over HTTP, or over TLS with a generated authority that
//! clients must trust (`Builder::with_tls`, feature `tls`). It works with any client. It verifies signatures of the received bytes,
//! checks parameters by the description of the API, and returns common errors with the codes of the service.
//!
//! # Actions
//!
//! The emulator models the complete life cycle of a contract ([`modeled_actions`]):
//! - Creation: `UploadFiles`, `CreateFileConvertTask`, `DescribeFileConvertTask`, `ChannelCreateFlowByFiles`, `DescribeTemplates`,
//!   `CreateFlowsByTemplates`.
//! - Signing: `CreateSignUrls`, `ChannelCreateFlowSignUrl`. Opening a link signs for its party.
//! - Waiting: `ChannelCreateFlowReminds`, `ModifyFlowDeadline`, and callbacks ([`Callback`]).
//! - Cancelling: `ChannelCancelFlow`, `ChannelBatchCancelFlows`, `DescribeCancelFlowsTask`.
//! - Reading: `DescribeFlowDetailInfo`, `DescribeResourceUrlsByFlows`, and the files behind links.
//! - Encrypted calls, with [keys](Builder::with_encryption): `CreateRequestWithEncryption`.
//!
//! Calls of other actions are checked completely, limits and rules included. They get a stub response of the
//! described shape with the header `X-Emulator-Not-Modeled: true`, and have no effect. Responses of deprecated
//! actions have the header `X-Emulator-Deprecated: true`.
//!
//! # Control
//!
//! Paths below `/_emulator/`, which the service does not have, show contracts and statistics, and control the
//! clock, contracts and faults. The response to an unknown path lists them. Requests that a page in a browser has caused are
//! refused, unless addresses other than loopback are [allowed](Builder::allow_remote). [Faults](Fault) are injected by a
//! seed.
//!
//! The handle has the same: [`flows`](Emulator::flows) lists contracts with their parties,
//! [`callbacks`](Emulator::callbacks) the messages with their outcomes, and
//! [`send_callback`](Emulator::send_callback) sends a single one to a receiver on this machine.
//!
//! # Time
//!
//! Times follow the documentation of the service, by the [clock](Builder::with_manual_clock) of the emulator:
//! - A PDF is composed one to three seconds after a signature. A link that is created earlier returns the file
//!   without the signature.
//! - A link to a file expires after five minutes.
//! - A contract that is not signed by all parties expires at its deadline.
//!
//! # Undocumented behavior
//!
//! The emulator makes these choices for cases that the service does not document:
//! - `DescribeResourceUrlsByFlows` returns 查询流程不存在 for an unknown id, and 合同没有权限 for a contract of
//!   another organization. Otherwise it returns a link: the file of a rejected, cancelled or expired contract has
//!   the signatures made until then.
//! - `DescribeFlowDetailInfo` omits unknown contracts and those of other organizations, and returns each contract
//!   once.
//! - More than 50 ids are `OperationDenied.OutQueryLimit`, more than 100 are `InvalidParameter.FlowIds`.
//! - The rate is counted over any second of the real clock, at any speed of the emulator's clock. Rejected calls
//!   do not count.
//! - Multipart bodies are not supported.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod builder;
mod callback;
mod emulator;
mod error;
mod faults;
mod http;
mod json;
mod limits;
mod pdf;
mod routes;
mod state;

pub use api::actions::modeled_actions;
pub use api::encryption::Cipher;
pub use api::service::Stats;
pub use builder::Builder;
pub use callback::config::{Callback, CallbackChaos};
pub use callback::log::{CallbackEntry, CallbackOutcome};
pub use callback::stats::CallbackStats;
pub use emulator::Emulator;
pub use emulator::inspection::FlowList;
pub use faults::fault::Fault;
pub use faults::kind::FaultKind;
pub use limits::NotLoopback;
pub use state::flow::{FlowInfo, PartyInfo, Status, TransitionError};
pub use state::seed::{Seed, SeedError};
pub use state::terms::NewFlow;

/// SecretId that the emulator accepts by default.
pub const SECRET_ID: &str = "AKIDEMULATOR";

/// SecretKey of [`SECRET_ID`]. It is valid for emulators only.
pub const SECRET_KEY: &str = "EMULATORSECRETKEY";

/// Id of the application in the default seed.
pub const APP_ID: &str = "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi";

/// Id of the sub-organization in the default seed.
pub const ORGANIZATION: &str = "org_dianziqian";

/// Id of the operator in the default seed.
pub const OPERATOR: &str = "n9527";
