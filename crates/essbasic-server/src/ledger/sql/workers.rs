//! Workers, moments and pauses in SQL.

use std::collections::BTreeSet;

use super::super::error::{Error, ErrorKind};
use super::super::pace::{self, Booking, Moments};
use super::super::probes;
use super::super::requests::{
    Beat, Book, CheckStore, CountExpired, Enter, Leave, Paces, PauseLoop, Pauses, Probe,
    ReleaseMoments, Resume,
};
use super::super::view::{Booked, Pause};
use super::super::worker::{CLOCK_SLACK_MS, Lease};
use super::rows::{Save, load_owned, save};
use super::schema::store_id;
use super::tx::{Failure, Sql, Tx, unexpected};

/// Size of the bytes of a probe: more than a message without a body.
const PROBE_BYTES: usize = 16 << 10;

/// Returns an error if this is another store than the one that was opened.
pub(super) async fn check_id<T: Tx>(tx: &mut T, opened: Option<&String>) -> Result<(), Failure> {
    if opened.is_none() || store_id(tx).await?.as_ref() == opened {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unusable,
        "the store was replaced by another one; stop the server and check `store.url`",
    )
    .into())
}

pub(crate) async fn check_store<T: Tx>(tx: &mut T, request: &CheckStore) -> Result<(), Failure> {
    tx.check_writable().await?;
    check_id(tx, request.store.as_ref()).await?;
    if request.writes {
        let sql = Sql::new("UPDATE store SET probe = ").bind(&vec![0; PROBE_BYTES]);
        tx.query(sql).await?;
    }
    Ok(())
}

pub(crate) async fn enter<T: Tx>(tx: &mut T, request: &Enter) -> Result<Lease, Failure> {
    check_id(tx, request.store.as_ref()).await?;
    let now = tx.now().await?;
    let alive_until = now.saturating_add(request.lease);
    let columns = "id, name, entered_at, alive_until, lease, alone, refused, is_counted";
    let sql = Sql::new(&format!("INSERT INTO worker ({columns}) VALUES ")).list([
        super::tx::Value::from(&request.worker),
        (&request.name).into(),
        now.into(),
        alive_until.into(),
        request.lease.into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
    ]);
    tx.query(sql).await?;
    Ok(Lease { now, alive_until })
}

pub(crate) async fn beat<T: Tx>(tx: &mut T, request: &Beat) -> Result<Lease, Failure> {
    let now = tx.now().await?;
    let alive_until = now.saturating_add(request.lease);
    let sql = Sql::new("UPDATE worker SET alive_until = ")
        .bind(alive_until)
        .push(", lease = ")
        .bind(request.lease)
        .push(", refused = ")
        .bind(request.refused.count)
        .push(", refused_at = ")
        .bind(request.refused.age.map(|age| now.saturating_sub(age)))
        .push(" WHERE id = ")
        .bind(&request.worker)
        .push(" AND ");
    if tx.query(alive(sql, "", now).push(" RETURNING id")).await?.is_empty() {
        return Err(Error::expired().into());
    }
    Ok(Lease { now, alive_until })
}

pub(crate) async fn leave<T: Tx>(tx: &mut T, request: &Leave) -> Result<(), Failure> {
    let now = tx.now().await?;
    let rows = load_owned(tx, &request.worker).await?;
    let saves = rows.into_iter().map(|open| Save::open(open.left(), Vec::new())).collect();
    save(tx, saves, now).await?;
    let sql = Sql::new("SELECT seq FROM outbox WHERE owner = ")
        .bind(&request.worker)
        .push(" ORDER BY seq")
        .push(T::LOCK);
    if !tx.query(sql).await?.is_empty() {
        let sql = Sql::new("UPDATE outbox SET owner = NULL, attempt = attempt - 1 WHERE owner = ")
            .bind(&request.worker);
        tx.query(sql).await?;
    }
    tx.query(Sql::new("DELETE FROM worker WHERE id = ").bind(&request.worker)).await?;
    Ok(())
}

/// Appends the condition of workers that are alive, as [`is_alive`](super::super::worker::is_alive). `prefix`: the alias of the table.
pub(crate) fn alive(sql: Sql, prefix: &str, now: i64) -> Sql {
    sql.push(&format!("({prefix}alive_until > "))
        .bind(now)
        .push(&format!(" AND {prefix}alive_until - {prefix}lease <= "))
        .bind(now.saturating_add(CLOCK_SLACK_MS))
        .push(")")
}

pub(crate) async fn count_expired<T: Tx>(
    tx: &mut T,
    _request: &CountExpired,
) -> Result<usize, Failure> {
    let now = tx.now().await?;
    let sql = Sql::new("UPDATE worker SET is_counted = 1 WHERE is_counted = 0 AND NOT ");
    let sql = alive(sql, "", now).push(" RETURNING id");
    Ok(tx.query(sql).await?.len())
}

/// Returns the time of the store if the worker is alive.
pub(crate) async fn check_alive<T: Tx>(tx: &mut T, worker: &str) -> Result<i64, Failure> {
    let now = tx.now().await?;
    let alive = alive_of(tx, [worker.to_owned()].into(), now).await?;
    if alive.is_empty() { Err(Error::expired().into()) } else { Ok(now) }
}

/// Returns those of the workers that are alive.
pub(crate) async fn alive_of<T: Tx>(
    tx: &mut T,
    workers: BTreeSet<String>,
    now: i64,
) -> Result<BTreeSet<String>, Failure> {
    if workers.is_empty() {
        return Ok(workers);
    }
    let sql =
        alive(Sql::new("SELECT id FROM worker WHERE "), "", now).push(" AND id IN ").list(&workers);
    tx.query(sql).await?.into_iter().map(|mut fields| fields.text()).collect()
}

