//! Reasons of dead contracts and forwards: a closed set.

use std::fmt;

/// Reason of a failed attempt, and of a dead contract or forward. The set is closed: text of other systems is in events only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// `not_found`: The service has no such contract for this application.
    NotFound,
    /// `not_permitted`: The organization has not authorized downloads of this contract.
    NotPermitted,
    /// `invalid_id`: The service rejects the ID.
    InvalidId,
    /// `no_files`: The contract has no file.
    NoFiles,
    /// `too_many_files`: The contract has more files than the limit.
    TooManyFiles,
    /// `file_too_large`: A file exceeds the limit.
    FileTooLarge,
    /// `invalid_file`: A downloaded file is not a complete PDF, in every attempt.
    InvalidFile,
    /// `link_refused`: A link leads to a host that is not on the allowlist.
    LinkRefused,
    /// `download_failed`: The server of the files failed, in every attempt.
    DownloadFailed,
    /// `storage_failed`: The folder or object store refused a file, in every attempt.
    StorageFailed,
    /// `service_failed`: Calls of the service failed, in every attempt.
    ServiceFailed,
    /// `worker_lost`: Every worker that attempted it ended or expired without a settlement.
    WorkerLost,
    /// `target_failed`: The target of a forward did not accept it until `give_up_after`.
    TargetFailed,
    /// `target_refused`: The target of a forward refused it permanently.
    TargetRefused,
    /// `target_removed`: The configuration no longer has the target of a forward.
    TargetRemoved,
    /// `body_expired`: The body of a message was deleted before it was forwarded.
    BodyExpired,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::NotFound,
        Self::NotPermitted,
        Self::InvalidId,
        Self::NoFiles,
        Self::TooManyFiles,
        Self::FileTooLarge,
        Self::InvalidFile,
        Self::LinkRefused,
        Self::DownloadFailed,
        Self::StorageFailed,
        Self::ServiceFailed,
        Self::WorkerLost,
        Self::TargetFailed,
        Self::TargetRefused,
        Self::TargetRemoved,
        Self::BodyExpired,
    ];

    /// Returns the code in the store, the API and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotPermitted => "not_permitted",
            Self::InvalidId => "invalid_id",
            Self::NoFiles => "no_files",
            Self::TooManyFiles => "too_many_files",
            Self::FileTooLarge => "file_too_large",
            Self::InvalidFile => "invalid_file",
            Self::LinkRefused => "link_refused",
            Self::DownloadFailed => "download_failed",
            Self::StorageFailed => "storage_failed",
            Self::ServiceFailed => "service_failed",
            Self::WorkerLost => "worker_lost",
            Self::TargetFailed => "target_failed",
            Self::TargetRefused => "target_refused",
            Self::TargetRemoved => "target_removed",
            Self::BodyExpired => "body_expired",
        }
    }

    /// Returns the reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
