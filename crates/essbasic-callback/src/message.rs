use core::fmt;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Value;
use tc3_api::lenient;

use crate::data::as_time;
use crate::{MAX_ID_BYTES, MessageData, MsgType, MsgVersion, RefusalReason, Refused};

/// A callback's message.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Identifier of the message, the same in each delivery; at most [`MAX_ID_BYTES`].
    pub msg_id: String,
    /// What happened.
    pub msg_type: MsgType,
    /// For which API the message is.
    pub msg_version: MsgVersion,
    /// What it is about.
    pub data: MessageData,
    json: String,
}

/// A message as it comes; what else stands in it is in its JSON.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    #[serde(deserialize_with = "lenient::scalar")]
    msg_id: String,
    #[serde(deserialize_with = "lenient::scalar")]
    msg_type: String,
    #[serde(default, deserialize_with = "lenient::scalar")]
    msg_version: String,
    #[serde(default)]
    msg_data: Value,
}

impl Message {
    /// Reads a message that was verified before: one that [`json`](Self::json) wrote into a queue. Nested
    /// deeper than 127 levels it is none.
    ///
    /// # Errors
    /// Returns [`Refused`] if the text is not a message, or if its `MsgId`, `MsgType` or `MsgVersion` is longer than
    /// [`MAX_ID_BYTES`].
    pub fn from_json(json: impl Into<String>) -> Result<Self, Refused> {
        let json = json.into();
        let wire: Wire = from_object(json.as_bytes())?;
        if wire.msg_id.is_empty() || wire.msg_type.is_empty() {
            return Err(Refused(RefusalReason::NotMessage));
        }
        if [&wire.msg_id, &wire.msg_type, &wire.msg_version]
            .iter()
            .any(|id| id.len() > MAX_ID_BYTES)
        {
            return Err(Refused(RefusalReason::IdTooLong));
        }
        let msg_type = MsgType::from(wire.msg_type);
        let data = MessageData::read(&msg_type, wire.msg_data);
        let msg_version = wire.msg_version.into();
        Ok(Self { msg_id: wire.msg_id, msg_type, msg_version, data, json })
    }

    /// The message as it came, decrypted: to be stored, or handed on to another process. It may hold
    /// personal data.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// [`json`](Self::json), owned.
    pub fn into_json(self) -> String {
        self.json
    }

    /// Returns the contract that the message is about, if its data has a `FlowId` of at most [`MAX_ID_BYTES`], typed
    /// or not.
    pub fn flow_id(&self) -> Option<&str> {
        match &self.data {
            MessageData::FlowStatusChange(flow) => Some(&flow.flow_id),
            MessageData::Json(data) => {
                let id = data.get("FlowId")?.as_str()?;
                (!id.is_empty() && id.len() <= MAX_ID_BYTES).then_some(id)
            }
            _ => None,
        }
    }

    /// When it happened, where the data says so as `OccurTime`.
    pub(crate) fn occurred(&self) -> Option<SystemTime> {
        match &self.data {
            MessageData::FlowStatusChange(flow) => flow.occur_time_as_time(),
            MessageData::Json(data) => as_time(data.get("OccurTime")?.as_i64()?),
            _ => None,
        }
    }
}

/// Of an object alone: serde would take a list of values in the order of a struct's fields, too.
pub(crate) fn from_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Refused> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(Refused(RefusalReason::NotJson));
    }
    serde_json::from_slice(json).map_err(|error: serde_json::Error| {
        let is_json = error.classify() == serde_json::error::Category::Data;
        Refused(if is_json { RefusalReason::NotMessage } else { RefusalReason::NotJson })
    })
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("msg_id", &self.msg_id)
            .field("msg_type", &self.msg_type)
            .field("msg_version", &self.msg_version)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
