//! Rows of contracts: loaded, locked and saved in batches.

use std::collections::{BTreeMap, BTreeSet};

use essbasic::FlowStatus;
use serde::{Deserialize, Serialize};

use super::super::contract::{Evidence, FileEvidence, Report, Task};
use super::super::limits::MAX_EVENTS;
use super::super::reason::Reason;
use super::super::rows::{Done, Note, Open, Row};
use super::super::view::Finish;
use super::tx::{Failure, Fields, Sql, Tx, Value, unexpected};

pub(crate) const OPEN: &str = "flow_id, status, status_at, task, due, owner, attempt, reason, \
    dead_at, added_at, events, claims, lost";
pub(crate) const DONE: &str = "flow_id, status, status_at, finish, attempt, added_at, \
    finished_at, evidence, events, claims";

/// Row to save.
pub(crate) struct Save {
    row: Row,
    notes: Vec<Note>,
    /// True if the row was in `contract_done`.
    was_done: bool,
}

impl Save {
    pub(crate) fn open(row: Open, notes: Vec<Note>) -> Self {
        Self { row: Row::Open(row), notes, was_done: false }
    }

    /// Returns a row that was open.
    pub(crate) fn was_open((row, notes): (Row, Vec<Note>)) -> Self {
        Self { row, notes, was_done: false }
    }
}

/// Row that is locked until the transaction ends.
pub(crate) struct Locked {
    pub(crate) row: Row,
    pub(crate) notes: Vec<Note>,
    pub(crate) was_done: bool,
    /// True if this transaction has added the contract.
    pub(crate) fresh: bool,
}

impl From<Locked> for Save {
    fn from(locked: Locked) -> Self {
        Self { row: locked.row, notes: locked.notes, was_done: locked.was_done }
    }
}

fn report(fields: &mut Fields) -> Result<Report, Failure> {
    Ok(Report { status: FlowStatus::from(fields.text()?), at: fields.int()? })
}

fn reason(code: Option<String>) -> Result<Option<Reason>, Failure> {
    code.map(|code| Reason::from_code(&code).ok_or_else(unexpected)).transpose()
}

pub(crate) fn read_reason(fields: &mut Fields) -> Result<Option<Reason>, Failure> {
    reason(fields.text_or_null()?)
}

/// Reads the columns of [`OPEN`].
pub(crate) fn read_open(fields: &mut Fields) -> Result<Open, Failure> {
    Ok(Open {
        flow_id: fields.text()?,
        report: report(fields)?,
        task: Task::from_code(&fields.text()?),
        due: fields.int()?,
        owner: fields.text_or_null()?,
        attempt: fields.int()?,
        reason: read_reason(fields)?,
        dead_at: fields.int_or_null()?,
        added_at: fields.int()?,
        events: fields.int()?,
        claims: fields.int()?,
        lost: fields.int()?,
    })
}

/// Reads the columns of [`DONE`].
pub(crate) fn read_done(fields: &mut Fields) -> Result<Done, Failure> {
    Ok(Done {
        flow_id: fields.text()?,
        report: report(fields)?,
        finish: Finish::from_code(&fields.text()?),
        attempt: fields.int()?,
        added_at: fields.int()?,
        finished_at: fields.int()?,
        evidence: fields.text_or_null()?.map(|text| read_evidence(&text)).transpose()?,
        events: fields.int()?,
        claims: fields.int()?,
    })
}

/// Evidence in the store: an object that later versions may extend.
#[derive(Serialize, Deserialize)]
struct StoredEvidence {
    files: Vec<StoredFile>,
    request_id: String,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    bytes: i64,
    sha256: String,
}

fn read_evidence(text: &str) -> Result<Evidence, Failure> {
    let stored: StoredEvidence = serde_json::from_str(text).map_err(|_| unexpected())?;
    let files = stored.files.into_iter();
    let files = files.map(|file| FileEvidence { bytes: file.bytes, sha256: file.sha256 });
    Ok(Evidence { files: files.collect(), request_id: stored.request_id })
}

