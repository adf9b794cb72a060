//! Record of the call that runs in this scope, as its client reports it.

use std::error::Error;
#[cfg(feature = "async")]
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use essbasic::transport::HeaderMap;
use essbasic::{CallEvent, Interceptor, Observer, RawResponse};

tokio::task_local! {
    static CURRENT: Recording;
}

/// The last response of a call, and its events.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) attempts: u32,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

/// The record of the call in progress.
#[derive(Clone, Default)]
pub(crate) struct Recording(Arc<Mutex<Record>>);

impl Recording {
    /// Runs an async call whose events are recorded.
    #[cfg(feature = "async")]
    pub(crate) async fn scope_async<T>(&self, call: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), call).await
    }

    /// Runs a blocking call whose events are recorded.
    #[cfg(feature = "blocking")]
    pub(crate) fn scope<T>(&self, call: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), call)
    }

    /// Returns the record, which is empty afterwards.
    pub(crate) fn take(&self) -> Record {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records calls that run in the scope of a [`Recording`]: observer and interceptor of a client.
pub(crate) struct Recorder;

impl Observer for Recorder {
    fn on_call(&self, call: &CallEvent<'_>) {
        let _ = CURRENT.try_with(|recording| {
            let mut record = recording.lock();
            record.attempts = call.attempts;
            record.status = call.status;
            record.request_id = call.request_id.map(str::to_owned);
        });
    }
}

impl Interceptor for Recorder {
    fn before_decoding(
        &self,
        response: &mut RawResponse<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let _ = CURRENT.try_with(|recording| {
            let mut record = recording.lock();
            record.headers = response.headers.clone();
            record.body = Some(response.body.clone());
        });
        Ok(())
    }
}
