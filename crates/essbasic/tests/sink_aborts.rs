//! Aborts of the sinks of the caller by the async client, with a scripted transport.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use essbasic::transport::{AsyncBody, Bytes, Method, Request, async_trait};
use essbasic::{
    AsyncSink, AsyncSinkWriter, BlockingSink, BlockingSinkWriter, Client, DownloadOptions,
    SinkFile, Stop, agent,
};

use crate::scripted::{Body, End, config, links, response};

/// Length of the PDF. The client collects fewer bytes before it calls a blocking sink.
const LENGTH: usize = 300_000;

/// Returns a client whose first link ends after the first write, and whose further links are complete.
fn client(first: End) -> Client {
    let is_first = AtomicBool::new(true);
    let serve = move |request: &Request| {
        if request.method == Method::POST {
            return links(request, "c");
        }
        let mut pdf = b"%PDF-1.7 ".to_vec();
        pdf.resize(LENGTH - 5, b' ');
        pdf.extend_from_slice(b"%%EOF");
        let end = if is_first.swap(false, Ordering::SeqCst) {
            pdf.truncate(290_000);
            first
        } else {
            End::Complete
        };
        response(200, Some(LENGTH), Body([pdf.into()].into(), end))
    };
    let transport =
        move |request: Request| std::future::ready(Ok(serve(&request).map(AsyncBody::stream)));
    Client::with_transport(config(), agent("a", "o", "p"), transport).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Lets other tasks run until a condition is met.
async fn wait_until(is_met: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_met() {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A sink that records its writes and aborts.
#[derive(Clone, Default)]
struct Aborts {
    has_written: Arc<AtomicBool>,
    /// The thread of each complete abort.
    threads: Arc<Mutex<Vec<ThreadId>>>,
}

impl Aborts {
    fn record_write(&self) -> io::Result<()> {
        self.has_written.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn has_written(&self) -> bool {
        self.has_written.load(Ordering::SeqCst)
    }

    fn record_abort(&self) {
        self.threads.lock().unwrap().push(std::thread::current().id());
    }

    fn threads(&self) -> Vec<ThreadId> {
        self.threads.lock().unwrap().clone()
    }
}

impl BlockingSink for Aborts {
    fn begin(&self, _: &SinkFile) -> io::Result<Box<dyn BlockingSinkWriter>> {
        Ok(Box::new(self.clone()))
    }
}

impl BlockingSinkWriter for Aborts {
    fn write(&mut self, _: Bytes) -> io::Result<()> {
        self.record_write()
    }

    fn finish(self: Box<Self>) -> io::Result<String> {
        Ok("key".to_owned())
    }

    fn abort(self: Box<Self>) {
        // Panics on a thread that runs async tasks.
        tokio::runtime::Handle::current().block_on(async {});
        self.record_abort();
    }
}

#[async_trait]
impl AsyncSink for Aborts {
    async fn begin(&self, _: &SinkFile) -> io::Result<Box<dyn AsyncSinkWriter>> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl AsyncSinkWriter for Aborts {
    async fn write(&mut self, _: Bytes) -> io::Result<()> {
        self.record_write()
    }

    async fn finish(self: Box<Self>) -> io::Result<String> {
        Ok("key".to_owned())
    }

    async fn abort(self: Box<Self>) {
        // As long as a request.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.record_abort();
    }
}

#[test]
fn a_blocking_sink_aborts_on_a_blocking_thread() {
    for end in [End::Broken, End::Never] {
        let (sink, client) = (Aborts::default(), client(end));
        let options = DownloadOptions::to_sink(sink.clone());
        block_on(async {
            let download = async move { client.download(["f"], &options).await };
            let download = tokio::spawn(download);
            if matches!(end, End::Never) {
                // The download is dropped. It most likely waits for the body 50 ms after the write.
                wait_until(|| sink.has_written()).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                download.abort();
            } else {
                assert!(download.await.unwrap().unwrap().is_complete());
            }
            wait_until(|| !sink.threads().is_empty()).await;
        });
        let threads = sink.threads();
        assert_eq!(threads.len(), 1);
        assert_ne!(threads[0], std::thread::current().id());
    }
}

#[test]
fn an_async_sink_completes_its_abort_after_the_grace_of_a_stop() {
    let (sink, stop) = (Aborts::default(), Stop::default());
    let options = DownloadOptions::to_async_sink(sink.clone()).with_stop(stop.clone());
    block_on(async {
        let client = client(End::Never);
        let download = tokio::spawn(async move { client.download(["f"], &options).await });
        wait_until(|| sink.has_written()).await;
        stop.stop();
        assert!(!download.await.unwrap().unwrap().is_complete());
        // Complete when the download returns, because a program may then end.
        assert_eq!(sink.threads().len(), 1);
    });
}
