//! Tasks of the blocking client.

use tc3_api::{StartTask, TaskQuery};

use super::Client;
use crate::error::Error;
use crate::task::{Step, TaskOptions, TaskOutcome, Waiting};

crate::__task_handle! {
    error: Error,
    async: [],
    await: [],
    start_bounds: [R: StartTask],
    wait_bounds: [],
}

impl Client {
    #[doc = include_str!("../task/wait_task.md")]
    pub fn wait_task<Q: TaskQuery>(
        &self,
        query: &Q,
        options: &TaskOptions,
    ) -> Result<TaskOutcome<Q::Response>, Error> {
        let mut waiting = Waiting::new::<Q>(options, self.now());
        loop {
            match (waiting.next(self.now()), options.stop()) {
                (Step::Query, Some(stop)) => {
                    waiting.on(Q::state, self.call_cancellable(query, stop))?;
                }
                (Step::Query, None) => waiting.on(Q::state, self.call(query).map(Some))?,
                (Step::Sleep(time), stop) => {
                    let is_stopped = || stop.is_some_and(|stop| stop.is_stopped());
                    self.sleep_unless(time, &is_stopped);
                }
                (Step::Done, _) => return Ok(waiting.finish()),
            }
        }
    }
}
