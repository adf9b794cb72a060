//! Operations of [`Ledger`](super::Ledger), with their guarantees. They validate the arguments; the stores do not.

mod contracts;
mod messages;
mod people;
