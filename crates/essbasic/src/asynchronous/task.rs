//! Tasks of the async client.

use tc3_client::api::{Action, StartTask, TaskQuery};
use tc3_client::{TaskOptions, TaskOutcome};

use super::Client;
use crate::agent::WithAgent;
use crate::error::Error;
use crate::task::stopped_by;
use crate::trace::Workflow;

tc3_client::__task_handle! {
    error: Error,
    async: [async],
    await: [.await],
    start_bounds: [R: StartTask + Sync, R::Response: Send],
    wait_bounds: [R::Query: Sync, <R::Query as Action>::Response: Send],
}

impl Client {
    #[doc = include_str!("../docs/wait_task.md")]
    pub async fn wait_task<Q>(
        &self,
        query: &Q,
        options: &TaskOptions,
    ) -> Result<TaskOutcome<Q::Response>, Error>
    where
        Q: TaskQuery + Sync,
        Q::Response: Send,
    {
        let query = WithAgent { request: query, agent: &self.agent };
        let options = stopped_by(options, self.stop());
        Workflow::task().run(async { Ok(self.client.wait_task(&query, &options).await?) }).await
    }
}
