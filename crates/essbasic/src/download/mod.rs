//! Contracts to files, in a folder or a store: links asked for just before they are used, a few downloads
//! at a time, each contract with one outcome.

mod content;
mod destination;
mod fetch;
mod file;
mod file_name;
mod flow;
mod format;
mod head;
mod job;
mod link_host;
mod options;
#[cfg(feature = "object-store")]
mod store;
mod target;
mod template;

pub(crate) use destination::{Entry, Existing, Ledger};
pub(crate) use file_name::{FileNames, cut};
pub(crate) use job::{Job, Policy};
pub use link_host::{LinkHost, LinkHostError};
pub use options::{DownloadEvent, DownloadOptions, Report, ReportedFlow, SavedFile};
pub(crate) use target::{Target, Thoroughness};
pub use template::{NameTemplate, TemplateError};

#[cfg(feature = "async-core")]
pub(crate) use fetch::ToFolder;
#[cfg(any(feature = "async-core", feature = "blocking"))]
pub(crate) use fetch::{Fetch, FetchEnd, Receiving, broken, request};
#[cfg(any(feature = "async-core", feature = "blocking"))]
pub(crate) use job::{Ended, Step, WaitStep};
#[cfg(all(feature = "object-store", feature = "async-core"))]
pub(crate) use store::Object;
#[cfg(all(feature = "object-store", feature = "blocking"))]
pub(crate) use store::Uploads;
