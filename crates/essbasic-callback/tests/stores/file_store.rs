//! A store in a file, for several processes of one machine.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use essbasic_callback::{BlockingMessageStore, BoxError, Claimed, Committed, Lease};
use serde::{Deserialize, Serialize};

/// Each operation is a transaction: it locks a file, reads all records, and replaces the file atomically.
pub(crate) struct FileStore {
    path: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Records {
    last_fencing_token: u64,
    messages: BTreeMap<String, Record>,
}

#[derive(Serialize, Deserialize)]
enum Record {
    Leased { fencing_token: u64, expires_at: SystemTime },
    Handled,
}

impl FileStore {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join("messages.json") }
    }

    fn transaction<T>(&self, change: impl FnOnce(&mut Records) -> T) -> Result<T, BoxError> {
        let lock = File::create(self.path.with_extension("lock"))?;
        lock.lock()?;
        let mut records = match fs::read(&self.path) {
            Ok(json) => serde_json::from_slice(&json)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Records::default(),
            Err(error) => return Err(error.into()),
        };
        let result = change(&mut records);
        let temporary = self.path.with_extension("tmp");
        fs::write(&temporary, serde_json::to_vec(&records)?)?;
        fs::rename(&temporary, &self.path)?;
        Ok(result)
    }
}

impl Records {
    fn is_leased(&self, lease: &Lease) -> bool {
        let record = self.messages.get(lease.msg_id());
        matches!(record, Some(Record::Leased { fencing_token, .. }) if *fencing_token == lease.fencing_token())
    }
}

impl BlockingMessageStore for FileStore {
    /// The processes are on one machine and have the same clock, so the time of the receiver counts.
    fn claim(&self, msg_id: &str, lease: Duration, now: SystemTime) -> Result<Claimed, BoxError> {
        self.transaction(|records| match records.messages.get(msg_id) {
            Some(Record::Handled) => Claimed::Duplicate,
            Some(Record::Leased { expires_at, .. }) if now < *expires_at => Claimed::InFlight,
            Some(Record::Leased { .. }) | None => {
                records.last_fencing_token += 1;
                let fencing_token = records.last_fencing_token;
                let record = Record::Leased { fencing_token, expires_at: now + lease };
                records.messages.insert(msg_id.to_owned(), record);
                Claimed::New(Lease::new(msg_id, fencing_token))
            }
        })
    }

    fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        self.transaction(|records| {
            if !records.is_leased(lease) {
                return Committed::LeaseLost;
            }
            records.messages.insert(lease.msg_id().to_owned(), Record::Handled);
            Committed::Done
        })
    }

    fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        self.transaction(|records| {
            if records.is_leased(lease) {
                records.messages.remove(lease.msg_id());
            }
        })
    }
}
