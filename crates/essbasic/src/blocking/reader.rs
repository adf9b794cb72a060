//! The PDF of a contract as a reader.

use core::fmt;
use std::io::{self, Read};

use tc3_client::transport::{BlockingBody, Bytes};

use super::Client;
use crate::download::{DownloadOptions, Reading, Step, StepOutcome, exchange_failed};
use crate::error::Error;
use crate::handle::PdfOptions;
use crate::ids::FlowId;
use crate::next::Next;

/// The PDF of a contract as a reader, created by
/// [`ContractHandle::pdf_reader`](crate::blocking::ContractHandle::pdf_reader).
///
#[doc = include_str!("../docs/pdf_stream.md")]
///
/// ```no_run
/// # fn run(client: essbasic::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use essbasic::PdfOptions;
///
/// let mut pdf = client.contract("FLOW_ID").pdf_reader(&PdfOptions::default())?;
/// std::io::copy(&mut pdf, &mut std::io::stdout())?;
/// # Ok(())
/// # }
/// ```
pub struct PdfReader {
    client: Client,
    options: DownloadOptions,
    reading: Reading,
    body: Option<BlockingBody>,
    /// Bytes that were received and not read.
    chunk: Bytes,
    /// The error that ended the file, for further reads.
    failure: Option<Error>,
}

impl PdfReader {
    pub(super) fn open(
        client: &Client,
        flow_id: FlowId,
        options: &PdfOptions,
    ) -> Result<Self, Error> {
        let options = options.for_client(client.stop.as_ref());
        let now = client.client().now();
        let reading = Reading::new(client.agent(), flow_id, options.clone(), now)?;
        let (client, chunk) = (client.clone(), Bytes::new());
        let mut reader = Self { client, options, reading, body: None, chunk, failure: None };
        reader.chunk = reader.next()?.unwrap_or_default();
        Ok(reader)
    }

    /// Returns the next chunk; `None` at the end, after all checks.
    ///
    /// # Errors
    /// Returns [`Error::Flow`] if the file is not complete, or fails its checks: discard the chunks before it. The next
    /// chunk is then `None`.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match std::mem::take(&mut self.chunk) {
            bytes if bytes.is_empty() => self.next(),
            bytes => Ok(Some(bytes)),
        }
    }

    #[doc = include_str!("../docs/pdf_content_length.md")]
    pub fn content_length(&self) -> Option<u64> {
        self.reading.head().length
    }

    #[doc = include_str!("../docs/pdf_file_name.md")]
    pub fn file_name(&self) -> &str {
        &self.reading.head().name
    }

    /// Receives the next chunk, or returns `None` at the end.
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        self.reading.resume(self.client.client().now());
        self.reading.span().in_scope(|| self.receive())
    }

    fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        let (client, stop) = (self.client.client(), self.options.stop.as_ref());
        let is_stopped = || self.options.is_stopped();
        loop {
            if let Some(body) = self.body.as_mut().filter(|_| self.reading.is_receiving()) {
                let chunk = body.chunk().map_err(|error| exchange_failed(&error, stop));
                if let Some(bytes) = self.reading.on_chunk(client.now(), chunk) {
                    return Ok(Some(bytes));
                }
                continue;
            }
            self.body = None;
            let Next::Step(step) = self.reading.next(client.now()) else {
                let finished = self.reading.finish();
                self.failure = finished.as_ref().err().cloned();
                return finished.map(|()| None);
            };
            let slept = client.sleep_unless(step.delay(), &is_stopped);
            let outcome = match step {
                step if !slept => StepOutcome::Cancelled(step),
                Step::Fetch(fetch) => match self.client.open(&self.options, &fetch) {
                    Ok(response) => {
                        if self.reading.begin(client.now(), fetch, &response) {
                            self.body = Some(response.body);
                        }
                        continue;
                    }
                    Err(outcome) => StepOutcome::Fetch(fetch, outcome),
                },
                step => self.client.run_call(&self.options, step, &is_stopped),
            };
            self.reading.on(client.now(), outcome);
        }
    }
}

/// An error is of kind [`Other`](io::ErrorKind::Other) and contains the [`Error`]. Further reads return it again, so that a
/// file that failed never seems to end.
impl Read for PdfReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.chunk.is_empty() {
            if let Some(error) = &self.failure {
                return Err(io::Error::other(error.clone()));
            }
            self.chunk = self.next().map_err(io::Error::other)?.unwrap_or_default();
        }
        let bytes = self.chunk.split_to(self.chunk.len().min(buffer.len()));
        let Some(to) = buffer.get_mut(..bytes.len()) else { return Ok(0) };
        to.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl fmt::Debug for PdfReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PdfReader")
            .field("content_length", &self.content_length())
            .finish_non_exhaustive()
    }
}
