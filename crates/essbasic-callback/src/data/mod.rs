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

use serde::de::DeserializeOwned;
use serde_json::Value;

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
    /// Decodes the data of a message. Data that does not match its type is kept as JSON, so that no message is
    /// lost.
    pub(crate) fn read(msg_type: &MsgType, data: Tree) -> Self {
        let data = unwrap_string(data).into_value();
        let typed = match msg_type {
            MsgType::FlowStatusChange => decode(&data)
                .filter(|flow: &FlowStatusChange| !flow.flow_id.is_empty())
                .map(|flow| Self::FlowStatusChange(Box::new(flow))),
            MsgType::OrgAuth => decode(&data).map(Self::OrgAuth),
            MsgType::OrgOpenTsignBiz => decode(&data).map(Self::OrgOpenTsignBiz),
            MsgType::OrgCertify => decode(&data).map(Self::OrgCertify),
            MsgType::OperateSeal => decode(&data).map(Self::OperateSeal),
            MsgType::TemplateAdd
            | MsgType::TemplateUpdate
            | MsgType::TemplateDelete
            | MsgType::TemplateAvailable => decode(&data).map(Self::Template),
            _ => None,
        };
        typed.unwrap_or_else(|| Self::Json(data.into()))
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

/// Parses data that was sent as a string with a JSON object; returns any other data unchanged.
fn unwrap_string(data: Tree) -> Tree {
    match &data {
        Tree::String(json) => match tc3_api::json::decode(json.as_bytes()) {
            Ok(object @ Tree::Object(_)) => object,
            _ => data,
        },
        _ => data,
    }
}

fn decode<T: DeserializeOwned>(data: &Value) -> Option<T> {
    T::deserialize(data).ok()
}
