//! Tasks that withdraw many contracts, and what became of them.

use std::collections::HashMap;
use std::time::Duration;

/// A task of `ChannelBatchCancelFlows`.
pub(crate) struct CancelTask {
    pub(crate) app_id: String,
    pub(crate) organization: String,
    /// The contracts that were given.
    pub(crate) flow_ids: Vec<String>,
    pub(crate) withdrawn: Vec<String>,
    /// Those that could not be withdrawn: id and reason.
    pub(crate) failed: Vec<(String, &'static str)>,
    /// When the service says that it has ended.
    pub(crate) ends: Duration,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Tasks {
    by_id: HashMap<String, CancelTask>,
    /// The latest, which may still be running.
    last: Option<String>,
}

impl Tasks {
    pub(crate) fn keep(&mut self, id: String, task: CancelTask) {
        self.last = Some(id.clone());
        self.by_id.insert(id, task);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&CancelTask> {
        self.by_id.get(id)
    }

    /// Whether the latest task is of the same contracts, in any order, and still runs.
    pub(crate) fn repeats(&self, task: &CancelTask, now: Duration) -> bool {
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
