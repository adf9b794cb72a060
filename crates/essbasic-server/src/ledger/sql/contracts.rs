//! Contracts in SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::super::contract::{ALONE_FROM_ATTEMPT, Claimed};
use super::super::requests::{ClaimContracts, DropContracts, Offer, Retry, RetryReason, Settle};
use super::super::rows::Open;
use super::super::view::Selected;
use super::rows::{OPEN, Save, acquire, load_open, read_open, save};
use super::tx::{Failure, Sql, Tx};
use super::workers::{alive_of, check_alive};

pub(crate) async fn offer<T: Tx>(tx: &mut T, request: &Offer) -> Result<Vec<String>, Failure> {
    let now = tx.now().await?;
    let due = now.saturating_add(request.delay);
    let ids = request.flow_ids.iter().cloned().collect();
    let mut added = Vec::new();
    let mut saves = Vec::new();
    for (flow_id, mut locked) in acquire(tx, ids, due, now).await? {
        if locked.fresh {
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
    sql.push(
        " AND (c.owner IS NULL OR NOT EXISTS \
         (SELECT 1 FROM worker AS w WHERE w.id = c.owner AND w.alive_until > ",
    )
    .bind(now)
    .push("))")
}

async fn due<T: Tx>(tx: &mut T, request: &ClaimContracts, now: i64) -> Result<Vec<Open>, Failure> {
    let sql = Sql::new("SELECT ")
        .push(OPEN)
        .push(" FROM contract_open AS c WHERE c.task = ")
        .bind(request.claim.task.as_str())
        .push(" AND c.dead_at IS NULL AND c.due <= ")
        .bind(now);
    let sql = without_live_owner(sql, now)
        .push(" ORDER BY c.due, c.flow_id LIMIT ")
        .bind(request.claim.limit)
        .push(T::SKIP);
    tx.query(sql).await?.iter_mut().map(read_open).collect()
}

pub(crate) async fn claim<T: Tx>(
    tx: &mut T,
    request: &ClaimContracts,
) -> Result<Vec<Claimed>, Failure> {
    let now = check_alive(tx, &request.worker).await?;
    let max_attempts = request.claim.max_attempts;
    loop {
        let mut rows = due(tx, request, now).await?;
        let found = rows.len();
        // A worker may have entered and claimed a row after the snapshot of the statement: only the row itself was read again
        // when it was locked.
        let owners = rows.iter().filter_map(|row| row.owner.clone()).collect();
        let alive = alive_of(tx, owners, now).await?;
        rows.retain(|row| row.owner.as_ref().is_none_or(|owner| !alive.contains(owner)));
        let (used_up, rest): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.attempt >= max_attempts);
        let retired = !used_up.is_empty();
        let alone = |row: &Open| row.attempt + 1 >= ALONE_FROM_ATTEMPT;
        let chosen: Vec<Open> = match rest.first() {
            Some(first) if alone(first) => rest.into_iter().take(1).collect(),
            _ => rest.into_iter().filter(|row| !alone(row)).collect(),
        };
        let again = chosen.is_empty() && retired && found == request.claim.limit;
        let mut saves = Vec::new();
        let mut claimed = Vec::new();
        for row in used_up.into_iter().chain(chosen) {
            let (row, notes, accepted) = row.claimed(&request.worker, max_attempts, now);
            if accepted {
                claimed.push(Claimed {
                    flow_id: row.flow_id.clone(),
                    claim: row.claims,
                    task: row.task,
                    attempt: row.attempt,
                    report: row.report.clone(),
                    added_at: row.added_at,
                });
            }
            saves.push(Save::open(row, notes));
        }
        save(tx, saves, now).await?;
        if !again {
            return Ok(claimed);
        }
    }
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
    let mut saves = Vec::new();
    let mut results = Vec::new();
    for flow_id in flow_ids {
        results.push(match rows.remove(flow_id) {
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