fn evidence_text(evidence: &Evidence) -> Result<String, Failure> {
    let files = evidence.files.iter();
    let files = files.map(|file| StoredFile { bytes: file.bytes, sha256: file.sha256.clone() });
    let request_id = evidence.request_id.clone();
    let stored = StoredEvidence { files: files.collect(), request_id };
    serde_json::to_string(&stored).map_err(|_| unexpected())
}

/// Locks and returns the unfinished contracts with these IDs, in the order of the IDs.
pub(crate) async fn load_open<T: Tx>(
    tx: &mut T,
    flow_ids: &BTreeSet<String>,
) -> Result<Vec<Open>, Failure> {
    if flow_ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new("SELECT ")
        .push(OPEN)
        .push(" FROM contract_open WHERE flow_id IN ")
        .list(flow_ids)
        .push(" ORDER BY flow_id")
        .push(T::LOCK);
    tx.query(sql).await?.iter_mut().map(read_open).collect()
}

/// Locks and returns the contracts that a worker has claimed.
pub(crate) async fn load_owned<T: Tx>(tx: &mut T, worker: &str) -> Result<Vec<Open>, Failure> {
    let sql = Sql::new("SELECT ")
        .push(OPEN)
        .push(" FROM contract_open WHERE owner = ")
        .bind(worker)
        .push(" ORDER BY flow_id")
        .push(T::LOCK);
    tx.query(sql).await?.iter_mut().map(read_open).collect()
}

