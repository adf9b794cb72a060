//! Events of a download.

use essbasic_models::FlowStatus;

use super::report::SavedFile;
use crate::error::FlowError;
use crate::ids::FlowId;

/// An event of a download, passed to [`DownloadOptions::on_event`](crate::DownloadOptions::on_event).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum DownloadEvent<'a> {
    /// The first file of this contract is being requested.
    Started {
        /// The flow ID of the contract.
        flow_id: &'a FlowId,
    },
    /// This number of bytes was received. If a file is restarted, its bytes count again.
    Bytes(u64),
    /// All files of this contract are saved.
    Saved {
        /// The flow ID of the contract.
        flow_id: &'a FlowId,
        /// The saved files.
        files: &'a [SavedFile],
        /// Status of the contract, if it was looked up.
        status: Option<&'a FlowStatus>,
        /// ID of the request that returned the links.
        request_id: &'a str,
    },
    /// This contract was saved by an earlier run of an archive job and is skipped.
    AlreadySaved {
        /// The flow ID of the contract.
        flow_id: &'a FlowId,
    },
    /// This contract failed. An archive job may retry it after all others, which causes another event.
    Failed {
        /// The flow ID of the contract.
        flow_id: &'a FlowId,
        /// The reason.
        error: &'a FlowError,
    },
}
