use core::fmt;
use std::time::SystemTime;

use serde::Deserialize;
#[cfg(feature = "serde")]
use serde::{de::Error as _, ser::Error as _};
use serde_json::Value;
use tc3_api::lenient;

use crate::data::MessageData;
use crate::error::{RefusalReason, Refused};
use crate::field::MAX_ID_BYTES;
#[cfg(feature = "serde")]
use crate::json_tree::Tree;
use crate::msg_type::{MsgType, MsgVersion};
use crate::timestamp::from_unix;

/// The message of a callback.
///
/// With the feature `serde` it is serialized as the JSON object that the platform sends, with all its fields in
/// their order. White space and the notation of numbers are not kept. Deserialization is that of
/// [`from_json`](Self::from_json). Formats must describe themselves: JSON, YAML, CBOR, MessagePack and RON do, and
/// TOML if no field is `null`.
///
/// Serialization fails if an unknown field next to `MsgData` is nested deeper than 127 levels, or has a number that
/// is out of the range of a float.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Identifier of the message, the same in each delivery; at most [`MAX_ID_BYTES`].
    pub msg_id: String,
    /// Type of the event.
    pub msg_type: MsgType,
    /// The API that the message belongs to.
    pub msg_version: MsgVersion,
    /// Data of the event.
    pub data: MessageData,
    json: String,
}

/// The fields of a message that are read. All others are only in its JSON.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
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
    /// Reads a message that was verified before, such as one from a queue that [`json`](Self::json) was written to.
    ///
    /// # Errors
    /// Returns [`Refused`] if the text is not a message, if its data is nested deeper than 127 levels, or if its
    /// `MsgId`, `MsgType` or `MsgVersion` is longer than [`MAX_ID_BYTES`].
    pub fn from_json(json: impl Into<String>) -> Result<Self, Refused> {
        let json = json.into();
        let envelope: Envelope = from_object(json.as_bytes())?;
        if envelope.msg_id.is_empty() || envelope.msg_type.is_empty() {
            return Err(Refused(RefusalReason::NotMessage));
        }
        if [&envelope.msg_id, &envelope.msg_type, &envelope.msg_version]
            .iter()
            .any(|id| id.len() > MAX_ID_BYTES)
        {
            return Err(Refused(RefusalReason::IdTooLong));
        }
        let msg_type = MsgType::from(envelope.msg_type);
        let data = MessageData::read(&msg_type, envelope.msg_data);
        let msg_version = envelope.msg_version.into();
        Ok(Self { msg_id: envelope.msg_id, msg_type, msg_version, data, json })
    }

    /// Returns the decrypted message as received, to be stored or sent to another process. It may contain personal
    /// data.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Returns [`json`](Self::json), owned.
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

    /// Returns the time of the event, if the data has an `OccurTime`.
    pub(crate) fn occurred_at(&self) -> Option<SystemTime> {
        match &self.data {
            MessageData::FlowStatusChange(flow) => flow.occurred_at(),
            MessageData::Json(data) => from_unix(data.get("OccurTime")?.as_i64()?),
            _ => None,
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tree: Tree = tc3_api::json::decode(self.json.as_bytes()).map_err(S::Error::custom)?;
        tree.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree: Tree = tc3_api::json::deserialize(deserializer)?;
        let json = serde_json::to_string(&tree).map_err(D::Error::custom)?;
        Self::from_json(json).map_err(|refused| D::Error::custom(refused.reason()))
    }
}

/// Deserializes a JSON object. An array is refused: serde would accept one with the values of a struct's fields.
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
