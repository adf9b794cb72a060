//! Lists, numbers and samples in SQL.

use std::collections::BTreeMap;

use super::super::contract::Task;
use super::super::error::{Error, ErrorKind};
use super::super::requests::{
    CountAll, ListContracts, ListMessages, ListWorkers, MINUTE_MS, Samples, ShowContract,
    ShowMessage, TakeSample,
};
use super::super::view::{
    BodyState, Contract, Counts, Event, ForwardView, MessageView, Sample, State, WorkerView,
};
use super::contracts::without_live_owner;
use super::rows::{DONE, OPEN, read_done, read_open, read_reason};
use super::tx::{Failure, Fields, Sql, Tx, unexpected};
use super::workers::alive;

async fn number<T: Tx>(tx: &mut T, sql: Sql) -> Result<i64, Failure> {
    let rows = tx.query(sql).await?;
    rows.into_iter().next().map_or(Ok(0), |mut fields| fields.int())
}

async fn backlog<T: Tx>(tx: &mut T) -> Result<BTreeMap<String, i64>, Failure> {
    let sql = "SELECT target, count(*) FROM outbox WHERE pending = 1 GROUP BY target";
    let rows = tx.query(Sql::new(sql)).await?;
    rows.into_iter().map(|mut fields| Ok((fields.text()?, fields.int()?))).collect()
}

pub(crate) async fn counts<T: Tx>(tx: &mut T, _request: &CountAll) -> Result<Counts, Failure> {
    let now = tx.now().await?;
    let mut dead = BTreeMap::new();
    let sql =
        "SELECT reason, count(*) FROM contract_open WHERE dead_at IS NOT NULL GROUP BY reason";
    for mut fields in tx.query(Sql::new(sql)).await? {
        if let Some(reason) = read_reason(&mut fields)? {
            dead.insert(reason, fields.int()?);
        }
    }
    let unfinished =
        number(tx, Sql::new("SELECT count(*) FROM contract_open WHERE dead_at IS NULL")).await?;
    let sql = Sql::new(
        "SELECT count(*) FROM contract_open AS c JOIN worker AS w ON w.id = c.owner \
         WHERE c.owner IS NOT NULL AND c.dead_at IS NULL AND ",
    );
    let claimed = number(tx, alive(sql, "w.", now)).await?;
    let mut oldest_due: Option<i64> = None;
    // The first row of an index, as claims read it.
    for task in [Task::Poll, Task::Archive] {
        let sql = Sql::new("SELECT c.due FROM contract_open AS c WHERE c.task = ")
            .bind(task.as_str())
            .push(" AND c.dead_at IS NULL AND c.due <= ")
            .bind(now);
        let sql = without_live_owner(sql, now).push(" ORDER BY c.due, c.flow_id LIMIT 1");
        for mut fields in tx.query(sql).await? {
            let due = fields.int()?;
            oldest_due = Some(oldest_due.map_or(due, |oldest| oldest.min(due)));
        }
    }
    let (mut workers, mut refused, mut refused_at) = (0, 0, None);
    let sql = "SELECT count(*), CAST(coalesce(sum(refused), 0) AS BIGINT), max(refused_at) \
               FROM worker WHERE ";
    for mut fields in tx.query(alive(Sql::new(sql), "", now)).await? {
        (workers, refused) = (fields.int()?, fields.int()?);
        refused_at = fields.int_or_null()?;
    }
    let mut forward_dead_reasons = BTreeMap::new();
    let sql = "SELECT target, dead, count(*) FROM outbox \
        WHERE dead IS NOT NULL AND replayed_at IS NULL GROUP BY target, dead";
    for mut fields in tx.query(Sql::new(sql)).await? {
        let (target, reason) = (fields.text()?, read_reason(&mut fields)?);
        forward_dead_reasons.insert((target, reason.ok_or_else(unexpected)?), fields.int()?);
    }
    let mut forward_dead = BTreeMap::new();
    for ((target, _), count) in &forward_dead_reasons {
        *forward_dead.entry(target.clone()).or_default() += count;
    }
    Ok(Counts {
        open: unfinished - claimed,
        claimed,
        dead,
        done: number(tx, Sql::new("SELECT finished FROM total")).await?,
        oldest_due,
        forward_backlog: backlog(tx).await?,
        forward_dead,
        forward_dead_reasons,
        workers,
        refused,
        refused_at,
        now,
    })
}

/// Returns the columns of [`OPEN`] and the number of live owners.
fn select_open(now: i64) -> Sql {
    let sql = Sql::new("SELECT ")
        .push(OPEN)
        .push(", (SELECT count(*) FROM worker AS w WHERE w.id = c.owner AND ");
    alive(sql, "w.", now).push(") FROM contract_open AS c WHERE ")
}

fn view(fields: &mut Fields) -> Result<Contract, Failure> {
    let open = read_open(fields)?;
    Ok(open.view(fields.int()? > 0))
}

