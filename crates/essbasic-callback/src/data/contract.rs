use std::time::SystemTime;

use serde::Deserialize;
use serde::de::Deserializer;
use tc3_api::lenient;

use super::{as_time, text};
use crate::bounds::{id, list, name, word};
use crate::open_set::open_set;
use crate::{Json, Members, Personal};

/// A contract went on.
///
/// The variant for third-party platforms was not seen published: what it has beyond these members is in
/// `other`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct FlowStatusChange {
    /// The contract's id. Never empty: data without it is kept as JSON.
    #[serde(deserialize_with = "id")]
    pub flow_id: String,
    /// The id of the contract's document.
    #[serde(deserialize_with = "id")]
    pub document_id: String,
    /// The id of the template it was made from.
    #[serde(deserialize_with = "id")]
    pub template_id: String,
    /// What the callback is for.
    #[serde(deserialize_with = "word")]
    pub callback_type: Option<CallbackType>,
    /// The contract's status.
    #[serde(deserialize_with = "status")]
    pub flow_callback_status: Option<FlowCallbackStatus>,
    /// The same as a word.
    #[serde(deserialize_with = "word")]
    pub flow_callback_show_status: Option<FlowShowStatus>,
    /// What was done.
    #[serde(deserialize_with = "word")]
    pub operate: Option<FlowOperate>,
    /// The contract's name.
    #[serde(deserialize_with = "text")]
    pub flow_name: Option<Personal>,
    /// The contract's description.
    #[serde(deserialize_with = "text")]
    pub flow_description: Option<Personal>,
    /// The contract's kind, as free text.
    #[serde(deserialize_with = "name")]
    pub flow_type: String,
    /// Why it was refused or withdrawn, in somebody's words.
    #[serde(deserialize_with = "text")]
    pub flow_message: Option<Personal>,
    /// What the platform's program put in when it made the contract.
    #[serde(deserialize_with = "text")]
    pub user_data: Option<Personal>,
    /// Whether the parties may sign in any order.
    #[serde(deserialize_with = "lenient::optional")]
    pub unordered: Option<bool>,
    /// When it was made.
    #[serde(deserialize_with = "lenient::scalar")]
    pub create_on: i64,
    /// When it last changed.
    #[serde(deserialize_with = "lenient::scalar")]
    pub updated_on: i64,
    /// When it expires; zero: never.
    #[serde(deserialize_with = "lenient::scalar")]
    pub dead_line: i64,
    /// When what the message tells happened.
    #[serde(deserialize_with = "lenient::scalar")]
    pub occur_time: i64,
    /// Who gets copies.
    #[serde(deserialize_with = "list")]
    pub cc_infos: Vec<Json>,
    /// The parties.
    #[serde(deserialize_with = "list")]
    pub approvers: Vec<Approver>,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

impl FlowStatusChange {
    /// Where the contract stands, in the API's word for it, such as `ALL`; empty where the message does
    /// not say. `essbasic::FlowStatus` is made from it.
    pub fn status_name(&self) -> &str {
        match (&self.flow_callback_show_status, self.flow_callback_status) {
            (Some(word), _) => word.as_str(),
            (None, Some(number)) => number.name(),
            (None, None) => "",
        }
    }

    /// The member `CreateOn` as a time; `None` of zero.
    pub fn create_on_as_time(&self) -> Option<SystemTime> {
        as_time(self.create_on)
    }

    /// The member `UpdatedOn` as a time; `None` of zero.
    pub fn updated_on_as_time(&self) -> Option<SystemTime> {
        as_time(self.updated_on)
    }

    /// The member `DeadLine` as a time; `None` of zero.
    pub fn dead_line_as_time(&self) -> Option<SystemTime> {
        as_time(self.dead_line)
    }

    /// The member `OccurTime` as a time; `None` of zero.
    pub fn occur_time_as_time(&self) -> Option<SystemTime> {
        as_time(self.occur_time)
    }
}

