//! Typed data of messages.
//!
//! Decoding is lenient. A field that is missing, `null` or of another type is empty or converted, and fields that
//! a type does not declare are kept. A string that was not sent is empty, and a number is zero.

mod flow;
mod organization;
mod seal;
mod template;

pub use flow::{
    Approver, CallbackType, FlowCallbackStatus, FlowOperate, FlowShowStatus, FlowStatusChange,
};
pub use organization::{OrgAuth, OrgCertify, OrgOpenTsignBiz};
pub use seal::{OperateSeal, SealOperate};
pub use template::Template;

use core::fmt;

use tc3_api::json::{self, Decode, Reader};

use crate::json_tree::Tree;
use crate::msg_type::MsgType;
use crate::redacted::Json;

/// Data of a message, typed by its [`MsgType`].
///
/// With the feature `serde` it is an externally tagged enum. As a part of a [`Message`](crate::Message) it is
/// serialized as the platform sends it.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MessageData {
    /// Data of [`MsgType::FlowStatusChange`].
    FlowStatusChange(Box<FlowStatusChange>),
    /// Data of [`MsgType::OrgAuth`].
    OrgAuth(OrgAuth),
    /// Data of [`MsgType::OrgOpenTsignBiz`].
    OrgOpenTsignBiz(OrgOpenTsignBiz),
    /// Data of [`MsgType::OrgCertify`].
    OrgCertify(OrgCertify),
    /// Data of [`MsgType::OperateSeal`].
    OperateSeal(OperateSeal),
    /// Data of [`MsgType::TemplateAdd`], [`TemplateUpdate`](MsgType::TemplateUpdate),
    /// [`TemplateDelete`](MsgType::TemplateDelete) and
    /// [`TemplateAvailable`](MsgType::TemplateAvailable).
    Template(Template),
    /// Data of all other types, and data of these types that cannot be decoded as such. A number beyond the range of
    /// a float, such as `1e400`, is a string with its digits.
    Json(Json),
}

impl MessageData {
    /// Decodes the data of a message from JSON. Data that does not match its type is kept as JSON, so that no message is
    /// lost.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON.
    pub(crate) fn read(msg_type: &MsgType, json: &str) -> Result<Self, json::Error> {
        let object = unwrap_string(json);
        let data = object.as_deref().unwrap_or(json).as_bytes();
        match Self::typed(msg_type, &mut Reader::new(data)?) {
            Some(typed) => Ok(typed),
            None => Ok(Self::Json(json::decode(data)?)),
        }
    }

    /// Decodes the next value as the data of this type; `None` if it does not match, or if the type has no typed data.
    pub(crate) fn typed(msg_type: &MsgType, reader: &mut Reader<'_>) -> Option<Self> {
        match msg_type {
            MsgType::FlowStatusChange => decode(reader)
                .filter(|flow: &FlowStatusChange| !flow.flow_id.is_empty())
                .map(|flow| Self::FlowStatusChange(Box::new(flow))),
            MsgType::OrgAuth => decode(reader).map(Self::OrgAuth),
            MsgType::OrgOpenTsignBiz => decode(reader).map(Self::OrgOpenTsignBiz),
            MsgType::OrgCertify => decode(reader).map(Self::OrgCertify),
            MsgType::OperateSeal => decode(reader).map(Self::OperateSeal),
            MsgType::TemplateAdd
            | MsgType::TemplateUpdate
            | MsgType::TemplateDelete
            | MsgType::TemplateAvailable => decode(reader).map(Self::Template),
            _ => None,
        }
    }
}

impl fmt::Debug for MessageData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FlowStatusChange(data) => data.fmt(f),
            Self::OrgAuth(data) => data.fmt(f),
            Self::OrgOpenTsignBiz(data) => data.fmt(f),
            Self::OrgCertify(data) => data.fmt(f),
            Self::OperateSeal(data) => data.fmt(f),
            Self::Template(data) => data.fmt(f),
            Self::Json(data) => data.fmt(f),
        }
    }
}

/// Returns the JSON object of data that was sent as a string; `None` for any other data.
fn unwrap_string(json: &str) -> Option<String> {
    if !json.trim_ascii_start().starts_with('"') {
        return None;
    }
    let text: String = json::decode(json.as_bytes()).ok()?;
    matches!(json::decode(text.as_bytes()), Ok(Tree::Object(_))).then_some(text)
}

fn decode<T: Decode>(reader: &mut Reader<'_>) -> Option<T> {
    T::optional(reader).ok().flatten()
}
