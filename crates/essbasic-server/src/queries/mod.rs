//! Queries and changes of people: what the admin API and the subcommands share.

mod contracts;
mod error;
mod messages;
pub(crate) mod parse;
mod rate;
mod status;
mod targets;
mod workers;

pub(crate) use self::contracts::{
    MAX_PAGE, RetriedJson, add, contract, contracts, drop_contracts, retry, retry_reason,
};
pub(crate) use self::error::QueryError;
pub(crate) use self::messages::{ReplayedJson, message, messages, replay};
pub(crate) use self::rate::{RateJson, rate};
pub(crate) use self::status::{StatusJson, status};
pub(crate) use self::targets::{TargetInfo, TargetsJson, targets};
pub(crate) use self::workers::{SamplesJson, WorkersJson, samples, workers};
