//! A callback says that a contract is complete, and its PDF is on disk.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::time::SystemTime;

use essbasic::credentials::Credential;
use essbasic::{Config, DownloadOptions, agent};
use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{
    CallbackKey, FlowCallbackStatus, MessageData, MsgType, Received, Receiver, Token,
};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use serde_json::json;

#[test]
fn from_a_callback_to_a_file() {
    let emulator = Emulator::builder().start().unwrap();
    let token = Token::new("the token").unwrap();
    let key = CallbackKey::new("0123456789abcdef0123456789abcdef").unwrap();
    let sender = Sender::new(token.clone(), key.clone());
    let receiver = Receiver::new(token, key);

    let flow_id = emulator.completed_flows().remove(0);
    let data = json!({ "FlowId": flow_id, "FlowCallbackStatus": 4 });
    let callback = sender.send(&message("1", &MsgType::FlowStatusChange, data));
    let signature = callback.signature.as_deref();
    let received = receiver.receive(signature, &callback.body, SystemTime::now()).unwrap();
    let Received::New(delivery) = received else { panic!("{received:?}") };
    let message = delivery.accept();
    let MessageData::FlowStatusChange(flow) = &message.data else { panic!("{message:?}") };
    assert_eq!(flow.flow_callback_status, Some(FlowCallbackStatus::All));

    let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&emulator.endpoint())
        .unwrap();
    let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
    let client = essbasic::blocking::Client::new(config, agent).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = client.download([&*flow.flow_id], &DownloadOptions::to(folder.path())).unwrap();
    assert!(report.is_complete() && report.saved().count() == 1);
}
