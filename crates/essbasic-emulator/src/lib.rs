//! An in-memory Tencent e-sign service (essbasic 2021-05-26) on loopback, for tests and
//! demonstrations.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let emulator = essbasic_emulator::Emulator::builder().start()?;
//! println!("call {} as {}", emulator.endpoint(), essbasic_emulator::SECRET_ID);
//! # Ok(())
//! # }
//! ```
//!
//! It speaks the API's real protocol over real HTTP: any client can be pointed at it. It verifies
//! signatures from what came over the wire, checks parameters against the API's description and
//! answers the common errors with the real codes.
//!
//! It models ([`modelled_actions`]) the whole life of a contract: `UploadFiles`, `ChannelCreateFlowByFiles`,
//! `DescribeTemplates`, `CreateFlowsByTemplates`, `CreateSignUrls` and `ChannelCreateFlowSignUrl`
//! (whoever opens such a link signs), `ChannelCreateFlowReminds`, `ModifyFlowDeadline`,
//! `ChannelCancelFlow`, `ChannelBatchCancelFlows`, `DescribeCancelFlowsTask`,
//! `DescribeFlowDetailInfo`, `DescribeResourceUrlsByFlows`, the files that links lead to, callbacks
//! ([`Callback`]) and, where keys are agreed on, calls inside `CreateRequestWithEncryption`.
//!
//! Any other action is checked in full, limits and rules included, and answered with data of the right
//! shape, nothing else happens; the header `X-Emulator-Not-Modelled: true` says so.
//! `X-Emulator-Deprecated: true` says that the service will take the action away.
//!
//! What the real service does not have is below `/_emulator/`: a look at contracts and counts, and
//! orders to the clock and to contracts. An unknown path there lists it. Things [go wrong](Fault) where
//! that is asked for, by a seed.
//!
//! It speaks HTTP, or [TLS](Builder::tls) by an authority of its own that clients must trust.
//!
//! What the service's documentation promises of contracts holds here by the emulator's
//! [clock](Builder::manual_clock): a PDF is composed one to three seconds after a signature
//! (a link asked for earlier leads to the file without it), a link dies after five minutes, an unsigned
//! contract at its deadline.
//!
//! Where the documentation is silent:
//! - `DescribeResourceUrlsByFlows` says 查询流程不存在 of an id that nobody has and 合同没有权限 of another
//!   organisation's contract. It gives a link in every other case: a contract that was refused,
//!   withdrawn or has expired has the file it had by then.
//! - `DescribeFlowDetailInfo` leaves out contracts that do not exist or belong to others, and names
//!   each once.
//! - More than 50 ids are `OperationDenied.OutQueryLimit`, more than 100
//!   `InvalidParameter.FlowIds`.
//! - The rate is counted over any second of the real clock, however fast the emulator's runs, and
//!   refused calls do not count.
//! - Bodies in multipart are not read.

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

pub use api::actions::modelled_actions;
pub use api::encryption::Cipher;
pub use api::service::Stats;
pub use builder::Builder;
pub use callback::{Callback, CallbackChaos, CallbackStats};
pub use emulator::Emulator;
pub use faults::{Fault, FaultKind};
pub use state::flow::{Refusal, Status};
pub use state::seed::{Seed, SeedError};
pub use state::terms::NewFlow;

/// The SecretId that the emulator knows by default.
pub const SECRET_ID: &str = "AKIDEMULATOR";

/// The SecretKey that belongs to it. It opens nothing but emulators.
pub const SECRET_KEY: &str = "EMULATORSECRETKEY";

/// The application of the built-in seed.
pub const APP_ID: &str = "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi";

/// The sub-organisation of the built-in seed.
pub const ORGANIZATION: &str = "org_dianziqian";

/// Its employee.
pub const OPERATOR: &str = "n9527";
