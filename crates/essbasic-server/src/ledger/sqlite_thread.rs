//! Thread of a connection of SQLite: performs jobs one after another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::error::Error;

/// Jobs that wait for a thread. More are refused, so that memory is bounded.
const QUEUE: usize = 1_024;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Handle of a thread, which ends after the last handle is dropped.
#[derive(Clone)]
pub(super) struct Thread(SyncSender<Job>);

impl Thread {
    /// Starts the thread of a connection.
    pub(super) fn start(name: &str, mut connection: Connection) -> Result<Self, Error> {
        let (sender, receiver): (_, Receiver<Job>) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Ok(job) = receiver.recv() {
                    // The caller gets an error, because the sender of the result is dropped.
                    let ended = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
                    if ended.is_err() && !connection.is_autocommit() {
                        let _ = connection.execute_batch("ROLLBACK");
                    }
                }
            })
            .map_err(|error| Error::unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self(sender))
    }

    /// Performs a job after those before it, unless the deadline has passed then.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        job: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Each of the jobs before it may have waited for the lock of another process.
            let result = if Instant::now() < deadline {
                job(connection)
            } else {
                Err(Error::unavailable(
                    "the operations of the store take too long; check its disk, and end other programs that use it",
                ))
            };
            // The caller may have stopped waiting. The job is complete in any case.
            let _ = sender.send(result);
        });
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::unavailable("the store is overloaded; retry later"),
            TrySendError::Disconnected(_) => {
                Error::unavailable("the thread of the store ended; restart the server")
            }
        })?;
        receiver.await.map_err(|_| {
            Error::unavailable("an operation of the store panicked; please report this")
        })?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::super::error::ErrorKind;
    use super::*;

    #[tokio::test]
    async fn a_job_does_not_begin_after_its_deadline() {
        let thread = Thread::start("test", Connection::open_in_memory().unwrap()).unwrap();
        let (release, released) = channel::<()>();
        let later = Instant::now() + Duration::from_secs(600);
        let first = thread.run(later, move |_| {
            // Another process holds the lock.
            let _ = released.recv();
            Ok(1)
        });
        let late = thread.run(Instant::now(), |_| -> Result<i64, Error> { panic!("it began") });
        let next = thread.run(later, |_| Ok(3));
        let release = async {
            tokio::task::yield_now().await;
            drop(release);
        };
        let (first, late, next, ()) = tokio::join!(first, late, next, release);
        assert_eq!((first.unwrap(), next.unwrap()), (1, 3));
        let error = late.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("take too long"), "{error}");
    }
}
