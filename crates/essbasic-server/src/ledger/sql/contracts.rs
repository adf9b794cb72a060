//! Contracts in SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::super::contract::{ALONE_FROM_ATTEMPT, ClaimResult, Claimed};
use super::super::requests::{ClaimContracts, DropContracts, Offer, Retry, RetryReason, Settle};
use super::super::rows::{Open, Row, choose};
use super::super::view::Selected;
use super::rows::{OPEN, Save, acquire, finished, load_open, read_open, save};
use super::tx::{Failure, Sql, Tx};
use super::workers::{alive, alive_of, check_alive};

pub(crate) async fn offer<T: Tx>(tx: &mut T, request: &Offer) -> Result<Vec<String>, Failure> {
    let now = tx.now().await?;
    let due = now.saturating_add(request.delay);
    let ids = request.flow_ids.iter().cloned().collect();
    let mut added = Vec::new();
    let mut saves = Vec::new();
    for (flow_id, mut locked) in acquire(tx, ids, due, now).await? {
        let mut is_added = locked.fresh;
        let reopened = match &locked.row {
            Row::Done(done) if request.reopens => done.reopened(due),
            _ => None,
        };
        if let Some(open) = reopened {
            locked.row = Row::Open(open);
            is_added = true;
        }
        if is_added {
            locked.notes.push(("added", String::new()));
            saves.push(locked.into());
            added.push(flow_id);
        }
    }
    save(tx, saves, now).await?;
    Ok(added)
}

/// Returns the condition of rows whose owner is absent or not alive.
pub(crate) fn without_live_owner(sql: Sql, now: i64) -> Sql {
    let sql = sql.push(
        " AND (c.owner IS NULL OR NOT EXISTS \
         (SELECT 1 FROM worker AS w WHERE w.id = c.owner AND ",
    );
    alive(sql, "w.", now).push("))")
}

/// Locks and returns due rows: those that must be claimed alone, or the others.
async fn due<T: Tx>(
    tx: &mut T,
    request: &ClaimContracts,
    (is_alone, limit): (bool, usize),
    now: i64,
) -> Result<Vec<Open>, Failure> {
    // As `Open::is_alone`. The first condition lets the database use the index of lost claims.
    let lost = ALONE_FROM_ATTEMPT - 1;
    let condition = if is_alone {
        format!(
            " AND c.lost > 0 AND (c.lost >= {lost} OR c.owner IS NOT NULL AND c.lost >= {})",
            lost - 1
        )
    } else {
        format!(" AND c.lost < {lost} AND (c.owner IS NULL OR c.lost < {})", lost - 1)
    };
    let sql = Sql::new("SELECT ")
        .push(OPEN)
        .push(" FROM contract_open AS c WHERE c.task = ")
        .bind(request.claim.task.as_str())
        .push(" AND c.dead_at IS NULL AND c.due <= ")
        .bind(now)
        .push(&condition);
    let sql = without_live_owner(sql, now)
        .push(" ORDER BY c.due, c.flow_id LIMIT ")
        .bind(limit)
        .push(T::SKIP);
    let mut rows: Vec<Open> =
        tx.query(sql).await?.iter_mut().map(read_open).collect::<Result<_, _>>()?;
    // A worker may have entered and claimed a row after the snapshot of the statement: only the row itself was read again when it was
    // locked.
    let owners = rows.iter().filter_map(|row| row.owner.clone()).collect();
    let alive = alive_of(tx, owners, now).await?;
    rows.retain(|row| row.owner.as_ref().is_none_or(|owner| !alive.contains(owner)));
    Ok(rows)
}

pub(crate) async fn claim<T: Tx>(
    tx: &mut T,
    request: &ClaimContracts,
) -> Result<ClaimResult, Failure> {
    let now = check_alive(tx, &request.worker).await?;
    let max_attempts = request.claim.max_attempts;
    let previous = was_alone(tx, &request.worker).await?;
    let mut lost = Vec::new();
    loop {
        let alone = due(tx, request, (true, 1), now).await?;
        let batch = due(tx, request, (false, request.claim.limit), now).await?;
        let (used_up, rest): (Vec<_>, Vec<_>) =
            alone.into_iter().chain(batch).partition(|row| row.attempt >= max_attempts);
        let retired = !used_up.is_empty();
        let (is_alone, chosen) = choose(rest, previous);
        let again = chosen.is_empty() && retired;
        let mut saves = Vec::new();
        let mut claimed = Vec::new();
        for row in used_up.into_iter().chain(chosen) {
            let (row, notes, accepted) = row.claimed(&request.worker, max_attempts, now);
            if accepted {
                claimed.push(Claimed::from(&row));
            } else {
                lost.extend(row.reason.map(|reason| (row.flow_id.clone(), reason)));
            }
            saves.push(Save::open(row, notes));
        }
        save(tx, saves, now).await?;
        if !again {
            if !claimed.is_empty() && is_alone != previous {
                let sql = Sql::new("UPDATE worker SET alone = ")
                    .bind(i64::from(is_alone))
                    .push(" WHERE id = ")
                    .bind(&request.worker);
                tx.query(sql).await?;
            }
            return Ok((claimed, lost));
        }
    }
}

