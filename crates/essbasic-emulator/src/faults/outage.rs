//! A service that cannot be reached for a while.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// For how long connections are refused.
const LENGTH: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Present,
    /// Somebody is still listening.
    Leaving(Instant),
    /// Nobody is, until then.
    Away(Instant),
}

/// Whether somebody listens.
pub(crate) struct Absence(watch::Sender<Stage>);

impl Default for Absence {
    fn default() -> Self {
        Self(watch::Sender::new(Stage::Present))
    }
}

impl Absence {
    pub(crate) fn begin(&self) {
        let until = Instant::now() + LENGTH;
        self.0.send_modify(|stage| {
            *stage = match stage {
                Stage::Away(_) => Stage::Away(until),
                _ => Stage::Leaving(until),
            };
        });
    }

    pub(crate) fn end(&self) {
        self.0.send_replace(Stage::Present);
    }

    /// Nobody listens any more.
    pub(crate) fn left(&self) {
        self.0.send_if_modified(|stage| match *stage {
            Stage::Leaving(until) => {
                *stage = Stage::Away(until);
                true
            }
            _ => false,
        });
    }

    /// Completes when it has begun.
    pub(crate) async fn begun(&self) {
        self.reaches(|stage| *stage != Stage::Present).await;
    }

    /// Completes when nobody who should not listens any more.
    pub(crate) async fn settled(&self) {
        self.reaches(|stage| !matches!(stage, Stage::Leaving(_))).await;
    }

    async fn reaches(&self, wanted: impl FnMut(&Stage) -> bool) {
        // An error means that there is no sender, and there is: this.
        let _ = self.0.subscribe().wait_for(wanted).await;
    }

    /// Completes when it has ended.
    pub(crate) async fn over(&self) {
        let mut stages = self.0.subscribe();
        loop {
            let stage = *stages.borrow_and_update();
            let (Stage::Leaving(until) | Stage::Away(until)) = stage else { return };
            // An error means that the time has come, unless it was put off.
            if tokio::time::timeout_at(until, stages.changed()).await.is_err() {
                let ended = |now: &mut Stage| {
                    let same = *now == stage;
                    if same {
                        *now = Stage::Present;
                    }
                    same
                };
                self.0.send_if_modified(ended);
            }
        }
    }
}
