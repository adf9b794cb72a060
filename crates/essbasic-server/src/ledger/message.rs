//! Messages of callbacks, and their forwards.

use std::fmt;

use super::contract::Report;
use super::reason::Reason;

/// Message of a callback, to be stored before it is acknowledged.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// SHA-256 of the `MsgId`, in lower-case hexadecimal. It is the ID of the message here.
    pub id: String,
    /// Type, such as `FlowStatusChange`.
    pub kind: String,
    /// Contract that the message is about.
    pub flow_id: Option<String>,
    /// Status of the contract that the message reports.
    pub report: Option<Report>,
    /// Names of the targets to which it is forwarded.
    pub targets: Vec<String>,
    /// Encrypted body, required if there are targets. The ledger never sees a key or plain text.
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("flow_id", &self.flow_id)
            .field("report", &self.report)
            .field("targets", &self.targets)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}

/// Result of storing a message. Both may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The message was stored and applied to its contract.
    New,
    /// The message was stored earlier, by any replica. Nothing changed.
    Duplicate,
}

/// Target of forwards, as the servers have announced it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForwardTarget {
    /// Name.
    pub name: String,
    /// Time at which a server announced it last.
    pub seen_at: i64,
    /// Time since which no server has announced it.
    pub missing_since: Option<i64>,
}

/// Forwards to claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardClaim {
    /// Name of the target.
    pub target: String,
    /// Maximum number of forwards.
    pub limit: usize,
    /// Period after which a forward whose attempts all failed is dead, in milliseconds.
    pub give_up_after: i64,
}

/// Forward that a worker has claimed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forward {
    /// Number of the forward. Forwards of one contract to one target are delivered in this order, redeliveries excepted.
    pub seq: i64,
    /// Number of this attempt, from 1.
    pub attempt: i64,
    /// ID of the message.
    pub message_id: String,
    /// Type of the message.
    pub kind: String,
    /// Contract of the message.
    pub flow_id: Option<String>,
    /// Time at which it was queued, in milliseconds since 1970 by the clock of the store.
    pub queued_at: i64,
    /// Time of the claim by the clock of the store, in milliseconds since 1970: `now - queued_at` is the age.
    pub now: i64,
    /// Encrypted body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward")
            .field("seq", &self.seq)
            .field("attempt", &self.attempt)
            .field("message_id", &self.message_id)
            .field("kind", &self.kind)
            .field("flow_id", &self.flow_id)
            .field("queued_at", &self.queued_at)
            .field("now", &self.now)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Result of an attempt to forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardSettlement {
    /// [`Forward::seq`].
    pub seq: i64,
    /// [`Forward::attempt`].
    pub attempt: i64,
    /// Result.
    pub outcome: ForwardOutcome,
}

/// Result of an attempt to forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardOutcome {
    /// The target accepted it.
    Delivered,
    /// The attempt failed; the next one follows after the delay.
    Again {
        /// Delay until the next attempt, in milliseconds.
        delay: i64,
        /// Cause for people, without personal data, URLs and bodies.
        detail: String,
    },
    /// The forward is given up. Its successor proceeds.
    Dead {
        /// Reason.
        reason: Reason,
        /// Cause for people, as of `Again`.
        detail: String,
    },
    /// The attempt did not begin, and does not count.
    Released {
        /// Delay until the next attempt, in milliseconds.
        delay: i64,
    },
}
