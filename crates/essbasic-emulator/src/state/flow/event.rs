//! Events of a contract.

/// Event of a contract that listeners are notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowEvent {
    /// The contract was created.
    Start,
    /// A party has signed.
    Sign,
    /// A party has rejected the contract.
    Reject,
    /// The initiator has cancelled the contract.
    Cancel,
    /// The file with the last signature is composed.
    Finish,
    /// The deadline has passed.
    Deadline,
    /// The contract became invalid or was released.
    Other,
}
