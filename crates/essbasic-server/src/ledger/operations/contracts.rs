//! Operations of workers and contracts.

use super::super::contract::{Claim, Claimed, Outcome, Settlement};
use super::super::error::Error;
use super::super::reason::Reason;
use super::super::requests as request;
use super::super::view::{Contract, ContractQuery, Event, Selected, WorkerView};
use super::super::worker::{Lease, RefusedCallbacks, WorkerId};
use super::super::{Ledger, limits};

/// Workers.
impl Ledger {
    /// Enters a new incarnation of a worker, which is alive for `lease` milliseconds. `name` is for people, such as a host name.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable, or if it was replaced by another one since it was opened.
    pub async fn enter(&self, name: &str, lease: i64) -> Result<(WorkerId, Lease), Error> {
        limits::name("name of a worker", name)?;
        limits::delay(lease)?;
        let id = WorkerId::random()?;
        let (worker, name) = (id.as_str().to_owned(), name.to_owned());
        let lease =
            self.run(request::Enter { worker, name, lease, store: self.store_id.clone() }).await?;
        Ok((id, lease))
    }

    /// Renews the lease of a worker, on a connection of its own: load on the others does not delay it.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::super::ErrorKind::Expired) if the lease has expired. It is never renewed then: the process
    /// stops all work and enters again under a new ID.
    pub async fn beat(&self, worker: &WorkerId, lease: i64) -> Result<Lease, Error> {
        self.beat_with(worker, lease, RefusedCallbacks::default()).await
    }

    /// Renews the lease as [`beat`](Self::beat), and stores the number of refused callbacks of the process, for
    /// [`Counts::refused`](super::super::Counts::refused).
    ///
    /// # Errors
    /// Returns the errors of [`beat`](Self::beat).
    pub async fn beat_with(
        &self,
        worker: &WorkerId,
        lease: i64,
        refused: RefusedCallbacks,
    ) -> Result<Lease, Error> {
        limits::delay(lease)?;
        limits::delay(refused.age.unwrap_or_default())?;
        self.run(request::Beat { worker: worker.as_str().to_owned(), lease, refused }).await
    }

    /// Returns the number of leases that expired since this operation, of any replica, counted them last. Each is counted once.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn count_expired(&self) -> Result<usize, Error> {
        self.run(request::CountExpired {}).await
    }

    /// Removes a worker. Its claims end, and their attempts do not count.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable; the lease expires then.
    pub async fn leave(&self, worker: &WorkerId) -> Result<(), Error> {
        self.run(request::Leave { worker: worker.as_str().to_owned() }).await
    }

    /// Returns the workers that are alive.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn workers(&self) -> Result<Vec<WorkerView>, Error> {
        self.run(request::ListWorkers {}).await
    }
}

/// Contracts.
impl Ledger {
    /// Adds contracts, which are polled after the delay. Known ones are not changed, in any state. Returns the IDs that were
    /// added, in their order.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid, so that nothing was added, or if the store is unavailable.
    pub async fn offer(&self, flow_ids: Vec<String>, delay: i64) -> Result<Vec<String>, Error> {
        selected(&flow_ids)?;
        limits::delay(delay)?;
        self.run(request::Offer { flow_ids, delay, reopens: false }).await
    }

    /// Adds contracts that a person names, which are due at once. Dropped ones are opened again; others that are known are not changed.
    /// Returns the IDs that were added or opened, in their order.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid, so that nothing was added, or if the store is unavailable.
    pub async fn add(&self, flow_ids: Vec<String>) -> Result<Vec<String>, Error> {
        selected(&flow_ids)?;
        self.run(request::Offer { flow_ids, delay: 0, reopens: true }).await
    }

    /// Claims due contracts whose worker is absent or not alive, earliest due first. Each claim counts an attempt.
    ///
    /// A contract whose workers were lost in its latest attempts is claimed alone from [`ALONE_FROM_ATTEMPT`](super::super::ALONE_FROM_ATTEMPT)
    /// on, in turn with batches of others. A contract without attempts left
    /// becomes dead with [`Reason::WorkerLost`]. An empty result means that nothing is due.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::super::ErrorKind::Expired) if the worker is not alive.
    pub async fn claim(&self, worker: &WorkerId, claim: Claim) -> Result<Vec<Claimed>, Error> {
        limits::batch(claim.limit)?;
        if claim.limit == 0 || claim.max_attempts < 1 {
            return Err(Error::invalid("limit or number of attempts is 0; expected at least 1"));
        }
        let worker = worker.as_str().to_owned();
        let (claimed, lost) = self.run(request::ClaimContracts { worker, claim }).await?;
        for (contract, reason) in lost {
            tracing::warn!(contract, reason = reason.as_str(), "the contract is dead");
        }
        Ok(claimed)
    }

