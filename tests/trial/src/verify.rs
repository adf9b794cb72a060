//! Checks after the work: the ledger, the archive and the targets against the emulator.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use essbasic_emulator::Emulator;
use essbasic_server::ledger::{
    Contract as Stored, ContractQuery, Event, Finish, Ledger, MessageQuery, MessageView, State,
    rank,
};

use crate::archive::{Archive, sha256};
use crate::balancer::Acknowledged;
use crate::error::{Context as _, Result};
use crate::expected::{Contract, Fate};
use crate::report::{Property, Report};
use crate::settings::FORWARDS;
use crate::target::Record;

/// Rows of one page.
const PAGE: usize = 1_000;

/// Lookups at the same time.
const CONCURRENCY: usize = 8;

/// State of the trial after the work.
pub(crate) struct Outcome<'a> {
    pub(crate) emulator: &'a Emulator,
    pub(crate) ledger: &'a Ledger,
    pub(crate) contracts: &'a [Contract],
    pub(crate) archive: &'a Archive,
    /// By `MsgId`.
    pub(crate) acknowledged: HashMap<String, Acknowledged>,
    /// In the order of [`FORWARDS`].
    pub(crate) records: Vec<Record>,
}

/// Checks everything, and adds the properties.
pub(crate) async fn verify(outcome: &Outcome<'_>, report: &mut Report) -> Result<()> {
    let stored = contracts(outcome.ledger).await?;
    let events = events(outcome.ledger, &stored).await?;
    slowest(&stored, &events, report);
    let messages = messages(outcome.ledger).await?;
    let mut properties = vec![finished(outcome.contracts, &stored), one_effect(&stored, &events)];
    properties.push(right_bytes(outcome, &stored)?);
    properties.push(acknowledged(outcome, &stored, &messages));
    properties.extend(forwarded(outcome, &messages));
    report.add(properties);
    Ok(())
}

/// Adds the timeline of the contract that took longest.
fn slowest(
    stored: &BTreeMap<String, Stored>,
    events: &BTreeMap<String, Vec<Event>>,
    report: &mut Report,
) {
    let time = |one: &&Stored| one.finished_at.map_or(0, |finished| finished - one.added_at);
    let Some(slowest) = stored.values().max_by_key(time) else { return };
    let timeline = events.get(&slowest.flow_id).map(Vec::as_slice).unwrap_or_default();
    let steps = timeline.iter().map(|event| {
        let at = (event.at - slowest.added_at) as f64 / 1_000.0;
        format!("{at:.1} s {} {}", event.kind, event.detail)
    });
    report.fact("slowest contract", steps.collect::<Vec<_>>().join(", "));
}

/// Checks that the archive has the expected objects and nothing else.
pub(crate) fn only_expected(archive: &Archive, contracts: &[Contract]) -> Result<Property> {
    let mut expected: BTreeSet<String> = archived(contracts).map(object).collect();
    let mut property = Property::new("the archive has the expected objects and nothing else");
    for name in archive.objects()?.into_keys() {
        property.check(expected.remove(&name), || format!("unexpected object {name}"));
    }
    for name in expected {
        property.check(false, || format!("missing object {name}"));
    }
    Ok(property)
}

fn archived(contracts: &[Contract]) -> impl Iterator<Item = &Contract> {
    contracts.iter().filter(|contract| contract.fate.is_archived())
}

/// Returns the name of the object of a contract, which has one file.
fn object(contract: &Contract) -> String {
    format!("{}-1.pdf", contract.id)
}

async fn contracts(ledger: &Ledger) -> Result<BTreeMap<String, Stored>> {
    let mut found = BTreeMap::new();
    let mut after = String::new();
    loop {
        let query = ContractQuery { after, limit: PAGE, ..ContractQuery::default() };
        let page = ledger.contracts(query).await.context("list of contracts")?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.flow_id.clone();
        found.extend(page.into_iter().map(|one| (one.flow_id.clone(), one)));
    }
}

