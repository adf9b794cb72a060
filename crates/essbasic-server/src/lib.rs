//! Service for Tencent e-sign (电子签): callbacks, archives and forwards, with any number of replicas.
//!
//! [`ledger`] is the state that the replicas share.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bodies;
mod config;
pub mod ledger;
mod receive;

use std::process::ExitCode;

/// Runs the command `essbasic-server` and returns its exit code.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
