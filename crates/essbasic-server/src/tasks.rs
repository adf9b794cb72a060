//! Tasks of a process with their names: an end that nobody asked for is noticed.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;

use tokio::task::{Id, JoinError, JoinSet};

use crate::pulse::{Liveness, Pulse};

/// Tasks that are stopped together.
pub(crate) struct Tasks {
    set: JoinSet<()>,
    names: HashMap<Id, String>,
    liveness: Liveness,
}

/// A task that ended although nobody stopped it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    name: String,
    is_panic: bool,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.is_panic { "panicked" } else { "ended unexpectedly" };
        write!(f, "the task {:?} {how}; start the server again, and report this", self.name)
    }
}

impl Ended {
    pub(crate) fn is_panic(&self) -> bool {
        self.is_panic
    }
}

impl Tasks {
    /// Returns an empty set, whose pulses are added to `liveness`.
    pub(crate) fn new(liveness: &Liveness) -> Self {
        Self { set: JoinSet::new(), names: HashMap::new(), liveness: liveness.clone() }
    }

    /// Starts a task.
    pub(crate) fn spawn<F>(&mut self, name: &str, task: impl FnOnce(Pulse) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let pulse = Pulse::new();
        self.liveness.add(name, pulse.clone());
        let id = self.set.spawn(task(pulse)).id();
        self.names.insert(id, name.to_owned());
    }

    /// Completes when a task ends; never without tasks.
    pub(crate) async fn ended(&mut self) -> Ended {
        match self.set.join_next_with_id().await {
            Some(result) => self.name(result),
            None => std::future::pending().await,
        }
    }

    /// Completes when all tasks have ended. Returns the first one that panicked.
    pub(crate) async fn all_ended(&mut self) -> Option<Ended> {
        let mut panicked = None;
        while let Some(result) = self.set.join_next_with_id().await {
            let ended = self.name(result);
            if ended.is_panic && panicked.is_none() {
                panicked = Some(ended);
            }
        }
        panicked
    }

    /// Ends the tasks where they wait.
    pub(crate) fn abort(&mut self) {
        self.set.abort_all();
    }

    fn name(&self, result: Result<(Id, ()), JoinError>) -> Ended {
        let (id, is_panic) = match result {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        Ended { name: self.names.get(&id).cloned().unwrap_or_default(), is_panic }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_and_the_panic_of_a_task_have_its_name() {
        let mut tasks = Tasks::new(&Liveness::default());
        tasks.spawn("waits", |_| std::future::pending());
        tasks.spawn("ends", |_| async {});
        let ended = tasks.ended().await;
        assert!(ended.to_string().starts_with("the task \"ends\" ended unexpectedly;"), "{ended}");
        tasks.spawn("panics", |_| async { panic!("injected") });
        let ended = tasks.ended().await;
        assert!(ended.to_string().starts_with("the task \"panics\" panicked;"), "{ended}");
        tasks.spawn("panics too", |_| async { panic!("injected") });
        tokio::task::yield_now().await;
        tasks.abort();
        assert_eq!(tasks.all_ended().await.map(|ended| ended.name), Some("panics too".to_owned()));
    }
}