/// Performs a lookup for each key, some at the same time.
async fn each<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    keys: Vec<String>,
    lookup: impl Fn(String) -> F,
) -> Result<Vec<T>> {
    let mut tasks = tokio::task::JoinSet::new();
    let mut found = Vec::new();
    for key in keys {
        if tasks.len() >= CONCURRENCY
            && let Some(one) = tasks.join_next().await
        {
            found.push(one.context("lookup")??);
        }
        tasks.spawn(lookup(key));
    }
    while let Some(one) = tasks.join_next().await {
        found.push(one.context("lookup")??);
    }
    Ok(found)
}

async fn events(
    ledger: &Ledger,
    stored: &BTreeMap<String, Stored>,
) -> Result<BTreeMap<String, Vec<Event>>> {
    let found = each(stored.keys().cloned().collect(), |id| {
        let ledger = ledger.clone();
        async move {
            let found = ledger.contract(&id).await.context("contract")?;
            Ok((id, found.map(|(_, events)| events).unwrap_or_default()))
        }
    });
    Ok(found.await?.into_iter().collect())
}

/// Returns all messages with their forwards, by ID.
async fn messages(ledger: &Ledger) -> Result<HashMap<String, MessageView>> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let query = MessageQuery { before, limit: PAGE, ..MessageQuery::default() };
        let page = ledger.messages(query).await.context("list of messages")?;
        let Some(last) = page.last() else { break };
        before = Some(last.seq);
        ids.extend(page.into_iter().map(|one| one.id));
    }
    let found = each(ids, |id| {
        let ledger = ledger.clone();
        async move { ledger.message(&id).await.map(|one| (id, one)).context("message") }
    });
    Ok(found.await?.into_iter().collect())
}

fn finished(contracts: &[Contract], stored: &BTreeMap<String, Stored>) -> Property {
    let mut property = Property::new("every contract is finished as it ended");
    for contract in contracts {
        let finish = if contract.fate.is_archived() { Finish::Archived } else { Finish::Ended };
        let one = stored.get(&contract.id);
        let holds = one.is_some_and(|one| one.state == State::Done && one.finish == Some(finish));
        property.check(holds, || match one {
            None => format!("{} is unknown; it is {:?}", contract.id, contract.fate),
            Some(one) => format!("{} {:?} is {one:?}", contract.id, contract.fate),
        });
    }
    let unexpected = stored.len().saturating_sub(contracts.len());
    property.check(unexpected == 0, || format!("{unexpected} unexpected contracts"));
    property
}

fn one_effect(
    stored: &BTreeMap<String, Stored>,
    events: &BTreeMap<String, Vec<Event>>,
) -> Property {
    let mut property = Property::new("every contract has one effect");
    for contract in stored.values() {
        let Some(events) = events.get(&contract.flow_id) else { continue };
        let ends = |kind: &&Event| matches!(&*kind.kind, "archived" | "ended" | "dropped" | "dead");
        let count = events.iter().filter(ends).count();
        property.check(count == 1, || format!("{} has {count}: {events:?}", contract.flow_id));
    }
    property
}

fn right_bytes(outcome: &Outcome<'_>, stored: &BTreeMap<String, Stored>) -> Result<Property> {
    let mut property = Property::new("every object and its evidence are the emulator's PDF");
    let objects = outcome.archive.objects()?;
    for contract in archived(outcome.contracts) {
        let expected = outcome.emulator.file(&contract.id).unwrap_or_default();
        let digest = sha256(&expected);
        let found = objects.get(&object(contract));
        property.check(found.is_some_and(|(_, found)| *found == digest), || match found {
            None => format!("the object of {} is missing", contract.id),
            Some((bytes, _)) => format!(
                "the object of {} has {bytes} bytes that are not the {} of the emulator",
                contract.id,
                expected.len()
            ),
        });
        let Some(one) = stored.get(&contract.id) else { continue };
        let files = one.evidence.as_ref().map(|evidence| &*evidence.files).unwrap_or_default();
        let holds = matches!(files, [file] if file.sha256 == digest);
        property.check(holds, || format!("{} has the evidence {:?}", contract.id, one.evidence));
    }
    Ok(property)
}

