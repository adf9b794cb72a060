//! Replays in SQL.

use std::collections::BTreeSet;

use super::super::error::{Error, ErrorKind};
use super::super::requests::{Replay, ReplayDead};
use super::super::view::BodyState;
use super::outbox::queue_replays;
use super::people::BODY;
use super::targets::check_known;
use super::tx::{Failure, Sql, Tx, unexpected};

pub(crate) async fn replay<T: Tx>(tx: &mut T, request: &Replay) -> Result<i64, Failure> {
    let now = tx.now().await?;
    let sql = Sql::new("SELECT m.seq, m.flow_id, ")
        .push(BODY)
        .push(" FROM message AS m WHERE m.id = ")
        .bind(&request.message_id)
        // A sweep of its body waits.
        .push(T::LOCK);
    let Some(mut fields) = tx.query(sql).await?.into_iter().next() else {
        return Err(Error::new(ErrorKind::NotFound, "no message has this ID").into());
    };
    let (message, flow_id) = (fields.int()?, fields.text_or_null()?);
    match BodyState::from_code(&fields.text()?) {
        BodyState::Stored => {}
        BodyState::Expired => return Err(Error::body_expired().into()),
        BodyState::NotStored => return Err(Error::body_not_stored().into()),
    }
    check_known(tx, &request.target).await?;
    mark_replayed(tx, &request.target, &[message], now).await?;
    let seqs = queue_replays(tx, &[(&request.target, message, flow_id.as_ref())], now).await?;
    seqs.first().copied().ok_or_else(unexpected)
}

pub(crate) async fn replay_dead<T: Tx>(
    tx: &mut T,
    request: &ReplayDead,
) -> Result<Vec<i64>, Failure> {
    let now = tx.now().await?;
    check_known(tx, &request.target).await?;
    let sql = Sql::new("SELECT DISTINCT d.message FROM outbox AS d WHERE d.target = ")
        .bind(&request.target)
        .push(
            " AND d.dead IS NOT NULL AND d.replayed_at IS NULL AND EXISTS \
             (SELECT 1 FROM message AS m WHERE m.seq = d.message AND m.body IS NOT NULL) \
             ORDER BY d.message LIMIT ",
        )
        .bind(request.limit);
    let rows = tx.query(sql).await?;
    let found: Vec<i64> =
        rows.into_iter().map(|mut fields| fields.int()).collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    // Messages before their forwards, as a sweep locks them.
    let sql = Sql::new("SELECT seq, flow_id FROM message WHERE body IS NOT NULL AND seq IN ")
        .list(found)
        .push(" ORDER BY seq")
        .push(T::LOCK);
    let rows = tx.query(sql).await?;
    let messages: Vec<(i64, Option<String>)> = rows
        .into_iter()
        .map(|mut fields| Ok((fields.int()?, fields.text_or_null()?)))
        .collect::<Result<_, Failure>>()?;
    let seqs: Vec<i64> = messages.iter().map(|(seq, _)| *seq).collect();
    // Not those that another transaction has replayed meanwhile.
    let marked = mark_replayed(tx, &request.target, &seqs, now).await?;
    let forwards: Vec<_> = messages
        .iter()
        .filter(|(seq, _)| marked.contains(seq))
        .map(|(seq, flow_id)| (&request.target, *seq, flow_id.as_ref()))
        .collect();
    queue_replays(tx, &forwards, now).await
}

/// Marks the dead forwards of messages to a target, which a replay replaces. Returns the messages that had one.
pub(crate) async fn mark_replayed<T: Tx>(
    tx: &mut T,
    target: &str,
    messages: &[i64],
    now: i64,
) -> Result<BTreeSet<i64>, Failure> {
    if messages.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = Sql::new("UPDATE outbox SET replayed_at = ")
        .bind(now)
        .push(" WHERE target = ")
        .bind(target)
        .push(" AND dead IS NOT NULL AND replayed_at IS NULL AND message IN ")
        .list(messages.iter().copied())
        .push(" RETURNING message");
    let rows = tx.query(sql).await?;
    rows.into_iter().map(|mut fields| fields.int()).collect()
}