/// Locks the moments of an action and returns them. All replicas book one after the other.
async fn moments<T: Tx>(tx: &mut T, action: &str) -> Result<Moments, Failure> {
    let sql = Sql::new("SELECT moments, at FROM pace WHERE action = ").bind(action).push(T::LOCK);
    let rows = tx.query(sql).await?;
    let Some(mut fields) = rows.into_iter().next() else {
        let sql = Sql::new("INSERT INTO pace (action, moments, at) VALUES (")
            .bind(action)
            .push(", '', 0) ON CONFLICT (action) DO NOTHING RETURNING action");
        let inserted = tx.query(sql).await?;
        // Another replica inserted it meanwhile.
        return if inserted.is_empty() { Err(Failure::Conflict) } else { Ok(Moments::default()) };
    };
    let (text, at) = (fields.text()?, fields.int()?);
    let booked = text
        .split(',')
        .filter(|moment| !moment.is_empty())
        .map(|moment| moment.parse().map_err(|_| unexpected()))
        .collect::<Result<_, _>>()?;
    Ok(Moments { booked, at })
}

async fn store_moments<T: Tx>(tx: &mut T, action: &str, moments: &Moments) -> Result<(), Failure> {
    let text: Vec<String> = moments.booked.iter().map(i64::to_string).collect();
    let sql = Sql::new("UPDATE pace SET moments = ")
        .bind(&text.join(","))
        .push(", at = ")
        .bind(moments.at)
        .push(" WHERE action = ")
        .bind(action);
    tx.query(sql).await?;
    Ok(())
}

pub(crate) async fn book<T: Tx>(tx: &mut T, request: &Book) -> Result<Booking, Failure> {
    let mut booked = moments(tx, &request.pace.action).await?;
    // After the lock: the wait for it must not make moments late.
    let now = tx.now().await?;
    let booking = pace::book(&mut booked, now, &request.pace);
    store_moments(tx, &request.pace.action, &booked).await?;
    Ok(booking)
}

pub(crate) async fn release<T: Tx>(tx: &mut T, request: &ReleaseMoments) -> Result<(), Failure> {
    let mut booked = moments(tx, &request.action).await?;
    pace::release(&mut booked.booked, &request.moments);
    store_moments(tx, &request.action, &booked).await
}

pub(crate) async fn paces<T: Tx>(tx: &mut T, _request: &Paces) -> Result<Booked, Failure> {
    let now = tx.now().await?;
    let rows = tx.query(Sql::new("SELECT action, moments FROM pace ORDER BY action")).await?;
    let actions = rows.into_iter().map(|mut fields| {
        let (action, text) = (fields.text()?, fields.text()?);
        let moments = text.split(',').filter_map(|moment| moment.parse().ok()).collect();
        Ok((action, moments))
    });
    Ok(Booked { now, actions: actions.collect::<Result<_, Failure>>()? })
}

pub(crate) async fn pause<T: Tx>(tx: &mut T, request: &PauseLoop) -> Result<(), Failure> {
    let now = tx.now().await?;
    let sql = Sql::new("SELECT since FROM pause WHERE name = ").bind(&request.name).push(T::LOCK);
    let since = match tx.query(sql).await?.into_iter().next() {
        Some(mut fields) => fields.int()?,
        None => now,
    };
    let probe_at = now.saturating_add(probes::delay(since, now, request.delay));
    let sql = Sql::new("INSERT INTO pause (name, cause, since, probe_at) VALUES ")
        .list([
            super::tx::Value::from(&request.name),
            (&request.cause).into(),
            now.into(),
            probe_at.into(),
        ])
        .push(" ON CONFLICT (name) DO UPDATE SET cause = excluded.cause, probe_at = excluded.probe_at");
    tx.query(sql).await?;
    Ok(())
}

pub(crate) async fn probe<T: Tx>(tx: &mut T, request: &Probe) -> Result<bool, Failure> {
    let now = tx.now().await?;
    let sql = Sql::new("SELECT probe_at, since FROM pause WHERE name = ")
        .bind(&request.name)
        .push(T::LOCK);
    let rows = tx.query(sql).await?;
    let Some(mut fields) = rows.into_iter().next() else { return Ok(true) };
    if !request.is_first && !probes::is_due(fields.int()?, now, request.delay) {
        return Ok(false);
    }
    let delay = probes::delay(fields.int()?, now, request.delay);
    let sql = Sql::new("UPDATE pause SET probe_at = ")
        .bind(now.saturating_add(delay))
        .push(" WHERE name = ")
        .bind(&request.name);
    tx.query(sql).await?;
    Ok(true)
}

pub(crate) async fn resume<T: Tx>(tx: &mut T, request: &Resume) -> Result<bool, Failure> {
    let sql = Sql::new("DELETE FROM pause WHERE name = ").bind(&request.name);
    Ok(!tx.query(sql.push(" RETURNING name")).await?.is_empty())
}

pub(crate) async fn pauses<T: Tx>(tx: &mut T, _request: &Pauses) -> Result<Vec<Pause>, Failure> {
    let sql = Sql::new("SELECT name, cause, since, probe_at FROM pause ORDER BY name");
    let rows = tx.query(sql).await?;
    rows.into_iter()
        .map(|mut fields| {
            Ok(Pause {
                name: fields.text()?,
                cause: fields.text()?,
                since: fields.int()?,
                probe_at: fields.int()?,
            })
        })
        .collect()
}
