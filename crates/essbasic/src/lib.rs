//! Tencent e-sign (电子签, API `essbasic` 2021-05-26): from contract ids to signed PDFs on disk.
//!
//! Choose a driver, or both: the feature `async` has `Client`, the feature `blocking` has
//! `blocking::Client`. Without either there is no client. With the feature `hyper` in place of `async`, or beside it,
//! `Client::on_hyper` makes a client that builds and calls faster than the one on reqwest, and does the same.
//!
//! Async:
//!
//! ```no_run
//! # #[cfg(feature = "reqwest")]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::{Client, Config, DownloadOptions, WaitOptions, agent, credentials};
//!
//! let agent = agent("APP_ID", "ORGANIZATION_OPEN_ID", "OPERATOR_OPEN_ID");
//! let client = Client::new(Config::new(credentials::default_chain()), agent)?;
//! client.wait(["FLOW_ID"], &WaitOptions::default()).await?;
//! let report = client.download(["FLOW_ID"], &DownloadOptions::to("contracts")).await?;
//! for flow in report.failed() {
//!     eprintln!("{}: {:?}", flow.flow_id, flow.error);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Blocking:
//!
//! ```no_run
//! # #[cfg(feature = "ureq")]
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::{Config, DownloadOptions, WaitOptions, agent, blocking::Client, credentials};
//!
//! let agent = agent("APP_ID", "ORGANIZATION_OPEN_ID", "OPERATOR_OPEN_ID");
//! let client = Client::new(Config::new(credentials::default_chain()), agent)?;
//! client.wait(["FLOW_ID"], &WaitOptions::default())?;
//! let report = client.download(["FLOW_ID"], &DownloadOptions::to("contracts"))?;
//! for flow in report.failed() {
//!     eprintln!("{}: {:?}", flow.flow_id, flow.error);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it does
//! - `links`: download links of any number of contracts, fifty a call, each with its own result.
//! - `wait`: asks a hundred contracts a call until they are signed by all, and gives the service the
//!   seconds that it takes to compose the PDF.
//! - `download`: links asked for just before they are used and again when they have died; files
//!   checked, made durable and then named.
//! - `archive`: as `download`, over any number of contracts and runs; with the feature `object-store`
//!   also to S3 and its like ([`object_store`](https://docs.rs/object_store)).
//! - `upload`, `start_from_files`, `start_from_templates`, `sign_links`, `remind`, `cancel` (feature
//!   `start`): contracts set going.
//! - `call`: any action; the types of those beyond contracts come with the feature `full`.
//!
//! # Errors
//! [`Error`] is what keeps a whole workflow from going on, and tells what to do. [`FlowError`] concerns
//! one contract, and stands among the results.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "async-core", feature = "ureq")),
    allow(
        dead_code,
        unused_imports,
        reason = "without a driver there is no driver to use the engine"
    )
)]

mod agent;
mod archive;
#[cfg(feature = "async-core")]
mod asynchronous;
mod batch;
#[cfg(feature = "ureq")]
pub mod blocking;
mod download;
#[cfg(feature = "encryption")]
mod encryption;
mod error;
mod flow_ids;
pub mod guide;
mod links;
mod next;
#[cfg(feature = "start")]
mod start;
mod stop;
mod wait;

pub use agent::agent;
pub use archive::{ArchiveOptions, ArchiveReport, ArchivedFlow, Shard};
#[cfg(feature = "async-core")]
pub use asynchronous::Client;
pub use download::{
    DownloadEvent, DownloadOptions, LinkHost, LinkHostError, NameTemplate, Report, ReportedFlow,
    SavedFile, TemplateError,
};
#[cfg(feature = "encryption")]
pub use encryption::{Encryption, KeyError};
pub use error::{Error, FlowError, FlowErrorKind};
pub use links::{FlowLinks, ResourceLink};
#[cfg(feature = "start")]
pub use start::{Contract, Document, Party, Reminder, SignLink, Withdrawal};
pub use stop::Stop;
pub use wait::{FlowWait, Signals, WaitEvent, WaitOptions, WaitOutcome};

pub use essbasic_models as models;
pub use essbasic_models::{Agent, ErrorCode, FlowStatus};
#[cfg(feature = "object-store")]
pub use object_store;
pub use tc3_client::Error as CallError;
#[cfg(feature = "catalogue")]
pub use tc3_client::catalogue;
pub use tc3_client::{
    BaseUrl, Config, Endpoint, ErrorKind, Language, RateLimit, RetryPolicy, api, credentials,
    transport,
};
