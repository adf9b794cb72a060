//! State that all cases share.

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use essbasic_emulator::{OPERATOR, ORGANIZATION};
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinHandle;

use crate::page::Page;
use crate::process::Explorer;
use crate::server::Server;
use crate::site::Site;
use crate::support::contracts::{RECIPIENT, TEMPLATE};
use crate::tools::Tools;

/// A test: its name, and the task that runs it.
pub(crate) type Case = (&'static str, fn(Rc<Context>) -> JoinHandle<()>);

/// The browser and the explorers that all cases share.
pub(crate) struct Context {
    pub(crate) page: Page,
    /// With an emulator.
    pub(crate) emulated: Explorer,
    pub(crate) axe: Option<String>,
    /// Servers, which start when a case needs them.
    emulated_server: OnceCell<Server>,
    configured_server: OnceCell<Server>,
    /// Parts of console messages that the current case expects.
    expected: Mutex<Vec<String>>,
}

impl Context {
    pub(crate) async fn start(tools: Tools) -> Self {
        let emulated = Explorer::start(&["--emulated"], &[]);
        let page = Page::start(&tools.chromium, &tools.chromedriver).await;
        Self {
            page,
            emulated,
            axe: tools.axe,
            emulated_server: OnceCell::new(),
            configured_server: OnceCell::new(),
            expected: Mutex::default(),
        }
    }

    /// Returns the server that archives contracts all the time.
    pub(crate) async fn emulated_server(&self) -> &Server {
        self.emulated_server.get_or_init(async || Server::emulated()).await
    }

    /// Returns the server whose contracts change only by cases.
    pub(crate) async fn configured_server(&self) -> &Server {
        self.configured_server.get_or_init(async || Server::configured(true)).await
    }

    /// Allows console messages with this text until the end of the case. Chromium reports each response with an error status.
    pub(crate) async fn expect(&self, text: &str) {
        self.expected.lock().await.push(text.to_owned());
    }

    /// Returns the ID of a contract of the emulator.
    pub(crate) async fn flow(&self) -> String {
        let found = self.emulated.api("/api/emulator/flows", None, &[]).1;
        found["flows"][0]["flow"].as_str().unwrap().to_owned()
    }

    /// Creates a contract, and returns its ID.
    pub(crate) fn new_flow(&self, name: &str) -> String {
        let created = self.emulated.call("CreateFlowsByTemplates", &contract(name));
        let id = created["FlowIds"][0].as_str().unwrap();
        assert!(!id.is_empty(), "{created}");
        id.to_owned()
    }

    /// Returns the faults that no case may cause.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let expected = std::mem::take(&mut *self.expected.lock().await);
        let mut faults = self.page.console().await;
        faults.extend(self.page.executed().await.into_iter().map(|text| format!("policy: {text}")));
        let is_own = |url: &String| {
            let url = url.strip_prefix("blob:").unwrap_or(url);
            let is_loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
            url.starts_with("about:")
                || url.starts_with("data:")
                || is_loopback.iter().any(|host| url.starts_with(host))
        };
        let requests = self.page.requests().await;
        let servers = [&self.emulated_server, &self.configured_server];
        let servers = servers.into_iter().filter_map(OnceCell::get).map(Site::token);
        let tokens: Vec<&str> = servers.chain([self.emulated.token()]).collect();
        let has_token =
            |url: &&String| tokens.iter().any(|token| url.contains(token)) && !url.contains('#');
        faults.extend(requests.iter().filter(has_token).cloned());
        faults.extend(
            requests.into_iter().filter(|url| !is_own(url)).map(|url| format!("request to {url}")),
        );
        // `Page::forget` opens a file without an icon.
        faults.retain(|fault| !fault.contains("/favicon.ico"));
        faults.retain(|fault| !expected.iter().any(|text| fault.contains(text)));
        faults
    }
}

/// A contract from a template of the emulator.
pub(crate) fn contract(name: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({ "FlowInfos": [{
        "FlowName": name,
        "TemplateId": TEMPLATE,
        "Deadline": now + 86_400,
        "FormFields": [{ "ComponentName": "\u{59d3}\u{540d}", "ComponentValue": "\u{674e}\u{56db}" }],
        "FlowApprovers": [
            { "ApproverType": "ORGANIZATION", "OrganizationName": "\u{5178}\u{5b50}\u{8c26}\u{793a}\u{4f8b}\u{4f01}\u{4e1a}",
              "OrganizationOpenId": ORGANIZATION, "OpenId": OPERATOR },
            { "ApproverType": "PERSON", "Name": "\u{674e}\u{56db}", "Mobile": "13900000000", "RecipientId": RECIPIENT },
        ],
    }]})
}
