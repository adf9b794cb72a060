//! The state of an explorer: settings, history and saved requests.

pub(crate) mod history;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use essbasic_emulator::Emulator;
use serde_json::Value;

use self::history::History;
use crate::caller::Caller;
use crate::mode::Mode;

/// The state that all requests of the page share.
pub(crate) struct Session {
    pub(crate) mode: Mode,
    /// URL of the endpoint that is shown.
    pub(crate) endpoint: String,
    pub(crate) allow_writes: bool,
    /// The agent that requests without one get.
    pub(crate) agent: Option<Value>,
    pub(crate) caller: Option<Arc<dyn Caller>>,
    /// The emulator of this process.
    pub(crate) emulator: Option<Arc<Emulator>>,
    history: Mutex<History>,
}

impl Session {
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            endpoint: String::new(),
            allow_writes: mode == Mode::Emulator,
            agent: None,
            caller: None,
            emulator: None,
            history: Mutex::default(),
        }
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
