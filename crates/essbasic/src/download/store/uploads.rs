//! A runtime for a store, which is async, in the blocking driver.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;

use tokio::runtime::{Builder, Runtime};

use super::super::fetch::FetchEnd;

/// Runs what a store does, while threads wait for it. It has one thread, made with the first file that
/// goes to a store.
///
/// One for all workers, not one each: a store shares its connections among those who use it, and each
/// connection is served by the runtime that opened it. A worker's own would stand still while that worker
/// waits for a link, and with it whoever was given its connection.
#[derive(Debug, Default)]
pub(crate) struct Uploads(OnceLock<Result<Runtime, io::ErrorKind>>);

impl Uploads {
    /// Waits for it. A panic in the store is the caller's, as it is in the other driver.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, FetchEnd> {
        let runtime = self.0.get_or_init(|| {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).thread_name("essbasic-store").enable_all();
            builder.build().map_err(|error| error.kind())
        });
        let runtime = runtime.as_ref().map_err(|&kind| FetchEnd::Disk(kind.into()))?;
        let task = runtime.spawn(task);
        // By a channel: to block on it is refused where the caller's thread is of a runtime itself.
        let (done, waited) = sync_channel(1);
        runtime.spawn(async move { done.send(task.await) });
        match waited.recv() {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(FetchEnd::Disk(io::Error::other("the store's runtime stopped"))),
        }
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        // Without waiting, which is refused where the caller's thread is of a runtime itself.
        if let Some(Ok(runtime)) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
