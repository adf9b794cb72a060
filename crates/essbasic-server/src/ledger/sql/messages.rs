//! Messages in SQL.

use std::collections::{BTreeMap, BTreeSet};

use super::super::limits;
use super::super::message::{Message, Receipt};
use super::super::requests::{Receive, Sweep, Swept, WORKER_ROW_MS};
use super::super::rows::{Open, Row};
use super::outbox;
use super::rows::{acquire, save};
use super::tx::{Failure, Sql, Tx, Value};
use super::workers::check_id;

pub(crate) async fn receive<T: Tx>(tx: &mut T, request: &Receive) -> Result<Vec<Receipt>, Failure> {
    check_id(tx, request.store.as_ref()).await?;
    let now = tx.now().await?;
    let new = insert(tx, &request.messages, now).await?;
    if new.is_empty() && !T::LOCK.is_empty() {
        confirm(tx, &request.messages).await?;
    }
    // The first one of equal messages is the new one.
    let mut stored = new.clone();
    let mut receipts = Vec::new();
    let mut applied: Vec<&Message> = Vec::new();
    for message in &request.messages {
        let is_new = stored.remove(&message.id).is_some();
        receipts.push(if is_new { Receipt::New } else { Receipt::Duplicate });
        if is_new {
            applied.push(message);
        }
    }
    let flow_ids = applied.iter().filter_map(|message| message.flow_id.clone()).collect();
    let mut rows = acquire(tx, flow_ids, now, now).await?;
    let mut queued = Vec::new();
    for message in applied {
        if let Some(locked) = message.flow_id.as_ref().and_then(|flow_id| rows.get_mut(flow_id)) {
            let placeholder = Row::Open(Open::new("", 0, 0));
            let row = std::mem::replace(&mut locked.row, placeholder);
            let (row, notes) = row.reported(message.report.as_ref(), now);
            locked.row = row;
            locked.notes.push(("message", message.kind.clone()));
            locked.notes.extend(notes);
        }
        let Some(seq) = new.get(&message.id) else { continue };
        let mut targets = BTreeSet::new();
        for target in message.targets.iter().filter(|target| targets.insert(*target)) {
            queued.push((target, *seq, message.flow_id.as_ref()));
        }
    }
    outbox::queue(tx, &queued, now).await?;
    save(tx, rows.into_values().map(Into::into).collect(), now).await?;
    Ok(receipts)
}

/// Inserts the messages that are not known. Returns their numbers by ID.
async fn insert<T: Tx>(
    tx: &mut T,
    messages: &[Message],
    now: i64,
) -> Result<BTreeMap<String, i64>, Failure> {
    // In the order of the IDs, so that two replicas never wait for each other.
    let mut first = BTreeMap::new();
    for message in messages {
        first.entry(&message.id).or_insert(message);
    }
    let rows = first.into_values().map(|message| {
        vec![
            Value::from(&message.id),
            (&message.kind).into(),
            message.flow_id.as_ref().into(),
            now.into(),
            message.body.as_ref().into(),
        ]
    });
    let sql = Sql::new("INSERT INTO message (id, kind, flow_id, received_at, body) VALUES ")
        .rows(rows)
        .push(" ON CONFLICT (id) DO NOTHING RETURNING id, seq");
    let rows = tx.query(sql).await?;
    rows.into_iter().map(|mut fields| Ok((fields.text()?, fields.int()?))).collect()
}

/// Writes a row of a transaction that has only duplicates, so that its commit waits for those of their first deliveries: these may be
/// visible before they are on a synchronous standby. The commit of a transaction without changes waits for nothing.
async fn confirm<T: Tx>(tx: &mut T, messages: &[Message]) -> Result<(), Failure> {
    let Some(id) = messages.iter().map(|message| &message.id).min() else { return Ok(()) };
    let sql = Sql::new("UPDATE message SET received_at = received_at WHERE id = ")
        .bind(id)
        .push(" RETURNING id");
    // A sweep has deleted it meanwhile: it is new.
    if tx.query(sql).await?.is_empty() { Err(Failure::Conflict) } else { Ok(()) }
}

const UNQUEUED: &str =
    "NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.message = c.seq AND o.pending = 1)";

/// Locks old messages without forwards in the queue, and returns their numbers.
async fn old<T: Tx>(
    tx: &mut T,
    condition: &str,
    before: i64,
    limit: usize,
) -> Result<Vec<i64>, Failure> {
    let sql = Sql::new("SELECT c.seq FROM message AS c WHERE ")
        .push(condition)
        .push("c.received_at <= ")
        .bind(before)
        .push(" AND ")
        .push(UNQUEUED)
        .push(" ORDER BY c.received_at, c.seq LIMIT ")
        .bind(limit)
        .push(T::SKIP);
    let seqs = numbers(tx, sql).await?;
    if T::LOCK.is_empty() || seqs.is_empty() {
        return Ok(seqs);
    }
    // Again, after they are locked: a replay may have been committed after the snapshot of the first statement.
    let sql = Sql::new("SELECT c.seq FROM message AS c WHERE c.seq IN ").list(seqs);
    numbers(tx, sql.push(" AND ").push(UNQUEUED).push(" ORDER BY c.seq")).await
}

async fn numbers<T: Tx>(tx: &mut T, sql: Sql) -> Result<Vec<i64>, Failure> {
    tx.query(sql).await?.into_iter().map(|mut fields| fields.int()).collect()
}

pub(crate) async fn sweep<T: Tx>(tx: &mut T, request: &Sweep) -> Result<Swept, Failure> {
    let now = tx.now().await?;
    let before = |age: i64| now.saturating_sub(age);
    let retention = request.retention;
    let bodies = old(tx, "c.body IS NOT NULL AND ", before(retention), request.limit).await?;
    if !bodies.is_empty() {
        tx.query(Sql::new("UPDATE message SET body = NULL WHERE seq IN ").list(bodies.clone()))
            .await?;
    }
    let kept = retention.max(limits::MIN_DEDUP_MS);
    let messages = old(tx, "", before(kept), request.limit).await?;
    if !messages.is_empty() {
        let of = |text: &str| Sql::new(text).list(messages.clone());
        tx.query(of("DELETE FROM outbox WHERE message IN ")).await?;
        tx.query(of("DELETE FROM message WHERE seq IN ")).await?;
    }
    let sql = Sql::new("DELETE FROM sample WHERE minute <= ")
        .bind(before(limits::SAMPLES_MS))
        .push(" RETURNING minute");
    let samples = tx.query(sql).await?.len();
    let sql = Sql::new("DELETE FROM worker WHERE alive_until <= ")
        .bind(before(WORKER_ROW_MS))
        .push(" RETURNING id");
    let workers = tx.query(sql).await?.len();
    Ok(Swept { bodies: bodies.len(), messages: messages.len(), samples, workers })
}
