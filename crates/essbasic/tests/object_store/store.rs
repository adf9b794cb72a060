//! A store with scripted failures, which records its requests.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use essbasic::object_store::path::Path;
use essbasic::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};
use futures_core::stream::BoxStream;

/// A kind of request to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    Put,
    Start,
    Part,
    Complete,
    /// The response to a completion that was executed.
    Completed,
    Abort,
    Head,
    Get,
    List,
}

/// Returns the error of a request by its kind and number, counted from 1 per kind.
type Script = dyn Fn(Op, usize) -> Option<Error> + Send + Sync;

/// The support of the condition that no object has the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionSupport {
    Supported,
    /// The object is replaced, as by stores that ignore the header.
    Ignored,
    NotImplemented,
    /// Rejected with HTTP 400.
    BadRequest,
}

/// The support of reads of one version of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadSupport {
    /// `If-Match` is honored.
    Condition,
    /// `If-Match` is ignored, and responses have an ETag.
    Tag,
    /// Responses have only a modification time.
    Time,
}

pub struct ScriptedStore {
    inner: Arc<dyn ObjectStore>,
    condition: ConditionSupport,
    reads: ReadSupport,
    log: Arc<Log>,
}

pub struct Log {
    script: Box<Script>,
    counts: Mutex<BTreeMap<Op, usize>>,
    /// Bytes in flight to the store.
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
    max_request: AtomicUsize,
}

impl Log {
    /// Returns the number of requests of this kind.
    pub fn count(&self, op: Op) -> usize {
        self.counts.lock().unwrap().get(&op).copied().unwrap_or_default()
    }

    /// Returns the maximum number of bytes in flight.
    pub fn max_in_flight(&self) -> usize {
        self.max_in_flight.load(Ordering::SeqCst)
    }

    /// Returns the maximum length of a request, in bytes.
    pub fn max_request(&self) -> usize {
        self.max_request.load(Ordering::SeqCst)
    }

    fn record(&self, op: Op) -> Result<()> {
        let count = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(op).or_default();
            *count += 1;
            *count
        };
        (self.script)(op, count).map_or(Ok(()), Err)
    }

    async fn transfer(&self, bytes: usize) {
        let in_flight = self.in_flight.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.max_in_flight.fetch_max(in_flight, Ordering::SeqCst);
        self.max_request.fetch_max(bytes, Ordering::SeqCst);
        // Long enough for concurrent requests.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        self.in_flight.fetch_sub(bytes, Ordering::SeqCst);
    }
}

impl ScriptedStore {
    /// Wraps a store, and returns it with the log of its requests.
    pub fn over(
        inner: Arc<dyn ObjectStore>,
        script: impl Fn(Op, usize) -> Option<Error> + Send + Sync + 'static,
    ) -> (Arc<dyn ObjectStore>, Arc<Log>) {
        let log = Arc::new(Log {
            script: Box::new(script),
            counts: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            max_in_flight: AtomicUsize::new(0),
            max_request: AtomicUsize::new(0),
        });
        let (condition, reads) = (ConditionSupport::Supported, ReadSupport::Condition);
        (Arc::new(Self { inner, condition, reads, log: Arc::clone(&log) }), log)
    }

    /// As [`over`](Self::over), with this support of reads of one version.
    pub fn reading(
        inner: Arc<dyn ObjectStore>,
        reads: ReadSupport,
        script: impl Fn(Op, usize) -> Option<Error> + Send + Sync + 'static,
    ) -> Arc<dyn ObjectStore> {
        let (_, log) = Self::over(Arc::clone(&inner), script);
        Arc::new(Self { inner, condition: ConditionSupport::Supported, reads, log })
    }

    /// Wraps a store with this support of the condition that no object has the key.
    pub fn with(inner: Arc<dyn ObjectStore>, condition: ConditionSupport) -> Arc<dyn ObjectStore> {
        let (_, log) = Self::over(Arc::clone(&inner), |_, _| None);
        Arc::new(Self { inner, condition, reads: ReadSupport::Condition, log })
    }
}

/// Returns a transient error.
pub fn unavailable() -> Error {
    Error::Generic { store: "S3", source: "503 Slow Down: <Token>SECRET</Token>".into() }
}

pub fn denied() -> Error {
    Error::PermissionDenied {
        path: "SECRET".to_owned(),
        source: "403 Forbidden: <Code>AccessDenied</Code><Token>SECRET</Token>".into(),
    }
}

pub fn missing() -> Error {
    let source = "404 Not Found: <Code>NoSuchBucket</Code><HostId>SECRET</HostId>".into();
    Error::NotFound { path: "SECRET".to_owned(), source }
}

impl fmt::Debug for ScriptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedStore(SECRET)")
    }
}

impl fmt::Display for ScriptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedStore(SECRET)")
    }
}

#[async_trait::async_trait]
impl ObjectStore for ScriptedStore {
    async fn put_opts(
        &self,
        at: &Path,
        bytes: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        self.log.record(Op::Put)?;
        self.log.transfer(bytes.content_length()).await;
        if options.mode == PutMode::Create {
            match self.condition {
                ConditionSupport::Supported => {}
                ConditionSupport::Ignored => options.mode = PutMode::Overwrite,
                ConditionSupport::NotImplemented => {
                    let (operation, implementer) = ("create".to_owned(), "Store".to_owned());
                    return Err(Error::NotImplemented { operation, implementer });
                }
                ConditionSupport::BadRequest => {
                    let text = "Server returned non-2xx status code: 400 Bad Request: SECRET";
                    return Err(Error::Generic { store: "S3", source: text.into() });
                }
            }
        }
        self.inner.put_opts(at, bytes, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.log.record(Op::Start)?;
        let inner = self.inner.put_multipart_opts(at, options).await?;
        Ok(Box::new(Upload { inner, log: Arc::clone(&self.log) }))
    }

    async fn get_opts(&self, at: &Path, mut options: GetOptions) -> Result<GetResult> {
        self.log.record(if options.head { Op::Head } else { Op::Get })?;
        if self.reads != ReadSupport::Condition {
            options.if_match = None;
        }
        let mut result = self.inner.get_opts(at, options).await?;
        if self.reads == ReadSupport::Time {
            result.meta.e_tag = None;
        }
        Ok(result)
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.log.record(Op::List)?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    log: Arc<Log>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

#[async_trait::async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, bytes: PutPayload) -> UploadPart {
        let (recorded, log) = (self.log.record(Op::Part), Arc::clone(&self.log));
        let length = bytes.content_length();
        let part = self.inner.put_part(bytes);
        Box::pin(async move {
            recorded?;
            log.transfer(length).await;
            part.await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.log.record(Op::Complete)?;
        let completed = self.inner.complete().await;
        self.log.record(Op::Completed)?;
        completed
    }

    async fn abort(&mut self) -> Result<()> {
        self.log.record(Op::Abort)?;
        self.inner.abort().await
    }
}
