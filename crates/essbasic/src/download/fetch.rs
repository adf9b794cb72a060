//! One file over one link: what is asked, and what each answer means.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tc3_client::Endpoint;
use tc3_client::transport::{
    HeaderMap, HeaderValue, Request, Response, TransportError, TransportErrorKind, Uri, header,
};

use super::content::{Content, Mismatch};
use super::destination::{Destination, Finished};
use super::file::{Incoming, sync_folder};
use super::format::Expected;
use super::head;
use super::link_host::{consent, judge};
use super::options::{DownloadOptions, SavedFile};
#[cfg(feature = "object-store")]
use super::store::Object;
use super::target::Target;
use crate::error::{FlowError, FlowErrorKind};
use crate::links::ResourceLink;

/// A file to be fetched.
#[derive(Clone)]
pub(crate) struct Fetch {
    pub(crate) flow: usize,
    /// Which of the contract's files.
    pub(crate) place: usize,
    pub(crate) link: ResourceLink,
    pub(crate) target: Target,
    pub(crate) to: Arc<Destination>,
    pub(crate) max_bytes: u64,
    /// Whether its name is to be made durable along with it.
    pub(crate) sync_name: bool,
    /// How long to wait first.
    pub(crate) delay: Duration,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum FetchEnd {
    Saved(SavedFile),
    /// The link is dead: another may live.
    LinkDead(FlowError),
    /// Trying again may help.
    Failed(FlowError),
    /// Trying again is pointless.
    Refused(FlowError),
    /// The disk refused: no other file would fare better.
    Disk(io::Error),
    /// The store did, for this reason: no other file would fare better.
    #[cfg(feature = "object-store")]
    Store(String),
}

impl From<Finished> for FetchEnd {
    fn from(finished: Finished) -> Self {
        match finished {
            Finished::Saved(file) => Self::Saved(file),
            Finished::Taken(why) => Self::Refused(FlowError::new(FlowErrorKind::Exists, why)),
        }
    }
}

impl From<Mismatch> for FetchEnd {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Expired(error) => Self::LinkDead(error),
            Mismatch::Passing(error) => Self::Failed(error),
            Mismatch::Permanent(error) => Self::Refused(error),
        }
    }
}

/// Shortest time for a file: to ureq, no time at all is no limit.
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// Longest time for a file, whatever the options say: clocks can count that far.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 86_400);

/// The request for a file; a refusal where the link leads where nobody agreed to go. Other links to the same
/// file would lead there too.
pub(crate) fn request(
    fetch: &Fetch,
    options: &DownloadOptions,
    endpoint: &Endpoint,
) -> Result<Request, FetchEnd> {
    let refused = |why| FetchEnd::Refused(FlowError::new(FlowErrorKind::Untrusted, why));
    let uri =
        fetch.link.url.parse::<Uri>().map_err(|_| refused("the link is no URL".to_owned()))?;
    let public_only = judge(&uri, &options.link_hosts, endpoint.url()).map_err(refused)?;
    let timeout = Some(options.file_timeout.clamp(MIN_TIMEOUT, MAX_TIMEOUT));
    let mut headers = HeaderMap::new();
    // The length of an encoded body is not that of the file.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(Request { public_only, timeout, headers, ..Request::get(uri) })
}

/// What a failed exchange means.
pub(crate) fn broken(error: &TransportError) -> FetchEnd {
    let error_of = |kind| FlowError::new(kind, error.to_string());
    match error.kind() {
        kind if kind.is_transient() => FetchEnd::Failed(error_of(FlowErrorKind::Network)),
        TransportErrorKind::NotPublic => {
            let why = format!("{error}; {}", consent("HOST"));
            FetchEnd::Refused(FlowError::new(FlowErrorKind::Untrusted, why))
        }
        TransportErrorKind::BodyTooLarge => FetchEnd::Refused(error_of(FlowErrorKind::Content)),
        _ => FetchEnd::Refused(error_of(FlowErrorKind::Network)),
    }
}

/// A file that is coming, on its way to where it will stay.
pub(crate) enum Receiving {
    Folder(ToFolder),
    #[cfg(feature = "object-store")]
    Store(Object),
}

impl Receiving {
    /// Judges the answer's head; uses neither disk nor store.
    pub(crate) fn begin<B>(fetch: &Fetch, response: &Response<B>) -> Result<Self, FetchEnd> {
        let length = head::length(response.status, &response.headers)?;
        let media_type = response.headers.get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let expected = Expected::of(&fetch.link.kind, &fetch.link.name, media_type);
        let content = Content::new(length, fetch.max_bytes, expected)?;
        Ok(match &fetch.target {
            Target::Folder(folder) => {
                let (folder, to) = (folder.clone(), Arc::clone(&fetch.to));
                let sync_name = fetch.sync_name;
                Self::Folder(ToFolder { folder, to, sync_name, content, incoming: None })
            }
            #[cfg(feature = "object-store")]
            Target::Store(place) => Self::Store(Object::new(place, &fetch.to, content)),
        })
    }
}

/// A file that is coming to a folder.
pub(crate) struct ToFolder {
    folder: PathBuf,
    to: Arc<Destination>,
    sync_name: bool,
    content: Content,
    /// Made with the first bytes, where the driver lets the disk be used.
    incoming: Option<Incoming>,
}

impl ToFolder {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), FetchEnd> {
        self.content.see(bytes)?;
        let incoming = match &mut self.incoming {
            Some(incoming) => incoming,
            none => none.insert(Incoming::create(&self.folder).map_err(FetchEnd::Disk)?),
        };
        incoming.write(bytes).map_err(FetchEnd::Disk)
    }

    pub(crate) fn finish(self) -> FetchEnd {
        if let Err(mismatch) = self.content.check() {
            return mismatch.into();
        }
        let incoming = self.incoming.map_or_else(|| Incoming::create(&self.folder), Ok);
        let named = incoming.and_then(|incoming| {
            let finished = incoming.finish(&self.to)?;
            if self.sync_name {
                sync_folder(&self.folder)?;
            }
            Ok(finished)
        });
        named.map_or_else(FetchEnd::Disk, FetchEnd::from)
    }
}
