//! The order of forwards in SQL: of each contract and target, only the first pending forward is marked as claimable.

use std::collections::BTreeSet;

use super::tx::{Failure, Sql, Tx, Value};

/// Rows of one statement, so that it has fewer parameters than SQLite allows.
const ROWS: usize = 1_000;

const INSERT: &str = "INSERT INTO outbox (target, message, flow_id, replay, pending, head, due, \
    attempt, queued_at) VALUES ";

/// Forward to insert: its target, its message, and the contract of the message.
pub(crate) type New<'a> = (&'a String, i64, Option<&'a String>);

/// Target and contract of forwards that are delivered one after another.
type Queue<'a> = (&'a String, &'a String);

/// Inserts first deliveries, in their order. The caller has locked the contracts, so that the order per contract is that of the
/// commits.
pub(crate) async fn queue<T: Tx>(
    tx: &mut T,
    forwards: &[New<'_>],
    now: i64,
) -> Result<(), Failure> {
    let queues = forwards.iter().filter_map(|(target, _, flow_id)| Some((*target, (*flow_id)?)));
    let mut waiting = waiting(tx, queues.collect()).await?;
    let rows: Vec<Vec<Value>> = forwards
        .iter()
        .map(|(target, message, flow_id)| {
            let head = flow_id.is_none_or(|flow_id| waiting.insert((target, flow_id)));
            row(target, *message, *flow_id, false, head, now)
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        tx.query(Sql::new(INSERT).rows(rows.to_vec())).await?;
    }
    Ok(())
}

/// Inserts redeliveries, which have no order. Returns their numbers.
pub(crate) async fn queue_replays<T: Tx>(
    tx: &mut T,
    forwards: &[New<'_>],
    now: i64,
) -> Result<Vec<i64>, Failure> {
    let mut seqs = Vec::new();
    for forwards in forwards.chunks(ROWS) {
        let rows = forwards
            .iter()
            .map(|(target, message, flow_id)| row(target, *message, *flow_id, true, true, now));
        let rows = tx.query(Sql::new(INSERT).rows(rows).push(" RETURNING seq")).await?;
        for mut fields in rows {
            seqs.push(fields.int()?);
        }
    }
    seqs.sort_unstable();
    Ok(seqs)
}

fn row(
    target: &str,
    message: i64,
    flow_id: Option<&String>,
    replay: bool,
    head: bool,
    now: i64,
) -> Vec<Value> {
    vec![
        target.into(),
        message.into(),
        flow_id.into(),
        i64::from(replay).into(),
        1_i64.into(),
        i64::from(head).into(),
        now.into(),
        0_i64.into(),
        now.into(),
    ]
}

/// Returns those of the queues in which a forward is pending.
///
/// The last one of each is locked until the transaction ends. A settlement that ends it is either visible here, or sees the forwards
/// that this transaction adds. Nobody else adds forwards, because the contracts are locked.
async fn waiting<'a, T: Tx>(
    tx: &mut T,
    queues: BTreeSet<Queue<'a>>,
) -> Result<BTreeSet<Queue<'a>>, Failure> {
    let all: Vec<Queue<'a>> = queues.iter().copied().collect();
    loop {
        let mut found = BTreeSet::new();
        let mut last: Vec<i64> = Vec::new();
        for queues in all.chunks(ROWS) {
            // With their numbers, because the order of the rows is not defined. As text, which is the type of such parameters.
            let keys = queues.iter().enumerate().map(|(n, (target, flow_id))| {
                vec![(&n.to_string()).into(), (*target).into(), (*flow_id).into()]
            });
            let sql = Sql::new("WITH k (n, target, flow_id) AS (VALUES ").rows(keys).push(
                ") SELECT k.n, (SELECT e.seq FROM outbox AS e WHERE e.target = k.target \
                 AND e.flow_id = k.flow_id AND e.replay = 0 AND e.pending = 1 \
                 ORDER BY e.seq DESC LIMIT 1) FROM k",
            );
            for mut fields in tx.query(sql).await? {
                let (n, seq) = (fields.text()?, fields.int_or_null()?);
                let queue = n.parse().ok().and_then(|n: usize| queues.get(n));
                if let (Some(queue), Some(seq)) = (queue, seq) {
                    found.insert(*queue);
                    last.push(seq);
                }
            }
        }
        if T::LOCK.is_empty() || last.is_empty() {
            return Ok(found);
        }
        let sql = Sql::new("SELECT seq FROM outbox WHERE pending = 1 AND seq IN ")
            .list(last.iter().copied())
            .push(" ORDER BY seq")
            .push(T::LOCK);
        if tx.query(sql).await?.len() == last.len() {
            return Ok(found);
        }
        // One was settled between the two statements.
    }
}

/// Returns the first pending forward of each of the queues but those in `except`, in the order of the numbers, and whether it is claimable.
pub(crate) async fn first<T: Tx>(
    tx: &mut T,
    queues: &BTreeSet<(String, String)>,
    except: &[i64],
) -> Result<Vec<(i64, bool)>, Failure> {
    let mut found = BTreeSet::new();
    for (target, flow_id) in queues {
        let sql = Sql::new("SELECT e.seq, e.head FROM outbox AS e WHERE e.target = ")
            .bind(target)
            .push(" AND e.flow_id = ")
            .bind(flow_id)
            .push(" AND e.replay = 0 AND e.pending = 1");
        let sql = if except.is_empty() {
            sql
        } else {
            sql.push(" AND e.seq NOT IN ").list(except.iter().copied())
        };
        for mut fields in tx.query(sql.push(" ORDER BY e.seq LIMIT 1")).await? {
            found.insert((fields.int()?, fields.int()? == 1));
        }
    }
    Ok(found.into_iter().collect())
}

/// Makes the next pending forward of each queue claimable, after one of it was delivered or given up.
///
/// The transaction has locked other forwards, perhaps later ones. It does not wait for a row that is locked, because its owner may wait
/// for one of those: the operation is repeated.
pub(crate) async fn promote<T: Tx>(
    tx: &mut T,
    queues: &BTreeSet<(String, String)>,
) -> Result<(), Failure> {
    let next: Vec<i64> = first(tx, queues, &[])
        .await?
        .into_iter()
        .filter_map(|(seq, is_head)| (!is_head).then_some(seq))
        .collect();
    if next.is_empty() {
        return Ok(());
    }
    let sql = Sql::new("SELECT c.seq FROM outbox AS c WHERE c.seq IN ")
        .list(next.iter().copied())
        .push(" ORDER BY c.seq")
        .push(T::SKIP);
    if tx.query(sql).await?.len() < next.len() {
        return Err(Failure::Conflict);
    }
    tx.query(Sql::new("UPDATE outbox SET head = 1 WHERE seq IN ").list(next)).await?;
    Ok(())
}
