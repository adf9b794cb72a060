//! A running `essbasic-server`, with an emulator and a target of forwards.

use std::path::Path;
use std::process::{Command, Stdio};

use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{CallbackKey, MsgType, Token};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Seed};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Group;
use crate::site::Site;
use crate::support::server::{Seen, Server as Receiver, answer};

const TOKEN: &str = "browser-callback-token";
const KEY: &str = "BROWSERKEYBROWSERKEYBROWSERKEY32";

/// A running `essbasic-server`.
pub(crate) struct Server {
    origin: String,
    token: String,
    callbacks: String,
    /// The service of a configured server.
    emulator: Option<Emulator>,
    /// Target of the forwards of a configured server.
    receiver: Option<Receiver>,
    _group: Group,
    _data: TempDir,
}

impl Site for Server {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn token(&self) -> &str {
        &self.token
    }
}

impl Server {
    /// Starts `essbasic-server --emulated`: contracts are signed and archived all the time.
    pub(crate) fn emulated() -> Self {
        let data = TempDir::new().unwrap();
        let folder = data.path().to_str().unwrap().to_owned();
        Self::start(data, &["--emulated", "--data", &folder])
    }

    /// Starts a server whose contracts change only by the test: those that the service does not know are dead after one attempt.
    pub(crate) fn configured(is_writable: bool) -> Self {
        Self::forwarding(is_writable, || 200)
    }

    /// Starts the same server with a target that responds with the status. It gives up forwards after one attempt.
    pub(crate) fn forwarding(
        is_writable: bool,
        status: impl Fn() -> u16 + Send + Sync + 'static,
    ) -> Self {
        let data = TempDir::new().unwrap();
        let emulator = Emulator::builder().with_seed(Seed::completed(3)).start().unwrap();
        let receiver = Receiver::start(move |_, _| answer(status(), "text/plain", "ok"));
        configure(data.path(), &emulator.endpoint(), &receiver.url(), is_writable);
        let file = data.path().join("essbasic.toml").to_str().unwrap().to_owned();
        let mut server = Self::start(data, &["--config", &file]);
        server.emulator = Some(emulator);
        server.receiver = Some(receiver);
        server
    }

    fn start(data: TempDir, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_essbasic-server"));
        command.args(arguments).env_clear().env("HOME", data.path()).env("NO_PROXY", "*");
        let mut group = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let ready: Value = group.line(|line| serde_json::from_str(line).ok());
        let text = |key: &str| ready[key].as_str().unwrap_or_else(|| panic!("{key}: {ready}"));
        let token = std::fs::read_to_string(text("admin_token_file")).unwrap();
        Self {
            origin: text("admin").trim_end_matches('/').to_owned(),
            token: token.trim().to_owned(),
            callbacks: text("callbacks").to_owned(),
            emulator: None,
            receiver: None,
            _group: group,
            _data: data,
        }
    }

    /// Returns the contracts of the emulator that are signed by everyone.
    pub(crate) fn completed(&self) -> Vec<String> {
        self.emulator.as_ref().unwrap().completed_flows()
    }

    /// Posts a callback that reports a contract as signed by everyone.
    pub(crate) fn post_signed(&self, message_id: &str, flow: &str) {
        let data = json!({ "FlowId": flow, "FlowCallbackStatus": 4 });
        let sender = Sender::new(Token::new(TOKEN).unwrap(), CallbackKey::new(KEY).unwrap());
        let callback = sender.send(&message(message_id, &MsgType::FlowStatusChange, data));
        let signature = callback.signature.unwrap();
        let request = ureq::post(&self.callbacks).header("Content-Signature", signature);
        assert_eq!(request.send(&callback.body[..]).unwrap().status(), 200);
    }

    /// Returns the messages that the target received.
    pub(crate) fn forwarded(&self) -> Vec<Seen> {
        self.receiver.as_ref().unwrap().seen()
    }

    /// Returns the JSON of the API.
    pub(crate) fn api(&self, path: &str) -> Value {
        let request = ureq::get(format!("{}{path}", self.origin));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let text = request.call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// Writes a configuration with its secrets.
fn configure(folder: &Path, endpoint: &str, target: &str, is_writable: bool) {
    let body_key = "ab".repeat(32);
    for (name, value) in [
        ("id", SECRET_ID),
        ("key", SECRET_KEY),
        ("callback_token", TOKEN),
        ("callback_key", KEY),
        ("body_key", body_key.as_str()),
    ] {
        std::fs::write(folder.join(name), value).unwrap();
    }
    let text = format!(
        r#"
        [account]
        app_id = "{APP_ID}"
        organization = "{ORGANIZATION}"
        operator = "{OPERATOR}"
        secret_id_file = "id"
        secret_key_file = "key"
        [service]
        endpoint = "{endpoint}"
        [store]
        url = "sqlite:essbasic.db"
        [receive]
        listen = "127.0.0.1:0"
        [[receive.keys]]
        token_file = "callback_token"
        key_file = "callback_key"
        [archive]
        to = "contracts"
        max_attempts = 1
        [[forward]]
        name = "billing"
        url = "{target}"
        give_up_after = "1s"
        [messages]
        body_key_file = "body_key"
        [ops]
        listen = "127.0.0.1:0"
        [admin]
        listen = "127.0.0.1:0"
        writable = {is_writable}
        [shutdown]
        drain_delay = "0s"
        "#
    );
    std::fs::write(folder.join("essbasic.toml"), text).unwrap();
}
