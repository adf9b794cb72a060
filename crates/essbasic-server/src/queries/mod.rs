//! Queries and changes of people: what the admin API and the subcommands share.

mod contracts;
mod error;
mod messages;
pub(crate) mod parse;
mod rate;
mod status;
mod targets;
mod workers;

pub(crate) use self::contracts::{add, contract, contracts, drop_contracts, retry, retry_reason};
pub(crate) use self::error::QueryError;
pub(crate) use self::messages::{message, messages, replay, replay_dead};
pub(crate) use self::rate::rate;
pub(crate) use self::status::{StatusJson, status};
pub(crate) use self::targets::{TargetInfo, targets};
pub(crate) use self::workers::{samples, workers};