fn acknowledged(
    outcome: &Outcome<'_>,
    stored: &BTreeMap<String, Stored>,
    messages: &HashMap<String, MessageView>,
) -> Property {
    let mut property = Property::new("every acknowledged callback has its effect");
    for (msg_id, Acknowledged { flow_id, status }) in &outcome.acknowledged {
        let id = sha256(msg_id);
        property.check(messages.contains_key(&id), || {
            format!("message {id} ({status} of {flow_id}) was acknowledged and is not stored")
        });
        let known = stored.get(flow_id).map(|one| rank(&one.report.status)).unwrap_or_default();
        property.check(known >= rank(&status.clone().into()), || {
            format!("{status} of {flow_id} was acknowledged; it is {:?}", stored.get(flow_id))
        });
    }
    property
}

fn forwarded(outcome: &Outcome<'_>, messages: &HashMap<String, MessageView>) -> [Property; 3] {
    let mut once = Property::new("every message is forwarded at least once");
    let mut valid = Property::new("every forward is signed and encrypted");
    let mut ordered = Property::new("first deliveries are in order per contract");
    let statuses: HashMap<String, &Acknowledged> =
        outcome.acknowledged.iter().map(|(msg_id, one)| (sha256(msg_id), one)).collect();
    for (forward, record) in FORWARDS.iter().zip(&outcome.records) {
        let first: HashMap<String, usize> =
            record.first.iter().map(|(msg_id, position)| (sha256(msg_id), *position)).collect();
        let mut queues: BTreeMap<&str, Vec<(i64, Option<usize>)>> = BTreeMap::new();
        for (id, message) in messages {
            let queued = message.forwards.iter().find(|one| one.target == forward.name);
            let status = statuses.get(id).map(|one| &*one.status);
            let is_expected = !forward.only_signed || status == Some("ALL");
            if is_expected {
                let holds = queued.is_some_and(|one| one.dead.is_none()) && first.contains_key(id);
                once.check(holds, || {
                    format!(
                        "message {id} to {}: {queued:?}, received {}",
                        forward.name,
                        first.contains_key(id)
                    )
                });
            }
            if let (Some(queued), Some(flow_id)) = (queued, &message.flow_id) {
                queues.entry(flow_id).or_default().push((queued.seq, first.get(id).copied()));
            }
        }
        for (flow_id, mut queue) in queues {
            queue.sort_unstable();
            let delivered: Vec<usize> =
                queue.iter().filter_map(|(_, position)| *position).collect();
            ordered.check(delivered.is_sorted(), || {
                format!("{flow_id} to {}: number and position {queue:?}", forward.name)
            });
        }
        let accepted = record.accepted;
        valid = valid.with_violations(accepted, Vec::new());
        valid.check(record.invalid == 0, || {
            format!("{} of {} deliveries to {} were not", record.invalid, accepted, forward.name)
        });
    }
    [once, valid, ordered]
}

/// Returns the properties of the rate, as the emulator counts it. `excess` requests may be those in flight of stopped processes.
pub(crate) fn rate(emulator: &Emulator, limit: u64, excess: u64) -> Property {
    let mut property = Property::new("at most 20 requests per action in any second");
    for (action, peak) in emulator.stats().peaks {
        property.check(peak <= limit + excess, || format!("{peak} of {action} within a second"));
    }
    property
}

/// Returns whether a contract is one of those that only polls report.
pub(crate) fn unreported(contracts: &[Contract]) -> BTreeSet<String> {
    let unreported = |one: &&Contract| one.is_unreported && one.fate == Fate::Signed;
    contracts.iter().filter(unreported).map(|one| one.id.clone()).collect()
}
