//! Tasks that cancel contracts in bulk.

use std::collections::HashMap;
use std::time::Duration;

/// Task of `ChannelBatchCancelFlows`.
pub(crate) struct CancelTask {
    pub(crate) app_id: String,
    pub(crate) organization: String,
    /// Contracts of the request.
    pub(crate) flow_ids: Vec<String>,
    /// Cancelled contracts.
    pub(crate) cancelled: Vec<String>,
    /// Contracts that could not be cancelled: id and reason.
    pub(crate) failed: Vec<(String, &'static str)>,
    /// Time from which the task is reported as finished.
    pub(crate) ends: Duration,
}

/// All tasks.
#[derive(Default)]
pub(crate) struct CancelTasks {
    by_id: HashMap<String, CancelTask>,
    /// Id of the latest task, which may be in progress.
    last: Option<String>,
}

impl CancelTasks {
    pub(crate) fn insert(&mut self, id: String, task: CancelTask) {
        self.last = Some(id.clone());
        self.by_id.insert(id, task);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&CancelTask> {
        self.by_id.get(id)
    }

    /// Returns `true` if the latest task is in progress and has the same contracts, in any order.
    pub(crate) fn is_duplicate(&self, task: &CancelTask, now: Duration) -> bool {
        let sorted = |ids: &[String]| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids
        };
        let last = self.last.as_ref().and_then(|id| self.by_id.get(id));
        last.is_some_and(|last| {
            now < last.ends
                && (&last.app_id, &last.organization) == (&task.app_id, &task.organization)
                && sorted(&last.flow_ids) == sorted(&task.flow_ids)
        })
    }
}
