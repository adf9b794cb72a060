use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use essbasic_models::ErrorCode;
use tc3_client::api::json::{self, Decode, Encode, Reader, Writer};
use tc3_client::api::{__deserialize, __serialize};

/// What keeps a whole workflow from starting or going on. What concerns one contract only is a
/// [`FlowError`] among the results.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A call failed in a way that every further call would.
    Call(tc3_client::Error),
    /// The folder for the files cannot be used.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The object store refuses what every further file would need; why, and what to do.
    Store(String),
    /// The agent lacks a member that the workflow needs; this one.
    Agent(&'static str),
    /// The template of file names lacks `{flow_id}`, which this use requires.
    Names(&'static str),
    /// The archive job was stopped before it began; nothing has changed.
    Stopped,
    /// The async runtime shut down, or the caller's own function panicked in another thread.
    Interrupted,
}

impl Error {
    pub(crate) fn folder(path: &Path, source: io::Error) -> Self {
        Self::Folder { path: path.to_owned(), source }
    }
}

/// What to do about a code of this service. General codes leave that to their message, and what holds
/// for every service the call's own error says.
fn advice(error: &tc3_client::Error) -> Option<&'static str> {
    let ours = error.hint().is_none() && error.code().contains('.');
    ours.then(|| ErrorCode::advice_on(error.code())).flatten()
}

/// The remedy for an error of the file system.
fn remedy(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    match kind {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            "free some space, or choose a folder on another disk"
        }
        Kind::PermissionDenied => "grant write permission, or choose a folder that can be written",
        Kind::ReadOnlyFilesystem => "choose a folder on a file system that can be written",
        Kind::NotADirectory | Kind::AlreadyExists => {
            "choose a folder, or a path at which nothing exists"
        }
        Kind::ResourceBusy => "wait until it ends, or choose another folder",
        Kind::InvalidInput | Kind::InvalidData => "move it away, or choose another",
        _ => "choose a folder that can be written",
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => {
                error.fmt(f)?;
                match advice(error) {
                    Some(advice) => write!(f, ". {advice}"),
                    None => Ok(()),
                }
            }
            Self::Folder { path, source } => {
                write!(f, "{}: {source}; {}", path.display(), remedy(source.kind()))
            }
            Self::Store(why) => f.write_str(why),
            Self::Agent(member) => write!(f, "the agent lacks {member}, which this call needs"),
            Self::Names(of) => {
                write!(f, "{of} requires {{flow_id}} in the names of files; add it to the template")
            }
            Self::Stopped => f.write_str("stopped before the archive began; run it again to go on"),
            Self::Interrupted => {
                f.write_str("the workflow was interrupted: its runtime has shut down")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Display has said what these two say themselves.
            Self::Call(error) => error.source(),
            Self::Folder { source, .. } => source.source(),
            Self::Store(_)
            | Self::Agent(_)
            | Self::Names(_)
            | Self::Stopped
            | Self::Interrupted => None,
        }
    }
}

impl From<tc3_client::Error> for Error {
    fn from(error: tc3_client::Error) -> Self {
        Self::Call(error)
    }
}

/// What kind of thing went wrong with one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowErrorKind {
    /// The service refused this contract: it does not exist, or belongs to others.
    Refused,
    /// The call that asked for this contract failed, also after its retries.
    Call,
    /// The service's answer left this contract out.
    Missing,
    /// The link answered with something other than the file.
    Link,
    /// The link leads where nobody agreed to go: to another host, over plain http, or into a private
    /// network ([`DownloadOptions::link_hosts`](crate::DownloadOptions::link_hosts)). It was not followed.
    Untrusted,
    /// The connection failed while the file was being read, also after retries.
    Network,
    /// What was read is not the file: too short, or no PDF.
    Content,
    /// The answer to a call that may not be repeated was lost: it may have been done.
    OutcomeUnknown,
    /// The object store did not take the file, also after retries.
    Store,
    /// The contract is not signed by all, so that its file would not be the final one.
    NotSigned,
    /// The job was stopped ([`Stop`](crate::Stop)) before the contract was complete.
    Stopped,
    /// Something else has the name of the file, and is kept.
    Exists,
}

impl FlowErrorKind {
    const ALL: [Self; 12] = [
        Self::Refused,
        Self::Call,
        Self::Missing,
        Self::Link,
        Self::Untrusted,
        Self::Network,
        Self::Content,
        Self::OutcomeUnknown,
        Self::Store,
        Self::NotSigned,
        Self::Stopped,
        Self::Exists,
    ];

    /// As it stands in journals and reports.
    fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Call => "call",
            Self::Missing => "missing",
            Self::Link => "link",
            Self::Untrusted => "untrusted",
            Self::Network => "network",
            Self::Content => "content",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Store => "store",
            Self::NotSigned => "not_signed",
            Self::Stopped => "stopped",
            Self::Exists => "exists",
        }
    }
}

impl Encode for FlowErrorKind {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self.name());
    }
}

impl Decode for FlowErrorKind {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        let unknown = reader.expected("a kind of failure");
        let Some(name) = String::optional(reader)? else { return Ok(None) };
        Self::ALL.into_iter().find(|kind| kind.name() == name).map(Some).ok_or(unknown)
    }

    fn blank() -> Self {
        Self::Missing
    }
}

__serialize!(FlowErrorKind);
__deserialize!(FlowErrorKind);

/// What went wrong with one contract. Holds no link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowError {
    /// What kind of thing.
    pub kind: FlowErrorKind,
    /// What happened; the service's own text where it gave one.
    pub message: String,
}

json::object! {
    FlowError { "kind" => kind: required, "message" => message: required }
}

impl FlowError {
    pub(crate) fn new(kind: FlowErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FlowError {}

/// Whether a failed call would fail for every other batch too: keys, permissions, agent, set-up, a
/// server that cannot be reached. Others concern the contracts of their batch.
pub(crate) fn concerns_every_batch(error: &tc3_client::Error) -> bool {
    use tc3_client::ErrorKind;
    match error.kind() {
        ErrorKind::Config | ErrorKind::Request | ErrorKind::Credentials => true,
        ErrorKind::Transport(kind) => kind.never_sent(),
        ErrorKind::Api => {
            error.is_auth()
                || matches!(
                    error.code(),
                    "ResourceNotFound.Application"
                        | "ResourceNotFound.Organization"
                        | "InvalidParameter.Application"
                        | "OperationDenied.UserNotInOrganization"
                        | "MissingParameter.UserOpenId"
                        | "InvalidAction"
                        | "NoSuchVersion"
                        | "MissingParameter"
                        | "UnsupportedOperation"
                        | "IpNotInWhitelist"
                        | "IpInBlacklist"
                )
        }
        _ => false,
    }
}