    /// Settles claims. Returns the IDs whose settlement was accepted, in their order: those that this worker still owns, in the same
    /// attempt. The others have no effect.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::super::ErrorKind::Expired) if the worker is not alive: none was accepted.
    pub async fn settle(
        &self,
        worker: &WorkerId,
        max_attempts: i64,
        mut settlements: Vec<Settlement>,
    ) -> Result<Vec<String>, Error> {
        limits::batch(settlements.len())?;
        let mut flow_ids: Vec<&str> = settlements.iter().map(|one| &*one.flow_id).collect();
        distinct(&mut flow_ids)?;
        for settlement in &mut settlements {
            limits::flow_id(&settlement.flow_id)?;
            match &mut settlement.outcome {
                Outcome::Archived(evidence) => {
                    limits::batch(evidence.files.len())?;
                    evidence.request_id = limits::detail(&evidence.request_id);
                }
                Outcome::Observed { delay, .. } | Outcome::Released { delay } => {
                    limits::delay(*delay)?;
                }
                Outcome::Again { delay, detail, .. } => {
                    limits::delay(*delay)?;
                    *detail = limits::detail(detail);
                }
                Outcome::Dead { detail, .. } => *detail = limits::detail(detail),
            }
        }
        let worker = worker.as_str().to_owned();
        self.run(request::Settle { worker, max_attempts, settlements }).await
    }

    /// Lists contracts.
    ///
    /// # Errors
    /// Returns an error if the query is invalid or the store is unavailable.
    pub async fn contracts(&self, query: ContractQuery) -> Result<Vec<Contract>, Error> {
        limits::batch(query.limit)?;
        for id in [&query.prefix, &query.after] {
            if !id.is_empty() {
                limits::flow_id(id)?;
            }
        }
        self.run(request::ListContracts { query }).await
    }

    /// Returns a contract with its timeline, earliest event first, or `None` if it is not known.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn contract(&self, flow_id: &str) -> Result<Option<(Contract, Vec<Event>)>, Error> {
        limits::flow_id(flow_id)?;
        self.run(request::ShowContract { flow_id: flow_id.to_owned() }).await
    }

    /// Makes dead contracts due again, with all attempts. Returns one result per ID.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid or the store is unavailable.
    pub async fn retry(&self, flow_ids: Vec<String>) -> Result<Vec<Selected>, Error> {
        selected(&flow_ids)?;
        self.run(request::Retry { flow_ids }).await
    }

    /// Makes up to `limit` contracts that are dead for this reason due again. Returns their IDs; repeat until there are none.
    ///
    /// # Errors
    /// Returns an error if the limit is invalid or the store is unavailable.
    pub async fn retry_reason(&self, reason: Reason, limit: usize) -> Result<Vec<String>, Error> {
        limits::batch(limit)?;
        self.run(request::RetryReason { reason, limit }).await
    }

    /// Gives up unfinished contracts: they are done as [`Finish::Dropped`](super::super::Finish::Dropped), and later messages do not change
    /// that; only [`add`](Self::add) opens them again. The settlement of a worker that has claimed one is refused. Returns one result per ID.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid or the store is unavailable.
    pub async fn drop_contracts(&self, flow_ids: Vec<String>) -> Result<Vec<Selected>, Error> {
        selected(&flow_ids)?;
        self.run(request::DropContracts { flow_ids }).await
    }
}

/// Checks a list of contracts.
fn selected(flow_ids: &[String]) -> Result<(), Error> {
    limits::batch(flow_ids.len())?;
    flow_ids.iter().try_for_each(|flow_id| limits::flow_id(flow_id))?;
    distinct(&mut flow_ids.iter().map(String::as_str).collect::<Vec<_>>())
}

fn distinct(flow_ids: &mut Vec<&str>) -> Result<(), Error> {
    let count = flow_ids.len();
    flow_ids.sort_unstable();
    flow_ids.dedup();
    if flow_ids.len() < count {
        return Err(Error::invalid("a contract ID occurs twice in one operation; remove it"));
    }
    Ok(())
}
