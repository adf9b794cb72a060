use std::time::SystemTime;

#[cfg(feature = "serde")]
use serde::Deserialize;
#[cfg(feature = "serde")]
use tc3_api::lenient;

use crate::field::data;
#[cfg(feature = "serde")]
use crate::field::is_default;
use crate::open_enum::open_enum;
use crate::redacted::{Json, OtherFields, Personal};
use crate::timestamp::from_unix;

/// A change of a contract's status.
///
/// The variant for third-party platforms is not documented publicly. Fields that it has beyond these are in
/// `other`.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct FlowStatusChange {
    /// ID of the contract. Not empty in a received message: data without it is kept as JSON.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_id: String,
    /// ID of the contract's document.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub document_id: String,
    /// ID of the template that the contract was created from.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub template_id: String,
    /// Subject of the callback.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub callback_type: Option<CallbackType>,
    /// Status of the contract, as a number.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_callback_status: Option<FlowCallbackStatus>,
    /// Status of the contract, as a string.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_callback_show_status: Option<FlowShowStatus>,
    /// The operation.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub operate: Option<FlowOperate>,
    /// Name of the contract.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_name: Option<Personal>,
    /// Description of the contract.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_description: Option<Personal>,
    /// Kind of the contract, as free text.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_type: String,
    /// Reason of a refusal or withdrawal, as a person wrote it.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub flow_message: Option<Personal>,
    /// Data that the platform's program attached when it created the contract.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub user_data: Option<Personal>,
    /// True if the parties may sign in any order.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub unordered: Option<bool>,
    /// Time of creation, as sent; see [`created_at`](Self::created_at).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub create_on: i64,
    /// Time of the last change, as sent; see [`updated_at`](Self::updated_at).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub updated_on: i64,
    /// Deadline for signing, as sent; zero means no deadline. See [`deadline`](Self::deadline).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub dead_line: i64,
    /// Time of the event, as sent; see [`occurred_at`](Self::occurred_at).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub occur_time: i64,
    /// Recipients of copies.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub cc_infos: Vec<Json>,
    /// Parties of the contract.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub approvers: Vec<Approver>,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    FlowStatusChange {
        "FlowId" => flow_id: id,
        "DocumentId" => document_id: id,
        "TemplateId" => template_id: id,
        "CallbackType" => callback_type: value,
        "FlowCallbackStatus" => flow_callback_status: value_i64,
        "FlowCallbackShowStatus" => flow_callback_show_status: value,
        "Operate" => operate: value,
        "FlowName" => flow_name: string,
        "FlowDescription" => flow_description: string,
        "FlowType" => flow_type: name,
        "FlowMessage" => flow_message: string,
        "UserData" => user_data: string,
        "Unordered" => unordered: boolean,
        "CreateOn" => create_on: number,
        "UpdatedOn" => updated_on: number,
        "DeadLine" => dead_line: number,
        "OccurTime" => occur_time: number,
        "CcInfos" => cc_infos: array,
        "Approvers" => approvers: array,
    }
}

impl FlowStatusChange {
    /// Returns the status of the contract by its name in the API, such as `ALL`; empty if the message has none.
    ///
    /// `essbasic::FlowStatus` implements `From` for it.
    pub fn status_name(&self) -> &str {
        match (&self.flow_callback_show_status, self.flow_callback_status) {
            (Some(status), _) => status.as_str(),
            (None, Some(status)) => status.name(),
            (None, None) => "",
        }
    }

    /// Returns the field `CreateOn` as a time; `None` if it is zero.
    pub fn created_at(&self) -> Option<SystemTime> {
        from_unix(self.create_on)
    }

    /// Returns the field `UpdatedOn` as a time; `None` if it is zero.
    pub fn updated_at(&self) -> Option<SystemTime> {
        from_unix(self.updated_on)
    }

    /// Returns the field `DeadLine` as a time; `None` if it is zero.
    pub fn deadline(&self) -> Option<SystemTime> {
        from_unix(self.dead_line)
    }

    /// Returns the field `OccurTime` as a time; `None` if it is zero.
    pub fn occurred_at(&self) -> Option<SystemTime> {
        from_unix(self.occur_time)
    }
}

/// A party of a contract.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct Approver {
    /// Name of the signer.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub approver_name: Option<Personal>,
    /// Mobile number of the signer.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub approver_mobile: Option<Personal>,
    /// Number of the signer's identity document.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub approver_id_card_number: Option<Personal>,
    /// All other fields.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub other: OtherFields,
}

data! {
    Approver {
        "ApproverName" => approver_name: string,
        "ApproverMobile" => approver_mobile: string,
        "ApproverIdCardNumber" => approver_id_card_number: string,
    }
}

open_enum! {
    /// Subject of a callback about a contract.
    CallbackType {
        Sign = "sign",
        Review = "review",
        Fill = "fill",
    }
}

open_enum! {
    /// An operation on a contract.
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

open_enum! {
    /// Status of a contract, as a string.
    FlowShowStatus {
        /// Created, or to be filled in; no party has signed.
        Init = "INIT",
        /// At least one party has signed, not all.
        Part = "PART",
        /// A party refused to sign. Final.
        Reject = "REJECT",
        /// Every party has signed. Final, unless the contract is released later.
        All = "ALL",
        /// Expired before every party had signed. Final.
        Deadline = "DEADLINE",
        /// Withdrawn by its initiator. Final.
        Cancel = "CANCEL",
        /// Void, for instance because a signer's name changed before signing was complete. Final.
        Invalid = "INVALID",
        /// Released: the parties signed an agreement that ends it. Final.
        Relieved = "RELIEVED",
    }
}

/// Status of a contract, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowCallbackStatus {
    /// `1`: Created; no party has signed.
    Init,
    /// `2`: At least one party has signed, not all.
    Part,
    /// `3`: A party refused to sign. Final.
    Reject,
    /// `4`: Every party has signed. Final, unless the contract is released later.
    All,
    /// `5`: Expired before every party had signed. Final.
    Deadline,
    /// `6`: Withdrawn by its initiator. Final.
    Cancel,
    /// `8`: To be filled in before it can be signed.
    ToFill,
    /// `16`: Void, for instance because a signer's name changed before signing was complete. Final.
    Invalid,
    /// `21`: Released: the parties signed an agreement that ends it. Final.
    Relieved,
    /// A value that is unknown to this version. `From` returns it only if no other variant fits.
    Unknown(i64),
}

impl FlowCallbackStatus {
    /// Each known value with its number on the wire and its name in the API.
    const KNOWN: [(Self, i64, &'static str); 9] = [
        (Self::Init, 1, "INIT"),
        (Self::Part, 2, "PART"),
        (Self::Reject, 3, "REJECT"),
        (Self::All, 4, "ALL"),
        (Self::Deadline, 5, "DEADLINE"),
        (Self::Cancel, 6, "CANCEL"),
        // The API has no separate name for a contract that is to be filled in.
        (Self::ToFill, 8, "INIT"),
        (Self::Invalid, 16, "INVALID"),
        (Self::Relieved, 21, "RELIEVED"),
    ];

    /// Returns the value on the wire.
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

    /// Returns whether no signature can follow. An unknown status is not final.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Init | Self::Part | Self::ToFill | Self::Unknown(_))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for FlowCallbackStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.as_i64())
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for FlowCallbackStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::scalar::<_, i64>(deserializer).map(Self::from)
    }
}

impl From<i64> for FlowCallbackStatus {
    fn from(number: i64) -> Self {
        let known = Self::KNOWN.iter().find(|(_, known, _)| *known == number);
        known.map_or(Self::Unknown(number), |(status, ..)| *status)
    }
}
