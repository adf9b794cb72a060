//! Targets of forwards in SQL.

use std::collections::BTreeSet;

use super::super::error::Error;
use super::super::message::ForwardTarget;
use super::super::reason::Reason;
use super::super::requests::{Announce, ListTargets, TARGET_SEEN_MS};
use super::contracts::without_live_owner;
use super::outbox::promote;
use super::tx::{Failure, Sql, Tx, Value};

async fn load<T: Tx>(tx: &mut T, lock: &str) -> Result<Vec<ForwardTarget>, Failure> {
    let sql = Sql::new("SELECT name, seen_at, missing_since FROM forward_target ORDER BY name");
    let rows = tx.query(sql.push(lock)).await?;
    rows.into_iter()
        .map(|mut fields| {
            Ok(ForwardTarget {
                name: fields.text()?,
                seen_at: fields.int()?,
                missing_since: fields.int_or_null()?,
            })
        })
        .collect()
}

pub(crate) async fn targets<T: Tx>(
    tx: &mut T,
    _request: &ListTargets,
) -> Result<Vec<ForwardTarget>, Failure> {
    load(tx, "").await
}

/// Returns an error if no server has announced the target. Its removal waits until the transaction ends.
pub(crate) async fn check_known<T: Tx>(tx: &mut T, target: &str) -> Result<(), Failure> {
    let sql = Sql::new("SELECT name FROM forward_target WHERE name = ").bind(target).push(T::LOCK);
    if !tx.query(sql).await?.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = load(tx, "").await?.into_iter().map(|known| known.name).collect();
    Err(Error::unknown_target(target, &known).into())
}

/// Returns the targets of pending forwards. Reads one entry of an index per target.
async fn queued<T: Tx>(tx: &mut T) -> Result<Vec<String>, Failure> {
    let sql = Sql::new(
        "WITH RECURSIVE t (name) AS ( \
         SELECT (SELECT o.target FROM outbox AS o WHERE o.pending = 1 AND o.head = 1 \
         ORDER BY o.target LIMIT 1) \
         UNION ALL SELECT (SELECT o.target FROM outbox AS o WHERE o.pending = 1 AND o.head = 1 \
         AND o.target > t.name ORDER BY o.target LIMIT 1) FROM t WHERE t.name IS NOT NULL) \
         SELECT name FROM t WHERE name IS NOT NULL",
    );
    tx.query(sql).await?.into_iter().map(|mut fields| fields.text()).collect()
}

pub(crate) async fn announce<T: Tx>(tx: &mut T, request: &Announce) -> Result<usize, Failure> {
    let now = tx.now().await?;
    let known = load(tx, T::LOCK).await?;
    let mut announced = request.targets.clone();
    announced.sort_unstable();
    announced.dedup();
    // Those in the queue, too: a server may have ended before it announced them, and nobody else would give up their forwards.
    let mut added: BTreeSet<String> = announced.iter().cloned().collect();
    added.extend(queued(tx).await?);
    added.retain(|name| {
        announced.binary_search(name).is_ok() || !known.iter().any(|known| known.name == *name)
    });
    if !added.is_empty() {
        let rows = added.iter().map(|name| vec![Value::from(name), now.into()]);
        let sql = Sql::new("INSERT INTO forward_target (name, seen_at) VALUES ").rows(rows).push(
            " ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, missing_since = NULL",
        );
        tx.query(sql).await?;
    }
    let mut removed = 0;
    for target in known.into_iter().filter(|known| announced.binary_search(&known.name).is_err()) {
        match target.missing_since {
            None if target.seen_at <= now.saturating_sub(TARGET_SEEN_MS) => {
                let sql = Sql::new("UPDATE forward_target SET missing_since = ")
                    .bind(now)
                    .push(" WHERE name = ")
                    .bind(&target.name);
                tx.query(sql).await?;
            }
            Some(since) if since <= now.saturating_sub(request.grace) => {
                removed += remove(tx, &target.name, request.limit, now).await?;
            }
            _ => {}
        }
    }
    Ok(removed)
}

/// Gives up claimable forwards to a target, which makes the next ones claimable. Forgets the target after the last one.
async fn remove<T: Tx>(tx: &mut T, target: &str, limit: usize, now: i64) -> Result<usize, Failure> {
    let sql = Sql::new("SELECT c.seq, c.flow_id FROM outbox AS c WHERE c.target = ")
        .bind(target)
        .push(" AND c.pending = 1 AND c.head = 1");
    let sql = without_live_owner(sql, now)
        .push(" ORDER BY c.due, c.seq LIMIT ")
        .bind(limit)
        .push(T::SKIP);
    let (mut seqs, mut queues) = (Vec::new(), BTreeSet::new());
    for mut fields in tx.query(sql).await? {
        seqs.push(fields.int()?);
        queues.extend(fields.text_or_null()?.map(|flow_id| (target.to_owned(), flow_id)));
    }
    let count = seqs.len();
    if count > 0 {
        let sql = Sql::new("UPDATE outbox SET pending = 0, owner = NULL, dead = ")
            .bind(Reason::TargetRemoved.as_str())
            .push(" WHERE seq IN ")
            .list(seqs);
        tx.query(sql).await?;
    }
    promote(tx, &queues).await?;
    let sql = Sql::new("SELECT seq FROM outbox WHERE target = ")
        .bind(target)
        .push(" AND pending = 1 LIMIT 1");
    if tx.query(sql).await?.is_empty() {
        tx.query(Sql::new("DELETE FROM forward_target WHERE name = ").bind(target)).await?;
    }
    Ok(count)
}
