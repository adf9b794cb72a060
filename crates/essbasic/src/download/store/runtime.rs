//! The runtime on which the blocking driver runs an async store.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;

use tokio::runtime::{Builder, Runtime};

use super::super::outcome::FetchOutcome;

/// A runtime with one thread, created with the first file.
///
/// All workers share it. A store pools its connections, and each connection is driven by the runtime that opened it.
/// With one runtime per worker, a connection would stall while the worker of its runtime waits for something else.
#[derive(Debug, Default)]
pub(crate) struct StoreRuntime(OnceLock<Result<Runtime, io::ErrorKind>>);

impl StoreRuntime {
    /// Runs a task and blocks until it ends. A panic of the task is resumed in the caller, as in the async driver.
    pub(crate) fn block_on<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, FetchOutcome> {
        let runtime = self.0.get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).thread_name("essbasic-store").enable_all();
            builder.build().map_err(|error| error.kind())
        });
        let runtime = runtime.as_ref().map_err(|&kind| FetchOutcome::Disk(kind.into()))?;
        let task = runtime.spawn(task);
        // A channel, because `Runtime::block_on` panics if the caller's thread belongs to another runtime.
        let (sender, receiver) = sync_channel(1);
        runtime.spawn(async move { sender.send(task.await) });
        match receiver.recv() {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => {
                Err(FetchOutcome::Disk(io::Error::other("the runtime of the store has shut down")))
            }
        }
    }
}

impl Drop for StoreRuntime {
    fn drop(&mut self) {
        // In the background, because a blocking shutdown panics if the caller's thread belongs to another runtime.
        if let Some(Ok(runtime)) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
