//! A store that fails as told, and keeps count of what it was asked for.

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

/// What a store is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    Put,
    Start,
    Part,
    Complete,
    Abort,
}

/// Says how the so many-th request of a kind fails, counted from 1.
type Script = dyn Fn(Op, usize) -> Option<Error> + Send + Sync;

/// What a store makes of the condition that no object has the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Honoured,
    /// The object is replaced, as by stores that do not know the header.
    Ignored,
    Refused,
    /// Refused by a server's status only.
    BadRequest,
}

pub struct Store {
    inner: Arc<dyn ObjectStore>,
    condition: Condition,
    told: Arc<Told>,
}

pub struct Told {
    script: Box<Script>,
    counts: Mutex<BTreeMap<Op, usize>>,
    /// Bytes on their way to the store.
    held: AtomicUsize,
    most: AtomicUsize,
    longest: AtomicUsize,
}

impl Told {
    /// How often this was asked for.
    pub fn count(&self, op: Op) -> usize {
        self.counts.lock().unwrap().get(&op).copied().unwrap_or_default()
    }

    /// The most bytes that were on their way at a time, and in one request.
    pub fn most(&self) -> (usize, usize) {
        (self.most.load(Ordering::SeqCst), self.longest.load(Ordering::SeqCst))
    }

    fn asked(&self, op: Op) -> Result<()> {
        let mut counts = self.counts.lock().unwrap();
        let count = counts.entry(op).or_default();
        *count += 1;
        (self.script)(op, *count).map_or(Ok(()), Err)
    }

    async fn carry(&self, bytes: usize) {
        let held = self.held.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.most.fetch_max(held, Ordering::SeqCst);
        self.longest.fetch_max(bytes, Ordering::SeqCst);
        // Long enough for others to come along.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        self.held.fetch_sub(bytes, Ordering::SeqCst);
    }
}

impl Store {
    /// The store, and what it tells of itself.
    pub fn over(
        inner: Arc<dyn ObjectStore>,
        script: impl Fn(Op, usize) -> Option<Error> + Send + Sync + 'static,
    ) -> (Arc<dyn ObjectStore>, Arc<Told>) {
        let told = Arc::new(Told {
            script: Box::new(script),
            counts: Mutex::default(),
            held: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            longest: AtomicUsize::new(0),
        });
        let condition = Condition::Honoured;
        (Arc::new(Self { inner, condition, told: Arc::clone(&told) }), told)
    }

    /// A store that makes this of the condition that no object has the key.
    pub fn with(inner: Arc<dyn ObjectStore>, condition: Condition) -> Arc<dyn ObjectStore> {
        let (_, told) = Self::over(Arc::clone(&inner), |_, _| None);
        Arc::new(Self { inner, condition, told })
    }
}

/// What may pass.
pub fn passing() -> Error {
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

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(SECRET)")
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(SECRET)")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Store {
    async fn put_opts(&self, at: &Path, bytes: PutPayload, o: PutOptions) -> Result<PutResult> {
        self.told.asked(Op::Put)?;
        self.told.carry(bytes.content_length()).await;
        let mut options = o;
        if options.mode == PutMode::Create {
            match self.condition {
                Condition::Honoured => {}
                Condition::Ignored => options.mode = PutMode::Overwrite,
                Condition::Refused => {
                    let (operation, implementer) = ("create".to_owned(), "Store".to_owned());
                    return Err(Error::NotImplemented { operation, implementer });
                }
                Condition::BadRequest => {
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
        self.told.asked(Op::Start)?;
        let inner = self.inner.put_multipart_opts(at, options).await?;
        Ok(Box::new(Upload { inner, told: Arc::clone(&self.told) }))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(
        &self,
        places: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(places)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    told: Arc<Told>,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

#[async_trait::async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, bytes: PutPayload) -> UploadPart {
        let (asked, told) = (self.told.asked(Op::Part), Arc::clone(&self.told));
        let length = bytes.content_length();
        let part = self.inner.put_part(bytes);
        Box::pin(async move {
            asked?;
            told.carry(length).await;
            part.await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.told.asked(Op::Complete)?;
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.told.asked(Op::Abort)?;
        self.inner.abort().await
    }
}
