//! What messages are about.
//!
//! Read leniently: whatever is missing, `null` or of another form is empty or converted, and members that
//! a type does not name are kept. A text is empty, a number zero, where it is not sent.

mod contract;
mod organization;
mod seal;
mod template;

pub use contract::{
    Approver, CallbackType, FlowCallbackStatus, FlowOperate, FlowShowStatus, FlowStatusChange,
};
pub use organization::{OrgAuth, OrgCertify, OrgOpenTsignBiz};
pub use seal::{OperateSeal, SealOperate};
pub use template::Template;

use core::fmt;
use std::time::SystemTime;

use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use tc3_api::{lenient, time};

use crate::{Json, MsgType};

/// What a message is about, by its [`MsgType`].
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum MessageData {
    /// Of [`MsgType::FlowStatusChange`].
    FlowStatusChange(Box<FlowStatusChange>),
    /// Of [`MsgType::OrgAuth`].
    OrgAuth(OrgAuth),
    /// Of [`MsgType::OrgOpenTsignBiz`].
    OrgOpenTsignBiz(OrgOpenTsignBiz),
    /// Of [`MsgType::OrgCertify`].
    OrgCertify(OrgCertify),
    /// Of [`MsgType::OperateSeal`].
    OperateSeal(OperateSeal),
    /// Of [`MsgType::TemplateAdd`], [`TemplateUpdate`](MsgType::TemplateUpdate),
    /// [`TemplateDelete`](MsgType::TemplateDelete) and
    /// [`TemplateAvailable`](MsgType::TemplateAvailable).
    Template(Template),
    /// Of every other type; and of these, where what came does not fit the type.
    Json(Json),
}

impl MessageData {
    /// No message is lost because its data is other than expected: it is kept as JSON then.
    pub(crate) fn read(msg_type: &MsgType, data: Value) -> Self {
        let data = unwrap_text(data);
        let typed = match msg_type {
            MsgType::FlowStatusChange => typed(&data)
                // Without its contract it says nothing by type.
                .filter(|flow: &FlowStatusChange| !flow.flow_id.is_empty())
                .map(|flow| Self::FlowStatusChange(Box::new(flow))),
            MsgType::OrgAuth => typed(&data).map(Self::OrgAuth),
            MsgType::OrgOpenTsignBiz => typed(&data).map(Self::OrgOpenTsignBiz),
            MsgType::OrgCertify => typed(&data).map(Self::OrgCertify),
            MsgType::OperateSeal => typed(&data).map(Self::OperateSeal),
            MsgType::TemplateAdd
            | MsgType::TemplateUpdate
            | MsgType::TemplateDelete
            | MsgType::TemplateAvailable => typed(&data).map(Self::Template),
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

/// Some senders put the object in as a string that holds it.
fn unwrap_text(data: Value) -> Value {
    match &data {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(object @ Value::Object(_)) => object,
            _ => data,
        },
        _ => data,
    }
}

fn typed<T: DeserializeOwned>(data: &Value) -> Option<T> {
    T::deserialize(data).ok()
}

/// A text that is made into something else; an empty one is `None`.
fn text<'de, D: Deserializer<'de>, T: From<String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text: Option<String> = lenient::optional(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(T::from))
}

/// The published text does not say in which unit times are. As seconds, what is read as milliseconds here
/// would lie past the year 5100.
pub(crate) fn as_time(number: i64) -> Option<SystemTime> {
    const MILLISECONDS_FROM: i64 = 100_000_000_000;
    if number < MILLISECONDS_FROM {
        time::from_seconds(number)
    } else {
        time::from_milliseconds(number)
    }
}