/// Returns whether the latest claim of a worker was of a contract alone.
async fn was_alone<T: Tx>(tx: &mut T, worker: &str) -> Result<bool, Failure> {
    let sql = Sql::new("SELECT alone FROM worker WHERE id = ").bind(worker);
    let rows = tx.query(sql).await?;
    rows.into_iter().next().map_or(Ok(false), |mut fields| Ok(fields.int()? == 1))
}

pub(crate) async fn settle<T: Tx>(tx: &mut T, request: &Settle) -> Result<Vec<String>, Failure> {
    let now = check_alive(tx, &request.worker).await?;
    let settlements: BTreeMap<&str, _> =
        request.settlements.iter().map(|one| (one.flow_id.as_str(), one)).collect();
    let ids = settlements.keys().map(|id| (*id).to_owned()).collect();
    let mut accepted = Vec::new();
    let mut saves = Vec::new();
    for row in load_open(tx, &ids).await? {
        let Some(settlement) = settlements.get(row.flow_id.as_str()) else { continue };
        if row.accepts(&request.worker, settlement) {
            accepted.push(row.flow_id.clone());
            let changed = row.settled(&settlement.outcome, request.max_attempts, now);
            saves.push(Save::was_open(changed));
        }
    }
    save(tx, saves, now).await?;
    Ok(accepted)
}

/// Changes each selected contract. Returns the results in the order of the IDs.
async fn change_selected<T: Tx>(
    tx: &mut T,
    flow_ids: &[String],
    change: impl Fn(Open, i64) -> (Save, Selected),
) -> Result<Vec<Selected>, Failure> {
    let now = tx.now().await?;
    let ids: BTreeSet<String> = flow_ids.iter().cloned().collect();
    let rows = load_open(tx, &ids).await?;
    let mut rows: BTreeMap<String, Open> =
        rows.into_iter().map(|row| (row.flow_id.clone(), row)).collect();
    // After the locks, so that a contract that was finished meanwhile is found.
    let absent = ids.iter().filter(|id| !rows.contains_key(*id)).cloned().collect();
    let finished = finished(tx, &absent).await?;
    let mut saves = Vec::new();
    let mut results = Vec::new();
    for flow_id in flow_ids {
        results.push(match rows.remove(flow_id) {
            None if finished.contains(flow_id) => Selected::Finished,
            None => Selected::NotFound,
            Some(row) => {
                let (saved, result) = change(row, now);
                saves.push(saved);
                result
            }
        });
    }
    save(tx, saves, now).await?;
    Ok(results)
}

pub(crate) async fn retry<T: Tx>(tx: &mut T, request: &Retry) -> Result<Vec<Selected>, Failure> {
    change_selected(tx, &request.flow_ids, |row, now| {
        let (row, notes, result) = row.retried(now);
        (Save::open(row, notes), result)
    })
    .await
}

pub(crate) async fn retry_reason<T: Tx>(
    tx: &mut T,
    request: &RetryReason,
) -> Result<Vec<String>, Failure> {
    let sql = Sql::new(
        "SELECT c.flow_id FROM contract_open AS c WHERE c.dead_at IS NOT NULL AND c.reason = ",
    )
    .bind(request.reason.as_str())
    .push(" ORDER BY c.flow_id LIMIT ")
    .bind(request.limit)
    .push(T::SKIP);
    let rows = tx.query(sql).await?;
    let flow_ids: Vec<String> =
        rows.into_iter().map(|mut fields| fields.text()).collect::<Result<_, _>>()?;
    retry(tx, &Retry { flow_ids: flow_ids.clone() }).await?;
    Ok(flow_ids)
}

pub(crate) async fn drop_contracts<T: Tx>(
    tx: &mut T,
    request: &DropContracts,
) -> Result<Vec<Selected>, Failure> {
    change_selected(tx, &request.flow_ids, |row, now| {
        (Save::was_open(row.dropped(now)), Selected::Done)
    })
    .await
}
