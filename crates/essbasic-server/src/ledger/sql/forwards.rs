//! Forwards in SQL.

use std::collections::BTreeSet;

use super::super::message::{Forward, ForwardOutcome};
use super::super::reason::Reason;
use super::super::requests::{ClaimForwards, SettleForwards, TargetHealth};
use super::super::view;
use super::contracts::without_live_owner;
use super::outbox::{first, promote};
use super::replays::mark_replayed;
use super::tx::{Failure, Sql, Tx};
use super::workers::{alive_of, check_alive};

/// A due forward, before it is claimed.
struct Due {
    owner: Option<String>,
    forward: Forward,
    has_body: bool,
}

async fn due<T: Tx>(tx: &mut T, request: &ClaimForwards, now: i64) -> Result<Vec<Due>, Failure> {
    let sql = Sql::new(
        "SELECT c.seq, c.owner, c.attempt, c.queued_at, m.id, m.kind, m.flow_id, m.body \
         FROM outbox AS c JOIN message AS m ON m.seq = c.message WHERE c.target = ",
    )
    .bind(&request.claim.target)
    .push(" AND c.pending = 1 AND c.head = 1 AND c.due <= ")
    .bind(now);
    let sql = without_live_owner(sql, now)
        .push(" ORDER BY c.due, c.seq LIMIT ")
        .bind(request.claim.limit)
        .push(T::SKIP);
    let rows = tx.query(sql).await?;
    rows.into_iter()
        .map(|mut fields| {
            let seq = fields.int()?;
            let owner = fields.text_or_null()?;
            let (attempt, queued_at) = (fields.int()?, fields.int()?);
            let (message_id, kind) = (fields.text()?, fields.text()?);
            let flow_id = fields.text_or_null()?;
            let body = fields.bytes_or_null()?;
            let has_body = body.is_some();
            let body = body.unwrap_or_default();
            let forward = Forward { seq, attempt, message_id, kind, flow_id, queued_at, now, body };
            Ok(Due { owner, forward, has_body })
        })
        .collect()
}

pub(crate) async fn claim_forwards<T: Tx>(
    tx: &mut T,
    request: &ClaimForwards,
) -> Result<Vec<Forward>, Failure> {
    let now = check_alive(tx, &request.worker).await?;
    loop {
        let mut rows = due(tx, request, now).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        // As for contracts: a worker may have entered after the snapshot.
        let owners = rows.iter().filter_map(|row| row.owner.clone()).collect();
        let alive = alive_of(tx, owners, now).await?;
        let locked = rows.len();
        rows.retain(|row| row.owner.as_ref().is_none_or(|owner| !alive.contains(owner)));
        let raced = rows.len() < locked;
        let (mut claimed, mut expired, mut given_up) = (Vec::new(), Vec::new(), Vec::new());
        let mut ended = BTreeSet::new();
        for Due { mut forward, has_body, .. } in rows {
            let end = forward.queued_at.saturating_add(request.claim.give_up_after);
            if forward.attempt > 0 && end <= now {
                given_up.push(forward.seq);
                ended.extend(queue(&request.claim.target, forward.flow_id));
            } else if !has_body {
                expired.push(forward.seq);
                ended.extend(queue(&request.claim.target, forward.flow_id));
            } else {
                forward.attempt += 1;
                claimed.push(forward);
            }
        }
        for (reason, seqs) in [(Reason::TargetFailed, given_up), (Reason::BodyExpired, expired)] {
            if !seqs.is_empty() {
                let sql = Sql::new("UPDATE outbox SET pending = 0, owner = NULL, dead = ")
                    .bind(reason.as_str())
                    .push(" WHERE seq IN ")
                    .list(seqs);
                tx.query(sql).await?;
            }
        }
        promote(tx, &ended).await?;
        if !claimed.is_empty() {
            let sql = Sql::new("UPDATE outbox SET attempt = attempt + 1, owner = ")
                .bind(&request.worker)
                .push(" WHERE seq IN ")
                .list(claimed.iter().map(|forward| forward.seq));
            tx.query(sql).await?;
        }
        if !claimed.is_empty() || raced {
            return Ok(claimed);
        }
    }
}

fn queue(target: &str, flow_id: Option<String>) -> Option<(String, String)> {
    Some((target.to_owned(), flow_id?))
}

