//! A queued message.

use essbasic_callback::Message;

pub(super) struct Item {
    pub(super) msg_id: String,
    pub(super) msg_type: String,
    pub(super) json: String,
}

impl From<Message> for Item {
    fn from(message: Message) -> Self {
        Self {
            msg_id: message.msg_id.clone(),
            msg_type: message.msg_type.to_string(),
            json: message.into_json(),
        }
    }
}