pub(crate) async fn contracts<T: Tx>(
    tx: &mut T,
    request: &ListContracts,
) -> Result<Vec<Contract>, Failure> {
    let now = tx.now().await?;
    let query = &request.query;
    let page = |sql: Sql| {
        let sql = sql.push("flow_id > ").bind(&query.after);
        if query.prefix.is_empty() {
            return sql;
        }
        sql.push(" AND flow_id >= ")
            .bind(&query.prefix)
            .push(" AND flow_id < ")
            .bind(&format!("{}\u{10ffff}", query.prefix))
    };
    let end = |sql: Sql| sql.push(" ORDER BY flow_id LIMIT ").bind(query.limit);
    let mut all = Vec::new();
    if query.state != Some(State::Done) {
        let mut sql = page(select_open(now));
        sql = match query.state {
            Some(State::Dead) => sql.push(" AND dead_at IS NOT NULL"),
            Some(State::Open) => without_live_owner(sql.push(" AND dead_at IS NULL"), now),
            Some(State::Claimed) => {
                let sql = sql.push(
                    " AND dead_at IS NULL AND c.owner IN \
                     (SELECT w.id FROM worker AS w WHERE ",
                );
                alive(sql, "w.", now).push(")")
            }
            _ => sql,
        };
        if let Some(reason) = query.reason {
            sql = sql.push(" AND reason = ").bind(reason.as_str());
        }
        for mut fields in tx.query(end(sql)).await? {
            all.push(view(&mut fields)?);
        }
    }
    let has_done = !query.unfinished && query.state.is_none_or(|state| state == State::Done);
    if has_done && query.reason.is_none() {
        let sql = Sql::new("SELECT ").push(DONE).push(" FROM contract_done WHERE ");
        for mut fields in tx.query(end(page(sql))).await? {
            all.push(read_done(&mut fields)?.view());
        }
    }
    all.sort_by(|a, b| a.flow_id.cmp(&b.flow_id));
    all.truncate(query.limit);
    Ok(all)
}

pub(crate) async fn contract<T: Tx>(
    tx: &mut T,
    request: &ShowContract,
) -> Result<Option<(Contract, Vec<Event>)>, Failure> {
    let now = tx.now().await?;
    let sql = select_open(now).push("flow_id = ").bind(&request.flow_id);
    let open = tx.query(sql).await?.iter_mut().map(view).next().transpose()?;
    let contract = match open {
        Some(contract) => contract,
        None => {
            let sql = Sql::new("SELECT ")
                .push(DONE)
                .push(" FROM contract_done WHERE flow_id = ")
                .bind(&request.flow_id);
            let done = tx.query(sql).await?.iter_mut().map(read_done).next().transpose()?;
            let Some(done) = done else { return Ok(None) };
            done.view()
        }
    };
    let sql = Sql::new("SELECT number, at, kind, detail FROM event WHERE flow_id = ")
        .bind(&request.flow_id)
        .push(" ORDER BY number");
    let events = tx.query(sql).await?.into_iter().map(|mut fields| {
        Ok(Event {
            number: fields.int()?,
            at: fields.int()?,
            kind: fields.text()?,
            detail: fields.text()?,
        })
    });
    Ok(Some((contract, events.collect::<Result<_, Failure>>()?)))
}

/// State of the body of the message `m`. Only bodies for targets are stored, and forwards are stored as long as their message.
pub(crate) const BODY: &str = "CASE WHEN m.body IS NOT NULL THEN 'stored' \
    WHEN EXISTS (SELECT 1 FROM outbox AS f WHERE f.message = m.seq) THEN 'expired' \
    ELSE 'not_stored' END";

fn select_message() -> Sql {
    Sql::new("SELECT m.seq, m.id, m.kind, m.flow_id, m.received_at, ").push(BODY).push(
        ", (SELECT count(*) FROM outbox AS d WHERE d.message = m.seq AND d.dead IS NOT NULL \
         AND d.replayed_at IS NULL) FROM message AS m WHERE ",
    )
}

fn message_view(fields: &mut Fields) -> Result<MessageView, Failure> {
    Ok(MessageView {
        seq: fields.int()?,
        id: fields.text()?,
        kind: fields.text()?,
        flow_id: fields.text_or_null()?,
        received_at: fields.int()?,
        body: BodyState::from_code(&fields.text()?),
        dead_forwards: fields.int()?,
        forwards: Vec::new(),
    })
}

