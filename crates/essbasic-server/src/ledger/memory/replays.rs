//! Replays in memory.

use std::collections::BTreeSet;

use super::super::error::{Error, ErrorKind};
use super::super::requests::{Replay, ReplayDead};
use super::super::view::BodyState;
use super::Memory;

impl Memory {
    pub(crate) fn replay(&mut self, request: &Replay, now: i64) -> Result<i64, Error> {
        let stored = self.messages.iter().find(|(_, stored)| stored.id == request.message_id);
        let Some((seq, stored)) = stored else {
            return Err(Error::new(ErrorKind::NotFound, "no message has this ID"));
        };
        let seq = *seq;
        match self.body_state(seq, stored) {
            BodyState::Stored => {}
            BodyState::Expired => return Err(Error::body_expired()),
            BodyState::NotStored => return Err(Error::body_not_stored()),
        }
        self.check_known(&request.target)?;
        self.mark_replayed(seq, &request.target, now);
        Ok(self.queue(&request.target, seq, true, now))
    }

    pub(crate) fn replay_dead(
        &mut self,
        request: &ReplayDead,
        now: i64,
    ) -> Result<Vec<i64>, Error> {
        self.check_known(&request.target)?;
        let has_body = |seq: &i64| self.messages.get(seq).is_some_and(|one| one.body.is_some());
        let dead: BTreeSet<i64> = self
            .outbox
            .values()
            .filter(|row| row.target == request.target && row.open_dead().is_some())
            .map(|row| row.message)
            .filter(has_body)
            .collect();
        let mut forwards = Vec::new();
        for message in dead.into_iter().take(request.limit) {
            self.mark_replayed(message, &request.target, now);
            forwards.push(self.queue(&request.target, message, true, now));
        }
        Ok(forwards)
    }

    /// Marks the dead forwards of a message to a target, which a replay replaces.
    pub(super) fn mark_replayed(&mut self, message: i64, target: &str, now: i64) {
        let rows = self.outbox.values_mut();
        for row in rows.filter(|row| row.message == message && row.target == target) {
            if row.open_dead().is_some() {
                row.replayed_at = Some(now);
            }
        }
    }
}
