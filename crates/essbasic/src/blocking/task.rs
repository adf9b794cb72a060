//! Tasks of the blocking client.

use tc3_client::api::{StartTask, TaskQuery};
use tc3_client::{TaskOptions, TaskOutcome};

use super::Client;
use crate::agent::WithAgent;
use crate::error::Error;
use crate::task::stopped_by;
use crate::trace::Workflow;

tc3_client::__task_handle! {
    error: Error,
    async: [],
    await: [],
    start_bounds: [R: StartTask],
    wait_bounds: [],
}

impl Client {
    #[doc = include_str!("../docs/wait_task.md")]
    pub fn wait_task<Q: TaskQuery>(
        &self,
        query: &Q,
        options: &TaskOptions,
    ) -> Result<TaskOutcome<Q::Response>, Error> {
        let query = WithAgent { request: query, agent: &self.agent };
        let options = stopped_by(options, self.stop.as_ref());
        Workflow::task().run_blocking(|| Ok(self.client.wait_task(&query, &options)?))
    }
}
