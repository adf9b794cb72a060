use core::fmt;
use core::ops::Range;
use std::time::SystemTime;

#[cfg(feature = "serde")]
use serde::{Deserialize, de::Error as _, ser::Error as _};
use tc3_api::json::{Error, Members, Reader};

use crate::data::MessageData;
use crate::error::{RefusalReason, Refused};
use crate::field::MAX_ID_BYTES;
use crate::json_tree::Tree;
use crate::msg_type::{MsgType, MsgVersion};
use crate::timestamp::from_unix;

/// The message of a callback.
///
/// With the feature `serde` it is serialized as the JSON object that the platform sends, with all its fields in
/// their order. White space and the notation of numbers are not kept. Deserialization is that of
/// [`from_json`](Self::from_json). Formats must describe themselves: JSON, YAML, CBOR, MessagePack and RON do, and
/// TOML if no field is `null`. A number beyond the range of a float, such as `1e400`, is serialized as a string.
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
#[derive(Default)]
struct Envelope {
    msg_id: Option<String>,
    msg_type: Option<String>,
    msg_version: Option<String>,
    msg_data: Option<Data>,
    /// True if a field occurs twice, or is not of its type.
    is_invalid: bool,
}

/// The field `MsgData`.
enum Data {
    Typed(MessageData),
    /// Position in the JSON of data that is not typed, or precedes its type.
    Json(Range<usize>),
}

impl Envelope {
    fn read_data(&self, reader: &mut Reader<'_>) -> Result<Data, Error> {
        if let Some(msg_type) = &self.msg_type {
            let mut typed = reader.clone();
            if let Some(data) = MessageData::typed(&MsgType::from(&**msg_type), &mut typed) {
                *reader = typed;
                return Ok(Data::Typed(data));
            }
        }
        let start = reader.offset();
        reader.skip()?;
        Ok(Data::Json(start..reader.offset()))
    }
}

impl Members for Envelope {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        let field = match name {
            "MsgId" => &mut self.msg_id,
            "MsgType" => &mut self.msg_type,
            "MsgVersion" => &mut self.msg_version,
            "MsgData" => {
                let data = self.read_data(reader)?;
                self.is_invalid |= self.msg_data.replace(data).is_some();
                return Ok(());
            }
            _ => return reader.skip(),
        };
        let value = scalar(reader.value()?);
        self.is_invalid |= value.is_none() || field.is_some();
        *field = value;
        Ok(())
    }
}

/// Returns a string, or the digits of a number; `null` is an empty string.
fn scalar(value: Tree) -> Option<String> {
    match value {
        Tree::Null => Some(String::new()),
        Tree::String(text) | Tree::Number(text) => Some(text),
        Tree::Bool(_) | Tree::Array(_) | Tree::Object(_) => None,
    }
}

impl Message {
    /// Reads a message that was verified before, such as one from a queue that [`json`](Self::json) was written to.
    ///
    /// # Errors
    /// Returns [`Refused`] if the text is not a message, if it is nested deeper than 127 levels, or if its `MsgId`,
    /// `MsgType` or `MsgVersion` is longer than [`MAX_ID_BYTES`] or contains a control character.
    pub fn from_json(json: impl Into<String>) -> Result<Self, Refused> {
        let json = json.into();
        let not_json = |_| Refused(RefusalReason::NotJson);
        let envelope = Self::envelope(&json).map_err(not_json)?;
        if envelope.is_invalid {
            return Err(Refused(RefusalReason::NotMessage));
        }
        let [msg_id, msg_type, msg_version] =
            [envelope.msg_id, envelope.msg_type, envelope.msg_version]
                .map(Option::unwrap_or_default);
        if msg_id.is_empty() || msg_type.is_empty() {
            return Err(Refused(RefusalReason::NotMessage));
        }
        let ids = [&msg_id, &msg_type, &msg_version];
        if ids.iter().any(|id| id.len() > MAX_ID_BYTES) {
            return Err(Refused(RefusalReason::IdTooLong));
        }
        // They reach logs, files and the environment of programs.
        if ids.iter().any(|id| id.chars().any(char::is_control)) {
            return Err(Refused(RefusalReason::NotMessage));
        }
        let msg_type = MsgType::from(msg_type);
        let data = match envelope.msg_data {
            Some(Data::Typed(data)) => data,
            Some(Data::Json(range)) => {
                let data = json.get(range).unwrap_or_default();
                MessageData::read(&msg_type, data).map_err(not_json)?
            }
            None => MessageData::read(&msg_type, "null").map_err(not_json)?,
        };
        Ok(Self { msg_id, msg_type, msg_version: msg_version.into(), data, json })
    }

    fn envelope(json: &str) -> Result<Envelope, Error> {
        let mut reader = Reader::new(json.as_bytes())?;
        let mut envelope = Envelope::default();
        reader.members(&mut envelope, &[])?;
        reader.end()?;
        Ok(envelope)
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
