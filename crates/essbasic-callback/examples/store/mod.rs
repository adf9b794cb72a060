//! A file of messages, written and fsynced before they are acknowledged.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use essbasic_callback::Message;

/// One message per line. A real program may use a database or a broker instead.
#[derive(Clone, Debug)]
pub struct Store(Arc<Mutex<File>>);

impl Store {
    /// Opens or creates the file.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// Appends the message and syncs the file. After an error, the file has its former length.
    pub fn save(&self, message: &Message) -> io::Result<()> {
        let line = message.json().replace(['\n', '\r'], " ");
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let length = file.metadata()?.len();
        let saved = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
        if saved.is_err() {
            file.set_len(length)?;
        }
        saved
    }
}
