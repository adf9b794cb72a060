//! Messages: pages, forwards, replays.

use serde::Serialize;

use super::contracts::one_more;
use super::error::QueryError;
use super::parse::quoted;
use crate::json::{MessageJson, MessagesJson};
use crate::ledger::{Ledger, MessageQuery, limits};

/// Result of a replay.
#[derive(Serialize)]
pub(crate) struct ReplayedJson {
    /// Number of the forward.
    pub(crate) seq: i64,
}

/// Result of the replay of dead forwards.
#[derive(Serialize)]
pub(crate) struct ReplayedDeadJson {
    /// Number of messages that were queued.
    pub(crate) replayed: usize,
    /// True if more messages may have a dead forward to the target.
    pub(crate) more: bool,
}

/// Returns a page of messages, latest first.
///
/// # Errors
/// Returns an error if the query is invalid or the store is unavailable.
pub(crate) async fn messages(
    ledger: &Ledger,
    mut query: MessageQuery,
) -> Result<MessagesJson, QueryError> {
    let limit = query.limit;
    query.limit = one_more(limit)?;
    let mut messages = ledger.messages(query).await?;
    let has_more = messages.len() > limit;
    messages.truncate(limit);
    let next = messages.last().filter(|_| has_more).map(|message| message.seq);
    Ok(MessagesJson { messages: messages.into_iter().map(MessageJson::from).collect(), next })
}

/// Returns a message with its forwards.
///
/// # Errors
/// Returns an error if no message has this ID or the store is unavailable.
pub(crate) async fn message(ledger: &Ledger, id: &str) -> Result<MessageJson, QueryError> {
    Ok(ledger.message(id).await?.into())
}

/// Queues a message for one of the configured targets once more.
///
/// # Errors
/// Returns an error if no message has this ID, its body is no longer stored, or the target is not configured.
pub(crate) async fn replay(
    ledger: &Ledger,
    id: &str,
    target: &str,
    targets: &[&str],
) -> Result<ReplayedJson, QueryError> {
    check_target(target, targets)?;
    Ok(ReplayedJson { seq: ledger.replay(id, target).await? })
}

/// Queues up to 1,000 messages with a dead forward to one of the configured targets once more.
///
/// # Errors
/// Returns an error if the target is not configured, or the store is unavailable.
pub(crate) async fn replay_dead(
    ledger: &Ledger,
    target: &str,
    targets: &[&str],
) -> Result<ReplayedDeadJson, QueryError> {
    check_target(target, targets)?;
    let replayed = ledger.replay_dead(target, limits::MAX_BATCH).await?.len();
    Ok(ReplayedDeadJson { replayed, more: replayed == limits::MAX_BATCH })
}

fn check_target(target: &str, targets: &[&str]) -> Result<(), QueryError> {
    if !targets.contains(&target) {
        let hint = match targets {
            [] => "the configuration has no [[forward]]".to_owned(),
            targets => format!("expected {}", targets.join(", ")),
        };
        let message = format!("no target is named {}", quoted(target));
        return Err(QueryError::unknown_target(message, hint));
    }
    Ok(())
}
