//! The transfer of one file, from its request to its sink.

use tc3_client::transport::{AsyncBody, Bytes, Response};

#[cfg(feature = "object-store")]
use crate::download::StoreSink;
use crate::download::{
    AsyncFile, BlockingFile, DownloadEvent, DownloadOptions, Fetch, FetchOutcome, FileSink,
    FolderSink, exchange_failed, file_request,
};
use crate::trace::spawn_blocking;
use crate::until_stop::{send_until, within_grace};

/// Number of bytes that are buffered before they are written to the disk or a blocking sink.
const WRITE_BYTES: usize = 256 << 10;

/// A sink that blocks.
trait BlockingWrite: Sized + Send + 'static {
    fn write(&mut self, bytes: Bytes) -> Result<(), FetchOutcome>;
    fn finish(self) -> FetchOutcome;
}

/// A sink that does not block. It discards the file if it returns an error.
trait AsyncWrite: Sized + Send {
    fn write(self, bytes: Bytes) -> impl Future<Output = Result<Self, FetchOutcome>> + Send;
    fn finish(self) -> impl Future<Output = FetchOutcome> + Send;
    fn abort(self, outcome: FetchOutcome) -> impl Future<Output = FetchOutcome> + Send;
}

macro_rules! blocking {
    ($($sink:ident)*) => {
        $(
            impl BlockingWrite for $sink {
                fn write(&mut self, bytes: Bytes) -> Result<(), FetchOutcome> {
                    $sink::write(self, bytes)
                }

                fn finish(self) -> FetchOutcome {
                    $sink::finish(self)
                }
            }
        )*
    };
}

macro_rules! asynchronous {
    ($($sink:ident)*) => {
        $(
            impl AsyncWrite for $sink {
                async fn write(self, bytes: Bytes) -> Result<Self, FetchOutcome> {
                    $sink::write(self, bytes).await
                }

                async fn finish(self) -> FetchOutcome {
                    $sink::finish(self).await
                }

                async fn abort(self, outcome: FetchOutcome) -> FetchOutcome {
                    $sink::abort(self, outcome).await
                }
            }
        )*
    };
}

blocking!(FolderSink BlockingFile);
asynchronous!(AsyncFile);
#[cfg(feature = "object-store")]
asynchronous!(StoreSink);

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
    mut file: impl BlockingWrite,
) -> Result<FetchOutcome, FetchOutcome> {
    let mut chunks = Vec::new();
    loop {
        let count = chunks.len();
        let stop = options.stop.as_ref();
        chunks.extend(body.chunk().await.map_err(|error| exchange_failed(&error, stop))?);
        let ended = chunks.len() == count;
        // Writes block, so they are batched and run on blocking threads.
        if ended || chunks.iter().map(Bytes::len).sum::<usize>() >= WRITE_BYTES {
            let written = std::mem::take(&mut chunks);
            options
                .emit(DownloadEvent::Bytes(written.iter().map(|chunk| chunk.len() as u64).sum()));
            let step = spawn_blocking(move || {
                written.into_iter().try_for_each(|chunk| file.write(chunk))?;
                if ended { Err(file.finish()) } else { Ok(file) }
            });
            file = match step.await {
                Ok(step) => step?,
                // A panic of a sink of the caller is propagated, as in the blocking client.
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => {
                    return Err(FetchOutcome::Disk(std::io::Error::other("the runtime stopped")));
                }
            };
        }
    }
}

async fn to_async(
    options: &DownloadOptions,
    mut body: AsyncBody,
    mut file: impl AsyncWrite,
) -> Result<FetchOutcome, FetchOutcome> {
    let stop = options.stop.as_ref();
    loop {
        match body.chunk().await {
            Ok(Some(chunk)) => {
                options.emit(DownloadEvent::Bytes(chunk.len() as u64));
                file = within_grace(stop, file.write(chunk)).await??;
            }
            Ok(None) => return within_grace(stop, file.finish()).await,
            Err(error) => {
                let aborted = file.abort(exchange_failed(&error, stop));
                return Err(within_grace(stop, aborted).await?);
            }
        }
    }
}
