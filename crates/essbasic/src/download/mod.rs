//! Contracts to files: links asked for just before they are used, a few downloads at a time, each
//! contract with one outcome.

mod fetch;
mod file;
mod file_name;
mod job;
mod options;

pub use options::{DownloadEvent, DownloadOptions, Report, ReportedFlow, SavedFile};

#[cfg(any(feature = "async", feature = "blocking"))]
pub(crate) use fetch::{Fetch, FetchEnd, Receiving, broken, request};
#[cfg(feature = "async")]
pub(crate) use job::Ask;
#[cfg(any(feature = "async", feature = "blocking"))]
pub(crate) use job::{Job, Step};
