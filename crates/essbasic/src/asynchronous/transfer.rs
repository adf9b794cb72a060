//! The transfer of one file, from its request to its sink.

use tc3_client::transport::{AsyncBody, Bytes, Response};
use tokio::runtime::Handle;

use crate::download::{
    AsyncWrite, BlockingWrite, DownloadEvent, DownloadOptions, Fetch, FetchOutcome, FileSink,
    exchange_failed, file_request,
};
use crate::trace::spawn_blocking;
use crate::until_stop::{send_until, within_grace, within_own_grace};

/// Number of bytes that are buffered before they are written to the disk or a blocking sink.
const WRITE_BYTES: usize = 256 << 10;

/// A file of a blocking sink. A blocking thread discards it if it is dropped, for example by a dropped download.
struct OffRuntime<F: Send + 'static>(Option<F>);

impl<F: Send + 'static> OffRuntime<F> {
    fn new(file: F) -> Self {
        Self(Some(file))
    }

    fn take(&mut self) -> Option<F> {
        self.0.take()
    }
}

impl<F: Send + 'static> Drop for OffRuntime<F> {
    fn drop(&mut self) {
        let Some(file) = self.take() else { return };
        // Without a runtime, no task is delayed.
        if Handle::try_current().is_ok() {
            spawn_blocking(move || drop(file));
        }
    }
}

/// Requests a file.
pub(crate) async fn open(
    client: &tc3_client::Client,
    options: &DownloadOptions,
    fetch: &Fetch,
) -> Result<Response<AsyncBody>, FetchOutcome> {
    let request = file_request(fetch, options, client.endpoint())?;
    let stop = options.stop.as_ref();
    let response = send_until(client, request, stop).await;
    response.map_err(|error| exchange_failed(&error, stop))?.ok_or(FetchOutcome::Stopped)
}

/// Fetches a file.
pub(super) async fn run(
    client: &tc3_client::Client,
    options: &DownloadOptions,
    fetch: &Fetch,
) -> Result<FetchOutcome, FetchOutcome> {
    let response = open(client, options, fetch).await?;
    match FileSink::new(fetch, &response)? {
        FileSink::Folder(file) => to_blocking(options, response.body, file).await,
        FileSink::Blocking(file) => to_blocking(options, response.body, file).await,
        FileSink::Async(file) => to_async(options, response.body, file).await,
        #[cfg(feature = "object-store")]
        FileSink::Store(object) => to_async(options, response.body, object).await,
    }
}

async fn to_blocking(
    options: &DownloadOptions,
    mut body: AsyncBody,
    file: impl BlockingWrite,
) -> Result<FetchOutcome, FetchOutcome> {
    let (mut file, mut chunks) = (OffRuntime::new(file), Vec::new());
    loop {
        let count = chunks.len();
        match body.chunk().await {
            Ok(chunk) => chunks.extend(chunk),
            Err(error) => {
                let outcome = exchange_failed(&error, options.stop.as_ref());
                // Discarded before the next attempt begins.
                let file = file.take();
                return unblock(move || drop(file)).await.and(Err(outcome));
            }
        }
        let ended = chunks.len() == count;
        // Writes block, so they are batched and run on blocking threads.
        if ended || chunks.iter().map(Bytes::len).sum::<usize>() >= WRITE_BYTES {
            let written = std::mem::take(&mut chunks);
            options
                .emit(DownloadEvent::Bytes(written.iter().map(|chunk| chunk.len() as u64).sum()));
            let Some(mut taken) = file.take() else { return Err(FetchOutcome::Stopped) };
            let step = move || {
                written.into_iter().try_for_each(|chunk| taken.write(chunk))?;
                if ended { Err(taken.finish()) } else { Ok(OffRuntime::new(taken)) }
            };
            file = unblock(step).await??;
        }
    }
}

/// Performs work on a thread that may block.
async fn unblock<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FetchOutcome> {
    match spawn_blocking(work).await {
        Ok(output) => Ok(output),
        // A panic of a sink of the caller is propagated, as in the blocking client.
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(FetchOutcome::Disk(std::io::Error::other("the runtime stopped"))),
    }
}

async fn to_async(
    options: &DownloadOptions,
    mut body: AsyncBody,
    mut file: impl AsyncWrite,
) -> Result<FetchOutcome, FetchOutcome> {
    let stop = options.stop.as_ref();
    let ended = loop {
        let step = match body.chunk().await {
            Ok(Some(chunk)) => {
                options.emit(DownloadEvent::Bytes(chunk.len() as u64));
                within_grace(stop, file.append(chunk)).await.flatten()
            }
            Ok(None) => match within_grace(stop, file.finish()).await {
                Ok(saved @ FetchOutcome::Saved(_)) => return Ok(saved),
                Ok(outcome) | Err(outcome) => Err(outcome),
            },
            Err(error) => Err(exchange_failed(&error, stop)),
        };
        if let Err(ended) = step {
            break ended;
        }
    };
    // Also after an operation that did not end within the grace of a stop, so that the upload is not forgotten.
    within_own_grace(stop, file.abort()).await;
    Err(ended)
}
