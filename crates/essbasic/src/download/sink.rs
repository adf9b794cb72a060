//! Sinks: destinations of files that the caller implements.

use core::fmt;
use std::io;
use std::sync::Arc;

use tc3_client::transport::Bytes;
#[cfg(feature = "async-core")]
use tc3_client::transport::async_trait;

use crate::ids::FlowId;

/// File that a sink is about to receive.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkFile {
    /// Flow ID of its contract.
    pub flow_id: FlowId,
    /// Name by the template of the options ([`DownloadOptions::names`](crate::DownloadOptions::names)), valid on every
    /// file system, and unique in the download. It may be that of a file of an earlier download.
    pub name: String,
    /// Length in bytes, if the server states it. It is checked before the file is finished.
    pub bytes: Option<u64>,
}

impl fmt::Debug for SinkFile {
    /// Omits the name, which is that of the contract.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkFile")
            .field("flow_id", &self.flow_id)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Blocking destination of downloaded files, for both clients
/// ([`DownloadOptions::to_sink`](crate::DownloadOptions::to_sink)).
///
/// The async client calls it on threads that may block. An error fails the attempt for the file, which is repeated as
/// after other failures; several in a row end the download. An error of kind
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) fails the contract with
/// [`FlowErrorKind::Exists`](crate::FlowErrorKind::Exists) at once.
///
/// ```
/// use std::collections::HashMap;
/// use std::io;
/// use std::sync::{Arc, Mutex};
///
/// use essbasic::transport::Bytes;
/// use essbasic::{BlockingSink, BlockingSinkWriter, DownloadOptions, SinkFile};
///
/// /// Keeps files in memory.
/// #[derive(Default)]
/// struct Memory(Arc<Mutex<HashMap<String, Vec<u8>>>>);
///
/// struct Writer {
///     files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
///     key: String,
///     content: Vec<u8>,
/// }
///
/// impl BlockingSink for Memory {
///     fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>> {
///         let (files, key) = (Arc::clone(&self.0), format!("{}/{}", file.flow_id, file.name));
///         Ok(Box::new(Writer { files, key, content: Vec::new() }))
///     }
/// }
///
/// impl BlockingSinkWriter for Writer {
///     fn write(&mut self, bytes: Bytes) -> io::Result<()> {
///         self.content.extend_from_slice(&bytes);
///         Ok(())
///     }
///
///     fn finish(self: Box<Self>) -> io::Result<String> {
///         let mut files = self.files.lock().map_err(|_| io::Error::other("poisoned"))?;
///         files.insert(self.key.clone(), self.content);
///         Ok(self.key)
///     }
/// }
///
/// let options = DownloadOptions::to_sink(Memory::default());
/// ```
pub trait BlockingSink: Send + Sync + 'static {
    /// Begins a file, after the head of the response was checked.
    ///
    /// # Errors
    /// Returns an error if the file cannot be received.
    fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>>;
}

/// Writer of one file of a [`BlockingSink`].
pub trait BlockingSinkWriter: Send + 'static {
    /// Appends received bytes.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be stored. [`abort`](Self::abort) follows.
    fn write(&mut self, bytes: Bytes) -> io::Result<()>;

    /// Completes the file, which has passed all checks, and returns its key for the report.
    ///
    /// # Errors
    /// Returns an error if the file is not stored.
    fn finish(self: Box<Self>) -> io::Result<String>;

    /// Discards the file, because the transfer or a check failed or the download was dropped.
    fn abort(self: Box<Self>) {}
}

impl<S: BlockingSink + ?Sized> BlockingSink for Arc<S> {
    fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>> {
        (**self).begin(file)
    }
}

/// Async destination of downloaded files, for the async client
/// ([`DownloadOptions::to_async_sink`](crate::DownloadOptions::to_async_sink)).
///
/// Errors have the effects of those of a [`BlockingSink`].
///
/// ```
/// use std::io;
///
/// use essbasic::transport::{Bytes, async_trait};
/// use essbasic::{AsyncSink, AsyncSinkWriter, DownloadOptions, SinkFile};
///
/// /// Sends files to the channel of an upload.
/// struct Uploads(tokio::sync::mpsc::Sender<Bytes>);
///
/// struct Upload(tokio::sync::mpsc::Sender<Bytes>, String);
///
/// #[async_trait]
/// impl AsyncSink for Uploads {
///     async fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn AsyncSinkWriter>> {
///         Ok(Box::new(Upload(self.0.clone(), file.name.clone())))
///     }
/// }
///
/// #[async_trait]
/// impl AsyncSinkWriter for Upload {
///     async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
///         self.0.send(bytes).await.map_err(io::Error::other)
///     }
///
///     async fn finish(self: Box<Self>) -> io::Result<String> {
///         Ok(self.1)
///     }
/// }
///
/// let (sender, _receiver) = tokio::sync::mpsc::channel(8);
/// let options = DownloadOptions::to_async_sink(Uploads(sender));
/// ```
#[cfg(feature = "async-core")]
#[async_trait]
pub trait AsyncSink: Send + Sync + 'static {
    /// Begins a file, after the head of the response was checked.
    ///
    /// # Errors
    /// Returns an error if the file cannot be received.
    async fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn AsyncSinkWriter>>;
}

/// Writer of one file of an [`AsyncSink`].
///
/// If the download is dropped, the writer is dropped without a further call. After a [`Stop`](crate::Stop), a call that does not
/// end within [`Stop::GRACE`](crate::Stop::GRACE) is dropped: [`abort`](Self::abort) follows one of [`write`](Self::write), and none
/// follows one of [`finish`](Self::finish).
#[cfg(feature = "async-core")]
#[async_trait]
pub trait AsyncSinkWriter: Send + 'static {
    /// Appends received bytes.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be stored. [`abort`](Self::abort) follows.
    async fn write(&mut self, bytes: Bytes) -> io::Result<()>;

    /// Completes the file, which has passed all checks, and returns its key for the report.
    ///
    /// # Errors
    /// Returns an error if the file is not stored.
    async fn finish(self: Box<Self>) -> io::Result<String>;

    /// Discards the file, because the transfer or a check failed.
    ///
    /// After a [`Stop`](crate::Stop), the download waits [`Stop::GRACE`](crate::Stop::GRACE) for it. It continues after
    /// that, as long as the runtime exists.
    async fn abort(self: Box<Self>) {}
}

#[cfg(feature = "async-core")]
#[async_trait]
impl<S: AsyncSink + ?Sized> AsyncSink for Arc<S> {
    async fn begin(&self, file: &SinkFile) -> io::Result<Box<dyn AsyncSinkWriter>> {
        (**self).begin(file).await
    }
}

/// A sink of the caller.
#[derive(Clone)]
pub(crate) enum Sink {
    Blocking(Arc<dyn BlockingSink>),
    #[cfg(feature = "async-core")]
    Async(Arc<dyn AsyncSink>),
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}
