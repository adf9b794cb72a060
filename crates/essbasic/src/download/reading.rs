//! Reading the PDF of one contract chunk by chunk: a download whose caller receives the bytes.
//!
//! No byte is returned before the head of the file is checked. After a failure the file is requested again, and the
//! bytes that the caller already has are skipped if their SHA-256 is the same.

use std::time::Duration;

use essbasic_models::Agent;
use sha2::{Digest, Sha256};
use tc3_client::Now;
use tc3_client::transport::{Bytes, Response};
use tracing::Span;

use super::content::{Content, MARKER_WINDOW};
use super::entry::hex;
use super::fetch::{Fetch, content};
use super::format::Expected;
use super::job::{Job, Step, StepOutcome};
use super::options::DownloadOptions;
use super::outcome::FetchOutcome;
use super::report::SavedFile;
use crate::agent::validated;
use crate::error::{Error, FlowError, FlowErrorKind};
use crate::ids::FlowId;
use crate::next::Next;
use crate::trace::Workflow;

/// Time that the caller of a reader took, from which it counts as the cause of a failed transfer. Half the timeout of the
/// file does too.
const SLOW: Duration = Duration::from_secs(30);

/// The fix if the caller reads slowly.
const SLOW_HINT: &str =
    "the program read the file slowly: read it faster, or raise PdfOptions::with_file_timeout";

/// The engine of one reader.
pub(crate) struct Reading {
    /// `None` after the end.
    job: Option<(Job, Workflow)>,
    transfer: Option<Transfer>,
    /// Bytes that the caller has.
    delivered: Prefix,
    head: Head,
    /// Time at which the caller received the last bytes, until it requests the next ones.
    paused_at: Option<Duration>,
    /// Time that the caller may take per transfer.
    slow: Duration,
}

/// The facts about a file that are known before its content. `Debug` is absent, because of the name.
#[derive(Clone, Default)]
pub(crate) struct Head {
    /// Length in bytes, if the server states it.
    pub(crate) length: Option<u64>,
    /// The service's name of the file, valid on every file system.
    pub(crate) name: String,
}

/// Length and digest of the first bytes of a file.
#[derive(Clone, Default)]
struct Prefix {
    bytes: u64,
    hash: Sha256,
}

impl Prefix {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

/// A response that is being received.
struct Transfer {
    fetch: Fetch,
    content: Content,
    /// Bytes received before the head was checked.
    head: Option<Vec<u8>>,
    /// Bytes that the caller has from an earlier attempt.
    skipped: Prefix,
    /// Time that the caller took to request further bytes.
    paused: Duration,
}

impl Reading {
    /// Creates the engine for the PDF of a contract, with the span of the reader.
    pub(crate) fn new(
        agent: &Agent,
        flow_id: FlowId,
        options: DownloadOptions,
        now: Now,
    ) -> Result<Self, Error> {
        let (workflow, slow) = (Workflow::pdf(), SLOW.min(options.file_timeout / 2));
        let job = validated(agent).and_then(|agent| Job::new(agent, &[flow_id], options, now));
        let job = job.inspect_err(|error| workflow.fail(error))?;
        Ok(Self {
            job: Some((job, workflow)),
            transfer: None,
            delivered: Prefix::default(),
            head: Head::default(),
            paused_at: None,
            slow,
        })
    }

    /// Returns the span of the reader; a disabled one after the end.
    pub(crate) fn span(&self) -> Span {
        self.job.as_ref().map_or_else(Span::none, |(_, workflow)| workflow.span().clone())
    }

    /// Returns the facts about the file, which are known once bytes were returned.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Records that the caller requests bytes.
    pub(crate) fn resume(&mut self, now: Now) {
        if let Some(at) = self.paused_at.take()
            && let Some(transfer) = &mut self.transfer
        {
            let paused = now.monotonic.saturating_sub(at);
            transfer.paused = transfer.paused.saturating_add(paused);
        }
    }

    /// Returns the next step. The driver performs one at a time, and receives the body of a fetch before the next.
    pub(crate) fn next(&mut self, now: Now) -> Next<Step> {
        match self.job.as_mut().map(|(job, _)| job.next(now)) {
            Some(Next::Step(step)) => Next::Step(step),
            // No step is in flight.
            Some(Next::Wait(_) | Next::Done) | None => Next::Done,
        }
    }

    /// Processes the outcome of a step.
    pub(crate) fn on(&mut self, now: Now, outcome: StepOutcome) {
        if let Some((job, _)) = &mut self.job {
            job.on(now, outcome);
        }
    }

