//! The operations in SQL, written once for both databases.
//!
//! # Order of locks
//! On PostgreSQL, every operation locks rows in this order, so that no two wait for each other:
//!
//! 1. `pace`, `pause`,
//! 2. `message`, by ID,
//! 3. contracts, by ID,
//! 4. `forward_target`, by name,
//! 5. `outbox`, by number,
//! 6. `event`, which the lock of its contract protects,
//! 7. `total`,
//! 8. `worker`.
//!
//! An operation that needs a row out of this order does not wait for it: it skips rows that others have locked, as claims and sweeps do,
//! or it begins again, as [`outbox::promote`] does.

pub(super) mod contracts;
pub(super) mod forwards;
pub(super) mod messages;
mod outbox;
pub(super) mod people;
pub(super) mod replays;
mod rows;
pub(super) mod schema;
pub(super) mod targets;
pub(super) mod tx;
pub(super) mod workers;
