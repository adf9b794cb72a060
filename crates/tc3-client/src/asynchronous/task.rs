//! Tasks of the async client.

use tc3_api::{Action, StartTask, TaskQuery};

use super::Client;
use crate::error::Error;
use crate::task::{Step, TaskOptions, TaskOutcome, Waiting};

crate::__task_handle! {
    error: Error,
    async: [async],
    await: [.await],
    start_bounds: [R: StartTask + Sync, R::Response: Send],
    wait_bounds: [R::Query: Sync, <R::Query as Action>::Response: Send],
}

impl Client {
    #[doc = include_str!("../task/wait_task.md")]
    pub async fn wait_task<Q>(
        &self,
        query: &Q,
        options: &TaskOptions,
    ) -> Result<TaskOutcome<Q::Response>, Error>
    where
        Q: TaskQuery + Sync,
        Q::Response: Send,
    {
        let mut waiting = Waiting::new::<Q>(options, self.now());
        loop {
            match (waiting.next(self.now()), options.stop()) {
                (Step::Query, Some(stop)) => {
                    waiting.on(Q::state, self.call_cancellable(query, stop).await)?;
                }
                (Step::Query, None) => waiting.on(Q::state, self.call(query).await.map(Some))?,
                (Step::Sleep(time), Some(stop)) => {
                    stop.unless_stopped(self.sleep(time)).await;
                }
                (Step::Sleep(time), None) => self.sleep(time).await,
                (Step::Done, _) => return Ok(waiting.finish()),
            }
        }
    }
}
