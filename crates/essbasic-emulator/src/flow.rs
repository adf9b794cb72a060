//! A contract and its life.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where a contract stands, as `FlowStatus` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Status {
    /// Created, nobody has signed.
    Init,
    /// Somebody has signed, not all.
    Part,
    /// A party has refused.
    Reject,
    /// All have signed.
    All,
    /// The deadline has passed.
    Deadline,
    /// Withdrawn by its initiator.
    Cancel,
    /// No longer valid.
    Invalid,
    /// Released by a later agreement.
    Relieved,
}

impl Status {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Part => "PART",
            Self::Reject => "REJECT",
            Self::All => "ALL",
            Self::Deadline => "DEADLINE",
            Self::Cancel => "CANCEL",
            Self::Invalid => "INVALID",
            Self::Relieved => "RELIEVED",
        }
    }
}

/// Who signs.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) name: String,
    /// For a company's employee, the company.
    pub(crate) organization: Option<String>,
    pub(crate) signed_at: Option<Duration>,
}

/// A contract. Times are the emulator's, since the Unix epoch.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The file's name as `DescribeResourceUrlsByFlows` gives it.
    pub(crate) file_name: String,
    pub(crate) app_id: String,
    pub(crate) organization: String,
    pub(crate) group: Option<String>,
    pub(crate) created: Duration,
    pub(crate) deadline: Duration,
    pub(crate) parties: Vec<Party>,
    /// What ended it before or after all had signed, and the reason given.
    pub(crate) ended: Option<(Status, String)>,
}

impl Flow {
    pub(crate) fn status(&self, now: Duration) -> Status {
        if let Some((status, _)) = self.ended {
            return status;
        }
        let signed = self.parties.iter().filter(|party| party.signed_at.is_some()).count();
        if signed == self.parties.len() {
            Status::All
        } else if now >= self.deadline {
            Status::Deadline
        } else if signed > 0 {
            Status::Part
        } else {
            Status::Init
        }
    }

    /// How many signatures the PDF shows: the service composes it one to three seconds after each.
    pub(crate) fn composed(&self, now: Duration) -> usize {
        let shown = |(index, party): (usize, &Party)| {
            party.signed_at.is_some_and(|at| at + self.composition_time(index) <= now)
        };
        self.parties.iter().enumerate().filter(|&item| shown(item)).count()
    }

    /// Between one and three seconds, the same for the same signature in every run.
    fn composition_time(&self, signature: usize) -> Duration {
        let mixed = self.id.bytes().fold(signature as u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Duration::from_millis(1000 + mixed % 2001)
    }

    /// Signs for the next party, or for the one of that name.
    pub(crate) fn sign(&mut self, party: Option<&str>, now: Duration) -> Result<(), Refusal> {
        match self.status(now) {
            Status::Init | Status::Part => {}
            status => return Err(Refusal::Ended(status)),
        }
        let open = self
            .parties
            .iter_mut()
            .find(|each| each.signed_at.is_none() && party.is_none_or(|name| name == each.name))
            .ok_or(Refusal::NoSuchParty)?;
        open.signed_at = Some(now);
        Ok(())
    }

    /// Ends the contract otherwise than by its last signature.
    pub(crate) fn end(
        &mut self,
        status: Status,
        reason: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        let before = self.status(now);
        let allowed = match status {
            Status::Reject | Status::Cancel => matches!(before, Status::Init | Status::Part),
            Status::Invalid => matches!(before, Status::Init | Status::Part | Status::All),
            Status::Relieved => before == Status::All,
            Status::Deadline => {
                self.deadline = self.deadline.min(now);
                return Ok(());
            }
            Status::Init | Status::Part | Status::All => return Err(Refusal::NoEnd(status)),
        };
        if !allowed {
            return Err(Refusal::Ended(before));
        }
        self.ended = Some((status, reason.to_owned()));
        Ok(())
    }
}

/// Why a contract does not take a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such contract.
    NoSuchFlow,
    /// Nobody of that name has yet to sign.
    NoSuchParty,
    /// The contract has this state, from which the step does not lead.
    Ended(Status),
    /// This state is none that ends a contract.
    NoEnd(Status),
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSuchFlow => f.write_str("there is no such contract"),
            Self::NoSuchParty => f.write_str("nobody of that name has yet to sign"),
            Self::Ended(status) => {
                write!(f, "the contract is {}: the step is not possible", status.as_str())
            }
            Self::NoEnd(status) => write!(f, "{} does not end a contract", status.as_str()),
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(parties: usize) -> Flow {
        let party =
            |index: usize| Party { name: index.to_string(), organization: None, signed_at: None };
        Flow {
            id: "f".into(),
            name: String::new(),
            file_name: String::new(),
            app_id: String::new(),
            organization: String::new(),
            group: None,
            created: Duration::ZERO,
            deadline: Duration::from_secs(100),
            parties: (0..parties).map(party).collect(),
            ended: None,
        }
    }

    const AT: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_contract_is_signed_by_one_after_the_other_and_composed_seconds_later() {
        let mut flow = flow(2);
        assert_eq!(flow.status(AT(0)), Status::Init);
        flow.sign(Some("1"), AT(10)).unwrap();
        assert_eq!(flow.status(AT(10)), Status::Part);
        assert_eq!(flow.sign(Some("1"), AT(10)), Err(Refusal::NoSuchParty));
        flow.sign(None, AT(20)).unwrap();
        assert_eq!(flow.status(AT(20)), Status::All);
        assert_eq!(flow.composed(AT(20)), 1);
        assert_eq!(flow.composed(Duration::from_millis(20_999)), 1);
        assert_eq!(flow.composed(AT(24)), 2);
        assert_eq!(flow.sign(None, AT(20)), Err(Refusal::Ended(Status::All)));
        assert_eq!(flow.status(AT(1000)), Status::All);
    }

    #[test]
    fn ends_are_reached_only_from_where_they_can_be() {
        for (end, from_open, from_all) in [
            (Status::Reject, true, false),
            (Status::Cancel, true, false),
            (Status::Invalid, true, true),
            (Status::Relieved, false, true),
        ] {
            let mut open = flow(1);
            assert_eq!(open.end(end, "why", AT(1)).is_ok(), from_open, "{end:?}");
            let mut all = flow(1);
            all.sign(None, AT(1)).unwrap();
            assert_eq!(all.end(end, "why", AT(2)).is_ok(), from_all, "{end:?}");
        }
        let mut late = flow(1);
        late.end(Status::Deadline, "", AT(5)).unwrap();
        assert_eq!(late.status(AT(5)), Status::Deadline);
        assert_eq!(flow(1).status(AT(100)), Status::Deadline);
        assert_eq!(flow(1).end(Status::All, "", AT(1)), Err(Refusal::NoEnd(Status::All)));
    }
}