/// Locks these forwards, in the order of their numbers, together with those that follow them in their queues.
async fn lock<T: Tx>(tx: &mut T, worker: &str, seqs: &[i64]) -> Result<(), Failure> {
    if T::LOCK.is_empty() {
        return Ok(());
    }
    let sql = Sql::new(
        "SELECT target, flow_id FROM outbox \
         WHERE flow_id IS NOT NULL AND replay = 0 AND pending = 1 AND owner = ",
    )
    .bind(worker)
    .push(" AND seq IN ")
    .list(seqs.iter().copied());
    let mut queues = BTreeSet::new();
    for mut fields in tx.query(sql).await? {
        queues.insert((fields.text()?, fields.text()?));
    }
    let next = first(tx, &queues, seqs).await?.into_iter().map(|(seq, _)| seq);
    let all = seqs.iter().copied().chain(next);
    let sql = Sql::new("SELECT seq FROM outbox WHERE seq IN ").list(all).push(" ORDER BY seq");
    tx.query(sql.push(T::LOCK)).await?;
    Ok(())
}

fn failed(sql: Sql, now: i64, detail: &String) -> Sql {
    sql.push("failed_at = ").bind(now).push(", error = ").bind(detail)
}

pub(crate) async fn settle_forwards<T: Tx>(
    tx: &mut T,
    request: &SettleForwards,
) -> Result<Vec<i64>, Failure> {
    let now = check_alive(tx, &request.worker).await?;
    if request.settlements.is_empty() {
        return Ok(Vec::new());
    }
    let seqs: Vec<i64> = request.settlements.iter().map(|one| one.seq).collect();
    lock(tx, &request.worker, &seqs).await?;
    let sql = Sql::new(
        "SELECT seq, attempt, target, flow_id, message, replay FROM outbox \
         WHERE pending = 1 AND owner = ",
    )
    .bind(&request.worker)
    .push(" AND seq IN ")
    .list(seqs)
    .push(" ORDER BY seq")
    .push(T::LOCK);
    let (mut accepted, mut delivered) = (Vec::new(), Vec::new());
    let mut ended = BTreeSet::new();
    for mut fields in tx.query(sql).await? {
        let (seq, attempt) = (fields.int()?, fields.int()?);
        let (target, flow_id) = (fields.text()?, fields.text_or_null()?);
        let (message, is_replay) = (fields.int()?, fields.int()? == 1);
        let settlement = request.settlements.iter().find(|one| one.seq == seq);
        let Some(settlement) = settlement.filter(|one| one.attempt == attempt) else { continue };
        let sql = Sql::new("UPDATE outbox SET owner = NULL, ");
        let sql = match &settlement.outcome {
            ForwardOutcome::Delivered => sql.push("pending = 0, delivered_at = ").bind(now),
            ForwardOutcome::Again { delay, detail } => {
                failed(sql, now, detail).push(", due = ").bind(now.saturating_add(*delay))
            }
            ForwardOutcome::Dead { reason, detail } => {
                failed(sql, now, detail).push(", pending = 0, dead = ").bind(reason.as_str())
            }
            ForwardOutcome::Released { delay } => {
                sql.push("attempt = attempt - 1, due = ").bind(now.saturating_add(*delay))
            }
        };
        tx.query(sql.push(" WHERE seq = ").bind(seq)).await?;
        if is_replay && settlement.outcome == ForwardOutcome::Delivered {
            delivered.push((message, target.clone()));
        }
        let is_ended =
            matches!(settlement.outcome, ForwardOutcome::Delivered | ForwardOutcome::Dead { .. });
        if is_ended {
            ended.extend(queue(&target, flow_id));
        }
        accepted.push(seq);
    }
    promote(tx, &ended).await?;
    for (message, target) in delivered {
        mark_replayed(tx, &target, &[message], now).await?;
    }
    Ok(accepted)
}

pub(crate) async fn target_health<T: Tx>(
    tx: &mut T,
    request: &TargetHealth,
) -> Result<Vec<view::TargetHealth>, Failure> {
    let mut views = Vec::new();
    for name in &request.names {
        // Each part reads one entry of an index, whatever number of forwards is stored.
        let failure = |sql: Sql, column: &str| {
            sql.push(&format!(", (SELECT {column} FROM outbox WHERE target = "))
                .bind(name)
                .push(" AND failed_at IS NOT NULL ORDER BY failed_at DESC, seq DESC LIMIT 1)")
        };
        let sql = Sql::new("SELECT (SELECT max(delivered_at) FROM outbox WHERE target = ")
            .bind(name)
            .push(" AND delivered_at IS NOT NULL)");
        for mut fields in tx.query(failure(failure(sql, "failed_at"), "error")).await? {
            views.push(view::TargetHealth {
                name: name.clone(),
                delivered_at: fields.int_or_null()?,
                failed_at: fields.int_or_null()?,
                error: fields.text_or_null()?,
            });
        }
    }
    Ok(views)
}