    /// Checks the head of a response to a fetch. Returns whether its body is to be received.
    pub(crate) fn begin<B>(&mut self, now: Now, fetch: Fetch, response: &Response<B>) -> bool {
        match content(&fetch, response, Expected::pdf()) {
            Ok(content) => {
                let name = fetch.to.name.clone();
                self.head = Head { length: content.expected_length(), name };
                let (head, skipped) = (Some(Vec::new()), Prefix::default());
                let paused = Duration::ZERO;
                self.transfer = Some(Transfer { fetch, content, head, skipped, paused });
                true
            }
            Err(outcome) => {
                self.on(now, StepOutcome::Fetch(fetch, outcome));
                false
            }
        }
    }

    /// Returns whether a body is being received.
    pub(crate) fn is_receiving(&self) -> bool {
        self.transfer.is_some()
    }

    /// Processes a chunk of the body, or its end, and returns the bytes for the caller, if there are any.
    pub(crate) fn on_chunk(
        &mut self,
        now: Now,
        chunk: Result<Option<Bytes>, FetchOutcome>,
    ) -> Option<Bytes> {
        let transfer = self.transfer.as_mut()?;
        let chunk = chunk.map_err(|outcome| match outcome {
            FetchOutcome::Failed(error) if transfer.paused >= self.slow => {
                FetchOutcome::Failed(error.with_hint(SLOW_HINT))
            }
            outcome => outcome,
        });
        let ended = match &chunk {
            Ok(chunk) => chunk.is_none(),
            Err(_) => true,
        };
        let bytes = chunk.and_then(|chunk| match chunk {
            Some(bytes) => transfer.receive(&mut self.delivered, bytes),
            None => transfer.finish(&mut self.delivered),
        });
        match bytes {
            Ok(bytes) if !ended => {
                self.paused_at = bytes.is_some().then_some(now.monotonic);
                bytes
            }
            Ok(bytes) => {
                let (length, sha256) = (self.delivered.bytes, self.delivered.sha256());
                let saved = |fetch: &Fetch| SavedFile {
                    path: None,
                    key: fetch.to.name.clone(),
                    bytes: length,
                    sha256,
                };
                self.end(now, |fetch| FetchOutcome::Saved(saved(fetch)));
                bytes
            }
            Err(outcome) => {
                self.end(now, |_| outcome);
                None
            }
        }
    }

    fn end(&mut self, now: Now, outcome: impl FnOnce(&Fetch) -> FetchOutcome) {
        if let Some(Transfer { fetch, .. }) = self.transfer.take() {
            let outcome = outcome(&fetch);
            self.on(now, StepOutcome::Fetch(fetch, outcome));
        }
    }

    /// Ends the reading after the last step.
    ///
    /// # Errors
    /// Returns the error of the contract, or of the job, if the file is not complete. It returns it once.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        let Some((job, workflow)) = self.job.take() else { return Ok(()) };
        let finished = job.finish().and_then(|report| {
            let error = report.flows.into_iter().find_map(|flow| flow.error);
            error.map_or(Ok(()), |error| Err(error.into()))
        });
        workflow.end(&finished);
        finished
    }
}

impl Transfer {
    fn receive(
        &mut self,
        delivered: &mut Prefix,
        bytes: Bytes,
    ) -> Result<Option<Bytes>, FetchOutcome> {
        self.content.update(&bytes)?;
        let Some(head) = &mut self.head else { return self.skip(delivered, bytes) };
        head.extend_from_slice(&bytes);
        if head.len() < MARKER_WINDOW {
            return Ok(None);
        }
        self.content.check_head()?;
        let head = self.head.take().unwrap_or_default();
        self.skip(delivered, head.into())
    }

    fn finish(&mut self, delivered: &mut Prefix) -> Result<Option<Bytes>, FetchOutcome> {
        self.content.check()?;
        let head = self.head.take().unwrap_or_default();
        let rest = self.skip(delivered, head.into())?;
        // Shorter than the part that the caller has.
        if self.skipped.bytes < delivered.bytes && rest.is_none() {
            return Err(changed());
        }
        Ok(rest)
    }

    /// Returns the bytes after those that the caller has.
    fn skip(
        &mut self,
        delivered: &mut Prefix,
        mut bytes: Bytes,
    ) -> Result<Option<Bytes>, FetchOutcome> {
        let missing = delivered.bytes.saturating_sub(self.skipped.bytes);
        if missing > 0 {
            let count = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
            self.skipped.add(&bytes.split_to(count));
            let is_all = self.skipped.bytes == delivered.bytes;
            if is_all && self.skipped.sha256() != delivered.sha256() {
                return Err(changed());
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        // Both are the same from here on.
        delivered.add(&bytes);
        self.skipped.bytes = delivered.bytes;
        Ok(Some(bytes))
    }
}

/// Returns the outcome of a file whose first bytes are not those that the caller has.
fn changed() -> FetchOutcome {
    let message = "the file changed while it was being read";
    let error = FlowError::new(FlowErrorKind::Content, message);
    FetchOutcome::Refused(error.with_hint("discard the bytes and read it again"))
}
