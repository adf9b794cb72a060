//! The operations in SQL, written once for both databases.

pub(super) mod contracts;
pub(super) mod forwards;
pub(super) mod messages;
mod outbox;
pub(super) mod people;
mod rows;
pub(super) mod schema;
pub(super) mod targets;
pub(super) mod tx;
pub(super) mod workers;
