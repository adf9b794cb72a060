//! Downloads of contracts to a folder or an object store. Links are requested just before they are used, a limited
//! number of files is fetched at a time, and each contract has exactly one outcome.

mod content;
mod destination;
mod entry;
mod event;
mod fetch;
mod file;
mod file_name;
mod flow;
mod format;
mod head;
mod job;
mod link_host;
mod name_set;
mod options;
mod outcome;
#[cfg(any(feature = "async-core", feature = "ureq"))]
mod reading;
mod report;
mod sanitize;
mod sink;
mod sink_file;
#[cfg(feature = "object-store")]
mod store;
mod target;
mod template;
mod write;

pub(crate) use destination::{Existing, IntentLog};
pub(crate) use entry::{Entry, Verification};
pub use event::DownloadEvent;
pub(crate) use file_name::FileNames;
pub(crate) use job::{Job, Policy};
pub use link_host::{LinkHost, LinkHostError};
pub use options::DownloadOptions;
pub use report::{Report, ReportedFlow, SavedFile};
pub(crate) use sanitize::truncate;
pub use sink::{BlockingSink, BlockingSinkWriter, SinkFile};
pub(crate) use target::{Target, verification_error};
pub use template::{NameTemplate, TemplateError};

#[cfg(any(feature = "async-core", feature = "ureq"))]
pub(crate) use fetch::{Fetch, FileSink, exchange_failed, file_request};
#[cfg(any(feature = "async-core", feature = "ureq"))]
pub(crate) use job::{Step, StepOutcome, WaitStep};
#[cfg(any(feature = "async-core", feature = "ureq"))]
pub(crate) use outcome::FetchOutcome;
#[cfg(any(feature = "async-core", feature = "ureq"))]
pub(crate) use reading::Reading;
#[cfg(feature = "async-core")]
pub use sink::{AsyncSink, AsyncSinkWriter};
#[cfg(all(feature = "object-store", feature = "ureq"))]
pub(crate) use store::StoreRuntime;
#[cfg(any(feature = "async-core", all(feature = "object-store", feature = "ureq")))]
pub(crate) use write::AsyncWrite;
#[cfg(any(feature = "async-core", feature = "ureq"))]
pub(crate) use write::BlockingWrite;
#[cfg(feature = "async-core")]
pub(crate) use {outcome::NOT_DISCARDED, reading::Head};
