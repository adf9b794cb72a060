//! The state of an explorer: settings, history and saved requests.

pub(crate) mod history;
pub(crate) mod saved;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use essbasic_emulator::Emulator;
use serde_json::Value;
use tokio::sync::watch;

use self::history::History;
use self::saved::Saved;
use crate::caller::Caller;
use crate::mode::Mode;

/// The state that all requests of the page share.
pub(crate) struct Session {
    pub(crate) mode: Mode,
    /// URL of the endpoint that is shown.
    pub(crate) endpoint: String,
    pub(crate) allow_writes: bool,
    /// Whether the page is part of another one.
    pub(crate) is_mounted: bool,
    /// How to allow actions that change data.
    pub(crate) write_hint: String,
    /// The agent that requests without one get.
    pub(crate) agent: Option<Value>,
    pub(crate) caller: Option<Arc<dyn Caller>>,
    /// The emulator of this process.
    pub(crate) emulator: Option<Arc<Emulator>>,
    /// The folder of saved requests.
    pub(crate) saved: Option<Saved>,
    history: Mutex<History>,
    /// Number of calls in flight that may change data.
    writes: watch::Sender<usize>,
}

/// A call in flight that may change data, until it is dropped.
pub(crate) struct WriteInFlight(Arc<Session>);

impl Drop for WriteInFlight {
    fn drop(&mut self) {
        self.0.writes.send_modify(|writes| *writes -= 1);
    }
}

impl Session {
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            endpoint: String::new(),
            allow_writes: mode == Mode::Emulator,
            is_mounted: false,
            write_hint: "start `essbasic explore` with --allow-writes, or with --emulated"
                .to_owned(),
            agent: None,
            caller: None,
            emulator: None,
            saved: None,
            history: Mutex::default(),
            writes: watch::Sender::new(0),
        }
    }

    /// Counts a call that may change data.
    pub(crate) fn begin_write(self: &Arc<Self>) -> WriteInFlight {
        self.writes.send_modify(|writes| *writes += 1);
        WriteInFlight(Arc::clone(self))
    }

    /// Waits until no call is in flight that may change data.
    pub(crate) async fn idle(&self) {
        // The session owns the sender.
        let _ = self.writes.subscribe().wait_for(|writes| *writes == 0).await;
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
