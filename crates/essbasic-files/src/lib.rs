//! Files of long-running jobs in folders that other programs share.
//!
//! - [`open`], [`open_append`] and [`create_new`] accept regular files only. They never follow a symbolic link
//!   and never block on a FIFO.
//! - [`TemporaryFile`] is written under a temporary name, then renamed atomically. Its advisory lock
//!   distinguishes the file of a running process from an orphan, which [`remove_orphans`] deletes.
//! - [`Lock`] is an exclusive lock between processes.
//! - [`LineFile`] is an append-only file of lines. [`LineFile::append`] returns after an fsync.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod line_file;
mod lock;
mod open;
mod path;
mod temporary;

pub use self::line_file::LineFile;
pub use self::lock::Lock;
pub use self::open::{create_new, open, open_append, read_start};
pub use self::path::{create_folder, is_at, is_same_file, parent, sync_folder, with_suffix};
pub use self::temporary::{TemporaryFile, TemporaryFileLost, remove_orphans};
