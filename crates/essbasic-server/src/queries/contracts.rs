//! Contracts: pages, timelines, additions, retries.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::error::QueryError;
use super::parse::{self, quoted};
use crate::json::{
    self, ContractDetailJson, ContractJson, ContractsJson, ResultsJson, SelectedJson,
};
use crate::ledger::{ContractQuery, Ledger, Reason, limits};

/// Maximum number of items of a page.
pub(crate) const MAX_PAGE: usize = 500;

/// Result of a retry by reason.
#[derive(Serialize)]
pub(crate) struct RetriedJson {
    /// Number of contracts that are due again.
    pub(crate) retried: usize,
    /// True if more contracts may be dead for this reason.
    pub(crate) more: bool,
}

/// Returns a page of contracts, in the order of their IDs.
///
/// # Errors
/// Returns an error if the query is invalid or the store is unavailable.
pub(crate) async fn contracts(
    ledger: &Ledger,
    mut query: ContractQuery,
) -> Result<ContractsJson, QueryError> {
    let limit = query.limit;
    query.limit = one_more(limit)?;
    let mut contracts = ledger.contracts(query).await?;
    let has_more = contracts.len() > limit;
    contracts.truncate(limit);
    let next = contracts.last().filter(|_| has_more).map(|contract| contract.flow_id.clone());
    Ok(ContractsJson { contracts: contracts.into_iter().map(ContractJson::from).collect(), next })
}

/// Returns the limit of a query that shows whether there is another page.
pub(super) fn one_more(limit: usize) -> Result<usize, QueryError> {
    match (1..=MAX_PAGE).contains(&limit) {
        true => Ok(limit + 1),
        false => Err(QueryError::invalid_request(
            format!("invalid limit {limit}"),
            format!("expected 1 to {MAX_PAGE}"),
        )),
    }
}

/// Returns a contract with its timeline.
///
/// # Errors
/// Returns an error if the contract is not known or the store is unavailable.
pub(crate) async fn contract(
    ledger: &Ledger,
    flow_id: &str,
) -> Result<ContractDetailJson, QueryError> {
    let found = ledger.contract(flow_id).await?;
    found.map(ContractDetailJson::from).ok_or_else(|| {
        QueryError::not_found(
            format!("no contract has the ID {}", quoted(flow_id)),
            "check the ID, or add the contract",
        )
    })
}

/// Change of selected contracts.
#[derive(Clone, Copy)]
enum Change {
    Add,
    Retry,
    Drop,
}

impl Change {
    /// Returns whether the ID is valid. A message may have added a contract with any ID, which can be retried and dropped.
    fn accepts(self, flow_id: &str) -> bool {
        match self {
            Self::Add => parse::flow_id(flow_id).is_ok(),
            Self::Retry | Self::Drop => limits::flow_id(flow_id).is_ok(),
        }
    }
}

/// Adds contracts, and opens dropped ones again. Returns one result per ID: `added`, `known` or `invalid`.
///
/// # Errors
/// Returns an error if the store is unavailable. Some IDs may have been added then.
pub(crate) async fn add(ledger: &Ledger, flow_ids: Vec<String>) -> Result<ResultsJson, QueryError> {
    change(ledger, Change::Add, flow_ids).await
}

/// Makes dead contracts due again. Returns one result per ID: `done`, `not_dead`, `finished`, `not_found` or
/// `invalid`.
///
/// # Errors
/// Returns an error if the store is unavailable. Some contracts may be due again then.
pub(crate) async fn retry(
    ledger: &Ledger,
    flow_ids: Vec<String>,
) -> Result<ResultsJson, QueryError> {
    change(ledger, Change::Retry, flow_ids).await
}

/// Gives up unfinished contracts. Returns one result per ID: `done`, `finished`, `not_found` or `invalid`.
///
/// # Errors
/// Returns an error if the store is unavailable. Some contracts may be dropped then.
pub(crate) async fn drop_contracts(
    ledger: &Ledger,
    flow_ids: Vec<String>,
) -> Result<ResultsJson, QueryError> {
    change(ledger, Change::Drop, flow_ids).await
}

/// Changes contracts in batches. An ID that occurs twice is changed once.
async fn change(
    ledger: &Ledger,
    change: Change,
    flow_ids: Vec<String>,
) -> Result<ResultsJson, QueryError> {
    let mut seen = HashSet::new();
    let distinct: Vec<&String> = flow_ids
        .iter()
        .filter(|flow_id| change.accepts(flow_id) && seen.insert(*flow_id))
        .collect();
    let mut results: HashMap<String, &'static str> = HashMap::new();
    for batch in distinct.chunks(limits::MAX_BATCH) {
        let batch: Vec<String> = batch.iter().map(|flow_id| (*flow_id).clone()).collect();
        let selected = match change {
            Change::Add => {
                results.extend(batch.iter().map(|flow_id| (flow_id.clone(), "known")));
                let added = ledger.add(batch).await?;
                results.extend(added.into_iter().map(|flow_id| (flow_id, "added")));
                continue;
            }
            Change::Retry => ledger.retry(batch.clone()).await?,
            Change::Drop => ledger.drop_contracts(batch.clone()).await?,
        };
        results.extend(batch.into_iter().zip(selected.into_iter().map(json::selected)));
    }
    let results = flow_ids.into_iter().map(|flow_id| {
        let result = match results.get_mut(&flow_id) {
            None => "invalid",
            // The second one of equal IDs is known.
            Some(result @ &mut "added") => std::mem::replace(result, "known"),
            Some(result) => result,
        };
        SelectedJson { flow_id, result }
    });
    Ok(ResultsJson { results: results.collect() })
}

/// Makes up to 1,000 contracts that are dead for a reason due again.
///
/// # Errors
/// Returns an error if the reason is one of forwards, or the store is unavailable.
pub(crate) async fn retry_reason(
    ledger: &Ledger,
    reason: Reason,
) -> Result<RetriedJson, QueryError> {
    if reason.is_of_forwards() {
        return Err(QueryError::invalid_request(
            format!("{reason} is a reason of dead forwards, not of contracts"),
            parse::REPLAY_DEAD,
        ));
    }
    let retried = ledger.retry_reason(reason, limits::MAX_BATCH).await?.len();
    Ok(RetriedJson { retried, more: retried == limits::MAX_BATCH })
}
