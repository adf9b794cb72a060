//! The runtime on which the blocking driver runs an async store.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Instant;

use tc3_client::Stop;
use tc3_client::transport::Bytes;
use tokio::runtime::{Builder, Runtime};

use super::super::outcome::{FetchOutcome, NOT_DISCARDED};
use super::super::write::AsyncWrite;
use super::STOP_CHECK;
use crate::trace::in_context;

/// A runtime with one thread, created with the first file.
///
/// All workers share it. A store pools its connections, and each connection is driven by the runtime that opened it.
/// With one runtime per worker, a connection would stall while the worker of its runtime waits for something else.
#[derive(Debug, Default)]
pub(crate) struct StoreRuntime {
    runtime: OnceLock<Result<Runtime, io::ErrorKind>>,
    /// `true` if a task was cancelled, whose upload may still have to be aborted.
    cancelled: AtomicBool,
}

impl StoreRuntime {
    /// Writes received bytes. Aborts the file if they are rejected.
    pub(crate) fn append<F: AsyncWrite + 'static>(
        &self,
        stop: Option<&Stop>,
        mut file: F,
        bytes: Bytes,
    ) -> Result<F, FetchOutcome> {
        self.block_on(stop, async move {
            match file.append(bytes).await {
                Ok(()) => Ok(file),
                Err(outcome) => {
                    file.abort().await;
                    Err(outcome)
                }
            }
        })?
    }

    /// Completes a file. Aborts it if it is rejected.
    pub(crate) fn finish(
        &self,
        stop: Option<&Stop>,
        mut file: impl AsyncWrite + 'static,
    ) -> Result<FetchOutcome, FetchOutcome> {
        self.block_on(stop, async move {
            let outcome = file.finish().await;
            if !matches!(outcome, FetchOutcome::Saved(_)) {
                file.abort().await;
            }
            outcome
        })
    }

    /// Runs a task and blocks until it ends. A panic of the task is resumed in the caller, as in the async driver.
    ///
    /// After a stop, a task that does not end within [`Stop::GRACE`] is cancelled. The caller does not wait for requests
    /// that block a thread.
    pub(crate) fn block_on<T: Send + 'static>(
        &self,
        stop: Option<&Stop>,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, FetchOutcome> {
        let runtime = self.runtime.get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).thread_name("essbasic-store").enable_all();
            builder.build().map_err(|error| error.kind())
        });
        let runtime = runtime.as_ref().map_err(|&kind| FetchOutcome::Disk(kind.into()))?;
        let task = runtime.spawn(in_context(task));
        let handle = task.abort_handle();
        // A channel, because `Runtime::block_on` panics if the caller's thread belongs to another runtime.
        let (sender, receiver) = sync_channel(1);
        runtime.spawn(async move { sender.send(task.await) });
        loop {
            match receiver.recv_timeout(STOP_CHECK) {
                Ok(Ok(output)) => return Ok(output),
                Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(RecvTimeoutError::Timeout) => {
                    if stop.is_some_and(Stop::is_grace_over) {
                        self.cancelled.store(true, Ordering::SeqCst);
                        handle.abort();
                        return Err(FetchOutcome::Stopped);
                    }
                }
                _ => {
                    let message = "the runtime of the store has shut down";
                    return Err(FetchOutcome::Disk(io::Error::other(message)));
                }
            }
        }
    }
}

impl Drop for StoreRuntime {
    fn drop(&mut self) {
        let Some(Ok(runtime)) = self.runtime.take() else { return };
        // The aborts of cancelled uploads are tasks. A store that does not respond is not waited for.
        if self.cancelled.load(Ordering::SeqCst) {
            let start = Instant::now();
            while runtime.metrics().num_alive_tasks() > 0 && start.elapsed() < Stop::GRACE {
                std::thread::sleep(STOP_CHECK);
            }
            if runtime.metrics().num_alive_tasks() > 0 {
                tracing::warn!("{NOT_DISCARDED}");
            }
        }
        // In the background, because a blocking shutdown panics if the caller's thread belongs to another runtime.
        runtime.shutdown_background();
    }
}
