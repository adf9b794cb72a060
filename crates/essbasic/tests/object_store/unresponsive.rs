//! Stops of archives in a store that does not respond, with both drivers.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use essbasic::object_store::path::Path;
use essbasic::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use essbasic::{ArchiveOptions, ArchiveReport, Error, Stop};
use futures_core::stream::BoxStream;

use super::service::{Link, Service};
use super::{BLOCKING, LONG, PART, memory, to};

/// The requests that get no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hang {
    Read,
    Put,
    Start,
    Part,
    Complete,
    None,
}

/// Duration of an abort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abort {
    /// As long as a request.
    Slow,
    Never,
}

#[derive(Debug)]
struct Unresponsive {
    inner: Arc<dyn ObjectStore>,
    hang: Hang,
    abort: Abort,
    aborted: Arc<AtomicUsize>,
}

impl fmt::Display for Unresponsive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

async fn hang_if(hangs: bool) {
    if hangs {
        std::future::pending::<()>().await;
    }
}

#[async_trait::async_trait]
impl ObjectStore for Unresponsive {
    async fn put_opts(&self, at: &Path, bytes: PutPayload, of: PutOptions) -> Result<PutResult> {
        hang_if(self.hang == Hang::Put).await;
        self.inner.put_opts(at, bytes, of).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        hang_if(self.hang == Hang::Start).await;
        let inner = self.inner.put_multipart_opts(at, options).await?;
        let (hang, abort, aborted) = (self.hang, self.abort, Arc::clone(&self.aborted));
        Ok(Box::new(Upload { inner, hang, abort, aborted }))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        hang_if(self.hang == Hang::Read).await;
        self.inner.get_opts(at, options).await
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
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    hang: Hang,
    abort: Abort,
    aborted: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, bytes: PutPayload) -> UploadPart {
        let (hangs, part) = (self.hang == Hang::Part, self.inner.put_part(bytes));
        Box::pin(async move {
            hang_if(hangs).await;
            part.await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        hang_if(self.hang == Hang::Complete).await;
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        hang_if(self.abort == Abort::Never).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let aborted = self.inner.abort().await;
        self.aborted.fetch_add(1, Ordering::SeqCst);
        aborted
    }
}

/// Archives on another thread, stops the job after a moment, and returns its result.
fn stopped(
    service: &Service,
    blocking: bool,
    options: ArchiveOptions,
) -> Result<ArchiveReport, Error> {
    let (stop, (sender, receiver)) = (Stop::default(), channel());
    let (service, options) = (service.clone(), options.with_stop(stop.clone()));
    std::thread::spawn(move || sender.send(service.archive(blocking, &options)));
    std::thread::sleep(Duration::from_millis(300));
    stop.stop();
    let start = Instant::now();
    let result = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    result
}

#[test]
fn a_stop_cancels_operations_of_a_store_that_does_not_respond() {
    for blocking in BLOCKING {
        for (hang, length, abort, aborted) in [
            (Hang::Read, 1000, Abort::Slow, 0),
            (Hang::Put, 1000, Abort::Slow, 0),
            (Hang::Start, LONG, Abort::Slow, 0),
            (Hang::Part, LONG, Abort::Slow, 1),
            (Hang::Complete, LONG, Abort::Slow, 1),
            // The job does not wait for it without a limit.
            (Hang::Part, LONG, Abort::Never, 0),
        ] {
            let service = Service::of(&[("f", length), ("g", length)]);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let aborts = Arc::new(AtomicUsize::new(0));
            let (inner_of, aborted_of) = (Arc::clone(&inner), Arc::clone(&aborts));
            let of = Unresponsive { inner: inner_of, hang, abort, aborted: aborted_of };
            let store: Arc<dyn ObjectStore> = Arc::new(of);
            let report = stopped(&service, blocking, to(&store, &home)).unwrap();
            assert!(report.stopped, "{hang:?}");
            assert_eq!((report.saved, report.failed, report.not_started), (0, 0, 2), "{hang:?}");
            // Complete when the job returns, because a program may then end.
            assert_eq!(aborts.load(Ordering::SeqCst), 2 * aborted, "{hang:?}");
            // The next run continues.
            let report = service.archive(blocking, &to(&inner, &home)).unwrap();
            assert_eq!((report.saved, report.already), (2, 0), "{hang:?}");
        }
    }
}

#[test]
fn a_stop_completes_the_abort_of_uploads_from_links_that_stall() {
    for blocking in BLOCKING {
        let service = Service::of(&[("f", LONG), ("g", LONG)]);
        let stalls = [Link::Hangs(3 * PART)];
        let service = service.with("f", &stalls).with("g", &stalls);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let aborts = Arc::new(AtomicUsize::new(0));
        let aborted = Arc::clone(&aborts);
        let (hang, abort) = (Hang::None, Abort::Slow);
        let of = Unresponsive { inner: Arc::clone(&inner), hang, abort, aborted };
        let store: Arc<dyn ObjectStore> = Arc::new(of);
        let report = stopped(&service, blocking, to(&store, &home)).unwrap();
        assert!(report.stopped, "blocking: {blocking}");
        assert_eq!((report.saved, report.failed, report.not_started), (0, 0, 2));
        // Complete when the job returns, because a program may then end.
        assert_eq!(aborts.load(Ordering::SeqCst), 2, "blocking: {blocking}");
        assert_eq!(service.archive(blocking, &to(&inner, &home)).unwrap().saved, 2);
    }
}

#[test]
fn a_stop_cancels_the_verification_of_a_store_that_does_not_respond() {
    for blocking in BLOCKING {
        let service = Service::of(&[("f", 1000)]);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        assert_eq!(service.archive(blocking, &to(&inner, &home)).unwrap().saved, 1);
        let aborted = Arc::default();
        let (hang, abort) = (Hang::Read, Abort::Slow);
        let of = Unresponsive { inner: Arc::clone(&inner), hang, abort, aborted };
        let store: Arc<dyn ObjectStore> = Arc::new(of);
        let report = stopped(&service, blocking, to(&store, &home).with_verify()).unwrap();
        assert!(report.stopped, "{report:?}");
        assert_eq!((report.total, report.already, report.unverified), (1, 1, 1), "{report:?}");
        let report = service.archive(blocking, &to(&inner, &home).with_verify()).unwrap();
        assert_eq!((report.saved, report.already), (0, 1));
    }
}
