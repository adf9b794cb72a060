//! Creation and management of contracts: uploads, contracts from files and templates, signing links, reminders and
//! withdrawal.

mod actions;
#[cfg(feature = "async-core")]
mod asynchronous;
#[cfg(feature = "ureq")]
mod blocking;
mod contract;
mod created;
mod document;

pub use actions::{Reminder, SignLink, Withdrawal};
pub use contract::{Contract, Party};
pub use created::{StartedContract, UploadedFile};
pub use document::Document;