/// Returns those of the contracts that are finished.
pub(crate) async fn finished<T: Tx>(
    tx: &mut T,
    flow_ids: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Failure> {
    if flow_ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = Sql::new("SELECT flow_id FROM contract_done WHERE flow_id IN ").list(flow_ids);
    tx.query(sql).await?.into_iter().map(|mut fields| fields.text()).collect()
}

async fn load_done<T: Tx>(
    tx: &mut T,
    flow_ids: &BTreeSet<String>,
    lock: &str,
) -> Result<Vec<Done>, Failure> {
    if flow_ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new("SELECT ")
        .push(DONE)
        .push(" FROM contract_done WHERE flow_id IN ")
        .list(flow_ids)
        .push(" ORDER BY flow_id")
        .push(lock);
    tx.query(sql).await?.iter_mut().map(read_done).collect()
}

/// Locks the rows of these contracts, and adds those that are not known. Concurrent transactions wait, so that each contract has
/// exactly one row and its changes are in one order.
pub(crate) async fn acquire<T: Tx>(
    tx: &mut T,
    flow_ids: BTreeSet<String>,
    due: i64,
    now: i64,
) -> Result<BTreeMap<String, Locked>, Failure> {
    let mut locked = BTreeMap::new();
    if flow_ids.is_empty() {
        return Ok(locked);
    }
    let finished = load_done(tx, &flow_ids, "").await?;
    let mut unfinished = flow_ids.clone();
    for done in &finished {
        unfinished.remove(&done.flow_id);
    }
    let mut fresh = BTreeSet::new();
    if !unfinished.is_empty() {
        let rows = unfinished.iter().map(|id| open_values(&Open::new(id, due, now)));
        let sql = Sql::new("INSERT INTO contract_open (")
            .push(OPEN)
            .push(") VALUES ")
            .rows(rows)
            .push(" ON CONFLICT (flow_id) DO NOTHING RETURNING flow_id");
        for mut fields in tx.query(sql).await? {
            fresh.insert(fields.text()?);
        }
    }
    for open in load_open(tx, &unfinished).await? {
        let (flow_id, fresh) = (open.flow_id.clone(), fresh.contains(&open.flow_id));
        let row = Row::Open(open);
        locked.insert(flow_id, Locked { row, notes: Vec::new(), was_done: false, fresh });
    }
    // Again, and locked: another transaction may have finished or reopened a contract since the first look.
    for done in load_done(tx, &flow_ids, T::LOCK).await? {
        let flow_id = done.flow_id.clone();
        let row = Row::Done(done);
        let other =
            locked.insert(flow_id, Locked { row, notes: Vec::new(), was_done: true, fresh: false });
        if other.is_some() {
            // Our new row would be a second one.
            return Err(Failure::Conflict);
        }
    }
    if locked.len() < flow_ids.len() {
        return Err(Failure::Conflict);
    }
    Ok(locked)
}

fn open_values(open: &Open) -> Vec<Value> {
    vec![
        (&open.flow_id).into(),
        open.report.status.as_str().into(),
        open.report.at.into(),
        open.task.as_str().into(),
        open.due.into(),
        open.owner.as_ref().into(),
        open.attempt.into(),
        open.reason.map(Reason::as_str).into(),
        open.dead_at.into(),
        open.added_at.into(),
        open.events.into(),
        open.claims.into(),
        open.lost.into(),
    ]
}

fn done_values(done: &Done) -> Result<Vec<Value>, Failure> {
    let evidence = done.evidence.as_ref().map(evidence_text).transpose()?;
    Ok(vec![
        (&done.flow_id).into(),
        done.report.status.as_str().into(),
        done.report.at.into(),
        done.finish.as_str().into(),
        done.attempt.into(),
        done.added_at.into(),
        done.finished_at.into(),
        evidence.as_ref().into(),
        done.events.into(),
        done.claims.into(),
    ])
}

/// Returns the statement that writes rows, whether they exist or not.
fn upsert(table: &str, columns: &str, keys: &[&str], rows: Vec<Vec<Value>>) -> Sql {
    let set: Vec<String> = columns
        .split(',')
        .map(str::trim)
        .filter(|column| !keys.contains(column))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    Sql::new("INSERT INTO ")
        .push(table)
        .push(" (")
        .push(columns)
        .push(") VALUES ")
        .rows(rows)
        .push(" ON CONFLICT (")
        .push(&keys.join(", "))
        .push(") DO UPDATE SET ")
        .push(&set.join(", "))
}

/// Saves rows that this transaction has locked, with their events.
pub(crate) async fn save<T: Tx>(tx: &mut T, saves: Vec<Save>, now: i64) -> Result<(), Failure> {
    let (mut open, mut done) = (Vec::new(), Vec::new());
    let (mut finished, mut reopened) = (Vec::new(), Vec::new());
    // The last event of each slot.
    let mut events = BTreeMap::new();
    for Save { mut row, notes, was_done } in saves {
        for (kind, detail) in notes {
            let number = row.next_event();
            let slots = i64::try_from(MAX_EVENTS).unwrap_or(i64::MAX);
            let key = (row.flow_id().to_owned(), number.rem_euclid(slots));
            events.insert(key, (number, kind, detail));
        }
        match row {
            Row::Open(row) => {
                if was_done {
                    reopened.push(row.flow_id.clone());
                }
                open.push(open_values(&row));
            }
            Row::Done(row) => {
                if !was_done {
                    finished.push(row.flow_id.clone());
                }
                done.push(done_values(&row)?);
            }
        }
    }
    if !finished.is_empty() {
        tx.query(Sql::new("DELETE FROM contract_open WHERE flow_id IN ").list(&finished)).await?;
    }
    if !reopened.is_empty() {
        tx.query(Sql::new("DELETE FROM contract_done WHERE flow_id IN ").list(&reopened)).await?;
    }
    if !open.is_empty() {
        tx.query(upsert("contract_open", OPEN, &["flow_id"], open)).await?;
    }
    if !done.is_empty() {
        tx.query(upsert("contract_done", DONE, &["flow_id"], done)).await?;
    }
    let rows: Vec<Vec<Value>> = events
        .into_iter()
        .map(|((flow_id, slot), (number, kind, detail))| {
            let detail = super::super::limits::detail(&detail);
            vec![
                (&flow_id).into(),
                slot.into(),
                number.into(),
                now.into(),
                kind.into(),
                (&detail).into(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let columns = "flow_id, slot, number, at, kind, detail";
        tx.query(upsert("event", columns, &["flow_id", "slot"], rows)).await?;
    }
    if finished.len() != reopened.len() {
        // Counting the rows would take long. Last, because all replicas write this row.
        let count = |rows: &[String]| i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let change = count(&finished) - count(&reopened);
        tx.query(Sql::new("UPDATE total SET finished = finished + ").bind(change)).await?;
    }
    Ok(())
}