/// A party of a contract.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Approver {
    /// The signer's name.
    #[serde(deserialize_with = "text")]
    pub approver_name: Option<Personal>,
    /// The signer's mobile number.
    #[serde(deserialize_with = "text")]
    pub approver_mobile: Option<Personal>,
    /// The number of the signer's identity document.
    #[serde(deserialize_with = "text")]
    pub approver_id_card_number: Option<Personal>,
    /// All other members.
    #[serde(flatten)]
    pub other: Members,
}

open_set! {
    /// What a callback about a contract is for.
    CallbackType {
        Sign = "sign",
        Review = "review",
        Fill = "fill",
    }
}

open_set! {
    /// What was done with a contract.
    FlowOperate {
        Start = "start",
        Sign = "sign",
        Reject = "reject",
        Cancel = "cancel",
        Finish = "finish",
        Deadline = "deadline",
        Fill = "fill",
    }
}

open_set! {
    /// A contract's status as a word.
    FlowShowStatus {
        /// Created, or to be filled in; nobody has signed.
        Init = "INIT",
        /// At least one party has signed, not all.
        Part = "PART",
        /// A party refused to sign. Final.
        Reject = "REJECT",
        /// Every party has signed. Final, until it is released.
        All = "ALL",
        /// Expired before every party had signed. Final.
        Deadline = "DEADLINE",
        /// Withdrawn by its initiator. Final.
        Cancel = "CANCEL",
        /// Void, for instance because a signer changed their name while it was open. Final.
        Invalid = "INVALID",
        /// Released: the parties signed an agreement that ends it. Final.
        Relieved = "RELIEVED",
    }
}

/// A contract's status as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowCallbackStatus {
    /// `1`: Created; nobody has signed.
    Init,
    /// `2`: At least one party has signed, not all.
    Part,
    /// `3`: A party refused to sign. Final.
    Reject,
    /// `4`: Every party has signed. Final, until it is released.
    All,
    /// `5`: Expired before every party had signed. Final.
    Deadline,
    /// `6`: Withdrawn by its initiator. Final.
    Cancel,
    /// `8`: To be filled in before it can be signed.
    ToFill,
    /// `16`: Void, for instance because a signer changed their name while it was open. Final.
    Invalid,
    /// `21`: Released: the parties signed an agreement that ends it. Final.
    Relieved,
    /// A value that this version does not know. Made by `From` only where no other variant fits.
    Unknown(i64),
}

impl FlowCallbackStatus {
    /// Each with its number and the API's word for it.
    const KNOWN: [(Self, i64, &'static str); 9] = [
        (Self::Init, 1, "INIT"),
        (Self::Part, 2, "PART"),
        (Self::Reject, 3, "REJECT"),
        (Self::All, 4, "ALL"),
        (Self::Deadline, 5, "DEADLINE"),
        (Self::Cancel, 6, "CANCEL"),
        // To be filled in: the API has no word of its own for that.
        (Self::ToFill, 8, "INIT"),
        (Self::Invalid, 16, "INVALID"),
        (Self::Relieved, 21, "RELIEVED"),
    ];

    /// The value on the wire.
    pub fn as_i64(self) -> i64 {
        match self {
            Self::Unknown(number) => number,
            known => known.row().map_or(0, |(_, number, _)| *number),
        }
    }

    fn name(self) -> &'static str {
        self.row().map_or("", |(.., name)| name)
    }

    fn row(self) -> Option<&'static (Self, i64, &'static str)> {
        Self::KNOWN.iter().find(|(known, ..)| *known == self)
    }

    /// Whether no signature will follow. An unknown status is not held for final.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Init | Self::Part | Self::ToFill | Self::Unknown(_))
    }
}

impl From<i64> for FlowCallbackStatus {
    fn from(number: i64) -> Self {
        let known = Self::KNOWN.iter().find(|(_, known, _)| *known == number);
        known.map_or(Self::Unknown(number), |(status, ..)| *status)
    }
}

fn status<'de, D>(deserializer: D) -> Result<Option<FlowCallbackStatus>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(lenient::optional::<_, i64>(deserializer)?.map(FlowCallbackStatus::from))
}
