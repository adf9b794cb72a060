//! Tracing of workflows: their spans, and the span of the caller on every thread that works for it.

use tracing::field::Empty;
#[cfg(any(feature = "async-core", feature = "object-store"))]
use tracing::instrument::{Instrument, Instrumented, WithDispatch, WithSubscriber};
use tracing::{Dispatch, Span, dispatcher};

use crate::error::Error;

/// The subscriber and span of a thread, for another thread that works for it.
pub(crate) struct Context {
    subscriber: Dispatch,
    span: Span,
}

impl Context {
    pub(crate) fn current() -> Self {
        Self { subscriber: dispatcher::get_default(Clone::clone), span: Span::current() }
    }

    /// Performs work in this context.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        dispatcher::with_default(&self.subscriber, || self.span.in_scope(work))
    }
}

/// Returns a future that keeps the subscriber and span of the caller when it is spawned.
#[cfg(any(feature = "async-core", feature = "object-store"))]
pub(crate) fn in_context<F: Future>(work: F) -> WithDispatch<Instrumented<F>> {
    work.in_current_span().with_current_subscriber()
}

/// Spawns blocking work in the context of the caller.
#[cfg(any(feature = "async-core", feature = "object-store"))]
pub(crate) fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    let context = Context::current();
    tokio::task::spawn_blocking(move || context.enter(work))
}

/// Performs async work in the context of the caller. The work continues if the returned future is dropped.
#[cfg(any(feature = "async-core", feature = "object-store"))]
pub(crate) async fn run_detached(work: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = tokio::spawn(in_context(work)).await
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// The result of a workflow, of which the number of failed contracts is recorded.
pub(crate) trait Outcome {
    /// Returns the number of contracts that failed.
    fn failed(&self) -> u64;
}

impl Outcome for () {
    fn failed(&self) -> u64 {
        0
    }
}

/// The span of a workflow. Its end is recorded with the names of OpenTelemetry.
pub(crate) struct Workflow(Span);

/// Creates a span of this name, whose end is recorded later.
macro_rules! workflow {
    ($name:literal) => {
        Self(tracing::info_span!(
            $name,
            otel.status_code = Empty,
            error.type = Empty,
            essbasic.failed = Empty,
        ))
    };
}

impl Workflow {
    pub(crate) fn wait() -> Self {
        workflow!("essbasic.wait")
    }

    pub(crate) fn download() -> Self {
        workflow!("essbasic.download")
    }

    pub(crate) fn archive() -> Self {
        workflow!("essbasic.archive")
    }

    /// Creates the span of a wait for a task.
    pub(crate) fn task() -> Self {
        workflow!("essbasic.task")
    }

    /// Creates the span of a PDF that the caller reads.
    pub(crate) fn pdf() -> Self {
        workflow!("essbasic.pdf")
    }

    pub(crate) fn span(&self) -> &Span {
        &self.0
    }

    /// Runs an async workflow in its span.
    #[cfg(feature = "async-core")]
    pub(crate) async fn run<T: Outcome>(
        self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let result = work.instrument(self.0.clone()).await;
        self.end(&result);
        result
    }

    /// Runs a blocking workflow in its span.
    #[cfg(feature = "ureq")]
    pub(crate) fn run_blocking<T: Outcome>(
        self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let result = self.0.in_scope(work);
        self.end(&result);
        result
    }

    /// Records the end.
    pub(crate) fn end<T: Outcome>(&self, result: &Result<T, Error>) {
        match result {
            Ok(outcome) => {
                self.0.record("essbasic.failed", outcome.failed());
            }
            Err(error) => self.fail(error),
        }
    }

    /// Records a failure.
    pub(crate) fn fail(&self, error: &Error) {
        self.0.record("error.type", error_type(error));
        self.0.record("otel.status_code", "ERROR");
        tracing::debug!(parent: &self.0, %error, "workflow failed");
    }
}

/// Returns a failure as a value with few variants.
fn error_type(error: &Error) -> &str {
    if let Some(call) = error.call() {
        return call.error_type();
    }
    match error {
        Error::Call(_) | Error::Flow(_) => "contract",
        Error::Folder { .. } => "folder",
        Error::Destination { .. } => "destination",
        Error::Agent(_) => "agent",
        Error::Names(_) => "names",
        Error::Stopped => "stopped",
        Error::Interrupted => "interrupted",
    }
}
