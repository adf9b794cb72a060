//! The transfer of one file to a sink of the caller.

use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tc3_client::transport::Bytes;

use super::content::Content;
use super::entry::hex;
use super::outcome::FetchOutcome;
use super::report::SavedFile;
#[cfg(feature = "async-core")]
use super::sink::{AsyncSink, AsyncSinkWriter};
use super::sink::{BlockingSink, BlockingSinkWriter, SinkFile};
#[cfg(feature = "async-core")]
use super::write::AsyncWrite;
use super::write::BlockingWrite;
use crate::error::{FlowError, FlowErrorKind};
#[cfg(feature = "async-core")]
use crate::trace::run_detached;

/// The checks of a file and its digest.
pub(crate) struct Checked {
    content: Content,
    hash: Sha256,
    file: SinkFile,
}

impl Checked {
    pub(super) fn new(content: Content, file: SinkFile) -> Self {
        Self { content, hash: Sha256::new(), file }
    }

    fn update(&mut self, bytes: &[u8]) -> Result<(), FetchOutcome> {
        self.content.update(bytes)?;
        self.hash.update(bytes);
        Ok(())
    }

    fn saved(&mut self, finished: io::Result<String>) -> FetchOutcome {
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        let bytes = self.content.length();
        finished.map_or_else(rejected, |key| {
            FetchOutcome::Saved(SavedFile { path: None, key, bytes, sha256 })
        })
    }
}

/// Returns the outcome of a file that a sink did not accept.
fn rejected(error: io::Error) -> FetchOutcome {
    let message = format!("the sink did not accept the file: {error}");
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            FetchOutcome::Refused(FlowError::new(FlowErrorKind::Exists, message))
        }
        _ => FetchOutcome::Failed(FlowError::new(FlowErrorKind::Destination, message)),
    }
}

/// A file for a blocking sink. If it is dropped before [`finish`](Self::finish), the writer is aborted.
pub(crate) struct BlockingFile {
    /// `None` after the end.
    checked: Option<Checked>,
    sink: Arc<dyn BlockingSink>,
    /// Created with the first bytes, on a thread that may block.
    writer: Option<Box<dyn BlockingSinkWriter>>,
}

impl BlockingFile {
    pub(super) fn new(sink: Arc<dyn BlockingSink>, checked: Checked) -> Self {
        Self { checked: Some(checked), sink, writer: None }
    }
}

impl BlockingWrite for BlockingFile {
    fn write(&mut self, bytes: Bytes) -> Result<(), FetchOutcome> {
        let Some(checked) = &mut self.checked else { return Ok(()) };
        checked.update(&bytes)?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(self.sink.begin(&checked.file).map_err(rejected)?),
        };
        writer.write(bytes).map_err(rejected)
    }

    fn finish(mut self) -> FetchOutcome {
        let (checked, writer) = (self.checked.take(), &mut self.writer);
        let Some(mut checked) = checked else { return FetchOutcome::Stopped };
        if let Err(mismatch) = checked.content.check() {
            return mismatch.into();
        }
        // A file that passes the checks is not empty.
        let finished = writer.take().map_or_else(|| self.sink.begin(&checked.file), Ok);
        checked.saved(finished.and_then(|writer| writer.finish()))
    }
}

impl Drop for BlockingFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.abort();
        }
    }
}

/// A file for an async sink.
#[cfg(feature = "async-core")]
pub(crate) struct AsyncFile {
    checked: Checked,
    sink: Arc<dyn AsyncSink>,
    /// Created with the first bytes.
    writer: Option<Box<dyn AsyncSinkWriter>>,
}

#[cfg(feature = "async-core")]
impl AsyncFile {
    pub(super) fn new(sink: Arc<dyn AsyncSink>, checked: Checked) -> Self {
        Self { checked, sink, writer: None }
    }
}

#[cfg(feature = "async-core")]
impl AsyncWrite for AsyncFile {
    async fn append(&mut self, bytes: Bytes) -> Result<(), FetchOutcome> {
        self.checked.update(&bytes)?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(self.sink.begin(&self.checked.file).await.map_err(rejected)?),
        };
        writer.write(bytes).await.map_err(rejected)
    }

    async fn finish(&mut self) -> FetchOutcome {
        if let Err(mismatch) = self.checked.content.check() {
            return mismatch.into();
        }
        let writer = match self.writer.take() {
            Some(writer) => Ok(writer),
            // A file that passes the checks is not empty.
            None => self.sink.begin(&self.checked.file).await,
        };
        let finished = match writer {
            Ok(writer) => writer.finish().await,
            Err(error) => Err(error),
        };
        self.checked.saved(finished)
    }

    async fn abort(self) {
        if let Some(writer) = self.writer {
            run_detached(writer.abort()).await;
        }
    }
}
