//! The PDF of a contract as a stream.

use core::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tc3_client::transport::{AsyncBody, Bytes};
use tokio::io::{AsyncRead, ReadBuf};
use tracing::Instrument;

use super::pdf_options::PdfOptions;
use crate::asynchronous::{Client, open, run_call};
use crate::download::{DownloadOptions, Head, Reading, Step, StepOutcome, exchange_failed};
use crate::error::Error;
use crate::ids::FlowId;
use crate::next::Next;
use crate::until_stop::unless_stopped;

/// The PDF of a contract as a stream of chunks, created by [`ContractHandle::pdf_stream`](crate::ContractHandle::pdf_stream).
///
#[doc = include_str!("../docs/pdf_stream.md")]
///
/// ```no_run
/// # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use essbasic::PdfOptions;
///
/// let mut pdf = client.contract("FLOW_ID").pdf_stream(&PdfOptions::default()).await?;
/// while let Some(chunk) = pdf.chunk().await? {
///     println!("{} bytes", chunk.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct PdfStream {
    state: State,
    head: Head,
}

/// The reader after a chunk, with the chunk.
type Read = (Box<Reader>, Option<Result<Bytes, Error>>);

/// The reading is moved into the future of a chunk, so that no future refers to the stream.
enum State {
    Idle(Box<Reader>),
    Reading(Pin<Box<dyn Future<Output = Read> + Send>>),
    Ended,
}

struct Reader {
    client: tc3_client::Client,
    options: DownloadOptions,
    reading: Reading,
    body: Option<AsyncBody>,
    /// The first chunk, which was received when the stream was opened.
    first: Option<Bytes>,
}

impl PdfStream {
    pub(super) async fn open(
        client: &Client,
        flow_id: FlowId,
        options: &PdfOptions,
    ) -> Result<Self, Error> {
        let options = options.for_client(client.stop());
        let (agent, client) = (client.agent(), client.client().clone());
        let reading = Reading::new(agent, flow_id, options.clone(), client.now())?;
        let mut reader = Box::new(Reader { client, options, reading, body: None, first: None });
        reader.first = reader.next().await.transpose()?;
        let head = reader.reading.head().clone();
        Ok(Self { state: State::Idle(reader), head })
    }

    #[doc = include_str!("../docs/pdf_content_length.md")]
    pub fn content_length(&self) -> Option<u64> {
        self.head.length
    }

    #[doc = include_str!("../docs/pdf_file_name.md")]
    pub fn file_name(&self) -> &str {
        &self.head.name
    }

    /// Returns the next chunk; `None` at the end, after all checks.
    ///
    /// Dropping the future loses no bytes.
    ///
    /// # Errors
    /// Returns [`Error::Flow`] if the file is not complete, or fails its checks: discard the chunks before it. The next
    /// chunk is then `None`.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|context| self.poll_chunk(context)).await.transpose()
    }

    /// Returns the stream as an [`AsyncRead`] of tokio.
    pub fn into_async_read(self) -> PdfAsyncRead {
        PdfAsyncRead { stream: self, chunk: Bytes::new(), failure: None }
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Reading(next) => {
                    let (reader, chunk) = ready!(next.as_mut().poll(context));
                    self.state = match &chunk {
                        Some(Ok(_)) => State::Idle(reader),
                        _ => State::Ended,
                    };
                    return Poll::Ready(chunk);
                }
                State::Idle(_) => {
                    let State::Idle(mut reader) = std::mem::replace(&mut self.state, State::Ended)
                    else {
                        continue;
                    };
                    if let Some(first) = reader.first.take() {
                        self.state = State::Idle(reader);
                        return Poll::Ready(Some(Ok(first)));
                    }
                    self.state = State::Reading(Box::pin(async move {
                        let chunk = reader.next().await;
                        (reader, chunk)
                    }));
                }
            }
        }
    }
}

impl Stream for PdfStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        self.poll_chunk(context)
    }
}

impl fmt::Debug for PdfStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PdfStream")
            .field("content_length", &self.head.length)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Returns the next chunk, or `None` at the end.
    async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        let span = self.reading.span();
        self.reading.resume(self.client.now());
        self.receive().instrument(span).await
    }

    async fn receive(&mut self) -> Option<Result<Bytes, Error>> {
        let stop = self.options.stop.as_ref();
        loop {
            if let Some(body) = self.body.as_mut().filter(|_| self.reading.is_receiving()) {
                let chunk = body.chunk().await.map_err(|error| exchange_failed(&error, stop));
                if let Some(bytes) = self.reading.on_chunk(self.client.now(), chunk) {
                    return Some(Ok(bytes));
                }
                continue;
            }
            self.body = None;
            let Next::Step(step) = self.reading.next(self.client.now()) else {
                return self.reading.finish().err().map(Err);
            };
            let slept = unless_stopped(stop, self.client.sleep(step.delay())).await;
            let outcome = match step {
                step if slept.is_none() => StepOutcome::Cancelled(step),
                Step::Fetch(fetch) => match open(&self.client, &self.options, &fetch).await {
                    Ok(response) => {
                        if self.reading.begin(self.client.now(), fetch, &response) {
                            self.body = Some(response.body);
                        }
                        continue;
                    }
                    Err(outcome) => StepOutcome::Fetch(fetch, outcome),
                },
                step => run_call(&self.client, &self.options, step).await,
            };
            self.reading.on(self.client.now(), outcome);
        }
    }
}

/// The PDF of a contract as an [`AsyncRead`] of tokio, created by [`PdfStream::into_async_read`].
///
#[doc = include_str!("../docs/pdf_stream.md")]
pub struct PdfAsyncRead {
    stream: PdfStream,
    /// Bytes that were received and not read.
    chunk: Bytes,
    /// The error that ended the file, for further reads.
    failure: Option<Error>,
}

/// An error is of kind [`Other`](io::ErrorKind::Other) and contains the [`Error`]. Further reads return it again, so that a
/// file that failed never seems to end.
impl AsyncRead for PdfAsyncRead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.chunk.is_empty() {
            if let Some(error) = &self.failure {
                return Poll::Ready(Err(io::Error::other(error.clone())));
            }
            match ready!(self.stream.poll_chunk(context)) {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => {
                    self.failure = Some(error.clone());
                    return Poll::Ready(Err(io::Error::other(error)));
                }
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.chunk.len().min(buffer.remaining());
        buffer.put_slice(&self.chunk.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for PdfAsyncRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PdfAsyncRead").finish_non_exhaustive()
    }
}
