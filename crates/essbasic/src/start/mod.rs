//! Contracts set going: files uploaded, contracts made of them or of templates, links to sign, reminders,
//! withdrawal.

#[cfg(feature = "async-core")]
mod asynchronous;
#[cfg(feature = "ureq")]
mod blocking;
mod calls;
mod contract;

pub use calls::{Document, Reminder, SignLink, Withdrawal};
pub use contract::{Contract, Party};
