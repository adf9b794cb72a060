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
    /// `body_unreadable`: The body of a message could not be decrypted until `give_up_after`.
    BodyUnreadable,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 17] = [
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
        Self::BodyUnreadable,
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
            Self::BodyUnreadable => "body_unreadable",
        }
    }

    /// Returns whether this is a reason of forwards, not of contracts.
    pub(crate) fn is_of_forwards(self) -> bool {
        matches!(
            self,
            Self::TargetFailed | Self::TargetRefused | Self::TargetRemoved | Self::BodyExpired
        )
    }

    /// Returns the next step for a person who finds a dead contract or forward with this reason.
    pub fn hint(self) -> &'static str {
        match self {
            Self::NotFound => {
                "check that the contract belongs to the application of account.app_id; drop it if it does not"
            }
            Self::NotPermitted => {
                "authorize account.operator to download contracts of the organization, then retry"
            }
            Self::InvalidId => {
                "add the contract again with the ID that the service returned, and drop this one"
            }
            Self::NoFiles => {
                "open the contract in the console of the service; retry if it has files, otherwise drop it"
            }
            Self::TooManyFiles => "download the contract with `essbasic download`, then drop it",
            Self::FileTooLarge => {
                "download the contract from the console of the service, then drop it"
            }
            Self::InvalidFile => {
                "open the PDF in the console of the service; retry if it can be read there"
            }
            Self::LinkRefused => {
                "check the host of the links and update essbasic-server, then retry"
            }
            Self::DownloadFailed => {
                "check the network and proxy between this server and the file servers, then retry"
            }
            Self::StorageFailed => "check space and permissions of archive.to, then retry",
            Self::ServiceFailed => "look up the code in the timeline of the contract, then retry",
            Self::WorkerLost => {
                "look for crashes and memory limits in the logs of the replicas, then retry"
            }
            Self::TargetFailed => {
                "check that the target responds with 2xx, then replay the message"
            }
            Self::TargetRefused => {
                "check the token, key and URL of the target, then replay the message"
            }
            Self::TargetRemoved => {
                "configure the target again and replay the message, if it is still needed"
            }
            Self::BodyExpired => {
                "the message cannot be replayed; query the contract instead, and raise messages.retention"
            }
            Self::BodyUnreadable => {
                "set messages.body_key_file to the key that encrypted the message, restart the servers, then replay it"
            }
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