pub(crate) async fn messages<T: Tx>(
    tx: &mut T,
    request: &ListMessages,
) -> Result<Vec<MessageView>, Failure> {
    let query = &request.query;
    let mut sql = select_message().push("m.seq < ").bind(query.before.unwrap_or(i64::MAX));
    if let Some(flow_id) = &query.flow_id {
        sql = sql.push(" AND m.flow_id = ").bind(flow_id);
    }
    if query.dead {
        // The few dead forwards first, not all messages.
        sql = sql.push(
            " AND m.seq IN (SELECT d.message FROM outbox AS d \
             WHERE d.dead IS NOT NULL AND d.replayed_at IS NULL",
        );
        if let Some(target) = &query.target {
            sql = sql.push(" AND d.target = ").bind(target);
        }
        sql = sql.push(")");
    } else if let Some(target) = &query.target {
        sql = sql
            .push(" AND EXISTS (SELECT 1 FROM outbox AS f WHERE f.message = m.seq AND f.target = ")
            .bind(target)
            .push(")");
    }
    let sql = sql.push(" ORDER BY m.seq DESC LIMIT ").bind(query.limit);
    tx.query(sql).await?.iter_mut().map(message_view).collect()
}

pub(crate) async fn message<T: Tx>(
    tx: &mut T,
    request: &ShowMessage,
) -> Result<MessageView, Failure> {
    let sql = select_message().push("m.id = ").bind(&request.message_id);
    let found = tx.query(sql).await?.iter_mut().map(message_view).next().transpose()?;
    let Some(mut message) = found else {
        return Err(Error::new(ErrorKind::NotFound, "no message has this ID").into());
    };
    let sql = Sql::new(
        "SELECT seq, target, replay, attempt, due, delivered_at, dead, replayed_at, failed_at, \
         error FROM outbox WHERE message = ",
    )
    .bind(message.seq)
    .push(" ORDER BY seq");
    for mut fields in tx.query(sql).await? {
        message.forwards.push(ForwardView {
            seq: fields.int()?,
            target: fields.text()?,
            replay: fields.int()? == 1,
            attempt: fields.int()?,
            due: fields.int()?,
            delivered_at: fields.int_or_null()?,
            dead: read_reason(&mut fields)?,
            replayed_at: fields.int_or_null()?,
            failed_at: fields.int_or_null()?,
            error: fields.text_or_null()?,
        });
    }
    Ok(message)
}

pub(crate) async fn workers<T: Tx>(
    tx: &mut T,
    _request: &ListWorkers,
) -> Result<Vec<WorkerView>, Failure> {
    let now = tx.now().await?;
    let sql = Sql::new(
        "SELECT w.id, w.name, w.entered_at, w.alive_until, \
         (SELECT count(*) FROM contract_open AS c WHERE c.owner = w.id) \
         FROM worker AS w WHERE ",
    );
    let rows = tx.query(alive(sql, "w.", now).push(" ORDER BY w.id")).await?;
    rows.into_iter()
        .map(|mut fields| {
            Ok(WorkerView {
                id: fields.text()?,
                name: fields.text()?,
                entered_at: fields.int()?,
                alive_until: fields.int()?,
                claimed: fields.int()?,
            })
        })
        .collect()
}

pub(crate) async fn sample<T: Tx>(tx: &mut T, _request: &TakeSample) -> Result<bool, Failure> {
    let now = tx.now().await?;
    let minute = now - now.rem_euclid(MINUTE_MS);
    let previous = |table: &str, column: &str| {
        Sql::new("(SELECT count(*) FROM ")
            .push(&format!("{table} WHERE {column} >= "))
            .push(&(minute - MINUTE_MS).to_string())
            .push(&format!(" AND {column} < {minute})"))
            .text
    };
    // One statement, so that it sees one state. The numbers in it are ours.
    let sql =
        Sql::new("INSERT INTO sample (minute, open, dead, finished, messages, backlog) SELECT ")
            .push(&minute.to_string())
            .push(", (SELECT count(*) FROM contract_open WHERE dead_at IS NULL)")
            .push(", (SELECT count(*) FROM contract_open WHERE dead_at IS NOT NULL), ")
            .push(&previous("contract_done", "finished_at"))
            .push(", ")
            .push(&previous("message", "received_at"))
            .push(", (SELECT count(*) FROM outbox WHERE pending = 1)")
            // Without a condition, SQLite reads the conflict clause as part of a join.
            .push(" WHERE true ON CONFLICT (minute) DO NOTHING RETURNING minute");
    Ok(!tx.query(sql).await?.is_empty())
}

pub(crate) async fn samples<T: Tx>(tx: &mut T, request: &Samples) -> Result<Vec<Sample>, Failure> {
    let sql = Sql::new(
        "SELECT minute, open, dead, finished, messages, backlog FROM sample WHERE minute >= ",
    )
    .bind(request.since)
    .push(" ORDER BY minute");
    let rows = tx.query(sql).await?;
    rows.into_iter()
        .map(|mut fields| {
            Ok(Sample {
                minute: fields.int()?,
                open: fields.int()?,
                dead: fields.int()?,
                finished: fields.int()?,
                messages: fields.int()?,
                backlog: fields.int()?,
            })
        })
        .collect()
}
