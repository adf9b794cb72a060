use core::fmt;
use std::pin::Pin;

/// An operation of a credential source outside of the client: a future, or a function that may block.
///
/// It has no output. The source passes the result to its fetch, for example through a channel.
pub struct Operation(Kind);

#[cfg_attr(
    not(feature = "async-core"),
    allow(dead_code, reason = "only the async client awaits a future")
)]
enum Kind {
    Future(Pin<Box<dyn Future<Output = ()> + Send>>),
    Blocking(Box<dyn FnOnce() + Send>),
}

impl Operation {
    /// Creates an operation that the async client awaits. It is dropped at the timeout of the call, if the timer of the
    /// client is in real time. In the blocking client the fetch fails.
    pub fn future(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Kind::Future(Box::pin(future)))
    }

    /// Creates an operation that may block its thread.
    ///
    /// The async client runs it on the threads of tokio for blocking operations; outside of a tokio runtime, on the calling
    /// thread. The blocking client runs it on a thread of its own, unless the call has neither a timeout nor a
    /// [`Stop`](crate::Stop).
    ///
    /// A thread cannot be interrupted. After the timeout of the call the client does not wait for the operation any more. It
    /// must then end by itself, because a tokio runtime that is dropped waits for it.
    pub fn blocking(function: impl FnOnce() + Send + 'static) -> Self {
        Self(Kind::Blocking(Box::new(function)))
    }

    /// Runs the operation. A panic of a function is propagated.
    #[cfg(feature = "async-core")]
    pub(super) async fn run(self) {
        let function = match self.0 {
            Kind::Future(future) => return future.await,
            Kind::Blocking(function) => function,
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return function() };
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let span = tracing::Span::current();
        let traced =
            move || tracing::dispatcher::with_default(&subscriber, || span.in_scope(function));
        // The other error is the shutdown of the runtime, without an output.
        if let Err(error) = runtime.spawn_blocking(traced).await
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// Returns the function; `None` if the operation is a future.
    #[cfg(feature = "ureq")]
    pub(super) fn into_function(self) -> Option<Box<dyn FnOnce() + Send>> {
        match self.0 {
            Kind::Future(_) => None,
            Kind::Blocking(function) => Some(function),
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Future(_) => "Operation::future",
            Kind::Blocking(_) => "Operation::blocking",
        })
    }
}
