//! Stores of the tests, with a configuration whose other secrets do not exist.

use essbasic::FlowStatus;
use essbasic_server::ledger::{
    Claim, Evidence, FileEvidence, Ledger, Message, Outcome, Reason, Report, Settlement, Task,
};
use serde_json::Value;

use crate::postgres;
use crate::support::{input, run};

/// ID of the message.
pub(crate) const MESSAGE: &str = "message-1";

/// A store with its configuration.
pub(crate) struct Store {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) url: String,
    pub(crate) config: String,
}

impl Store {
    fn new(folder: tempfile::TempDir, url: String) -> Self {
        let config = folder.path().join("essbasic.toml");
        let text = format!(
            "[account]\napp_id = \"a\"\norganization = \"o\"\noperator = \"p\"\nsecret_id_file = \"none\"\n\
             secret_key_file = \"none\"\n[[receive.keys]]\ntoken_file = \"none\"\n[store]\nurl = {url:?}\n\
             [messages]\nbody_key_file = \"none\"\n[[forward]]\nname = \"billing\"\nurl = \"http://h/\"\n\
             token_file = \"none\"\n"
        );
        std::fs::write(&config, text).unwrap();
        Self { config: config.to_str().unwrap().to_owned(), folder, url }
    }

    /// Returns a SQLite store that does not exist yet.
    pub(crate) fn sqlite() -> Self {
        Self::new(tempfile::tempdir().unwrap(), "sqlite:ledger.db".to_owned())
    }

    /// Returns an empty database. `None` if this machine has no PostgreSQL.
    pub(crate) async fn postgres() -> Option<Self> {
        Some(Self::new(tempfile::tempdir().unwrap(), postgres::database().await?))
    }

    /// Opens the ledger as a server does.
    pub(crate) async fn ledger(&self) -> Ledger {
        match self.url.strip_prefix("sqlite:") {
            Some(name) => Ledger::sqlite(&self.folder.path().join(name)).unwrap(),
            None => Ledger::postgres(&self.url, None).await.unwrap(),
        }
    }

    /// Runs a subcommand that succeeds, and returns its stdout.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        self.finish(arguments, b"", 0).0
    }

    /// Runs a subcommand with `--json` that succeeds.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.json_of(arguments, b"", 0)
    }

    /// Runs a subcommand with `--json`, this input and this exit code.
    pub(crate) fn json_of(&self, arguments: &[&str], stdin: &[u8], code: i32) -> Value {
        let text = self.finish(&[arguments, &["--json"]].concat(), stdin, code).0;
        assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Runs a subcommand, and returns stdout and stderr.
    pub(crate) fn finish(&self, arguments: &[&str], stdin: &[u8], code: i32) -> (String, String) {
        let arguments = [arguments, &["--config", &self.config]].concat();
        let output = if stdin.is_empty() { run(&arguments) } else { input(&arguments, stdin) };
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}{error}");
        (text, error)
    }

    /// Runs a subcommand that fails, and returns its line on stderr.
    pub(crate) fn error(&self, arguments: &[&str]) -> String {
        let (text, error) = self.finish(arguments, b"", 1);
        assert!(text.is_empty(), "{arguments:?}: {text}");
        assert!(error.starts_with("error: ") && error.lines().count() == 1, "{error}");
        error
    }
}

fn settled(flow_id: &str, outcome: Outcome) -> Settlement {
    Settlement { flow_id: flow_id.to_owned(), claim: 1, outcome }
}

/// Adds contracts in every state and a message that waits for its target. The returned worker would end with its ledger.
pub(crate) async fn populate(ledger: &Ledger) {
    ledger.announce(vec!["billing".to_owned()], 0, 1).await.unwrap();
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let (worker, _) = ledger.enter("a", 600_000).await.unwrap();
    ledger.offer(ids(&["a-dead", "b-dead", "c-done"]), 0).await.unwrap();
    let claim = || Claim { task: Task::Poll, limit: 10, max_attempts: 10 };
    assert_eq!(ledger.claim(&worker, claim()).await.unwrap().len(), 3);
    let dead = |reason, detail: &str| Outcome::Dead { reason, detail: detail.to_owned() };
    let files = vec![FileEvidence { bytes: 77, sha256: "0f".repeat(32) }];
    let evidence = Evidence { files, request_id: "request-1".to_owned() };
    let settlements = vec![
        settled("a-dead", dead(Reason::NotFound, "code ResourceNotFound")),
        settled("b-dead", dead(Reason::StorageFailed, "disk\u{1b}[31m full")),
        settled("c-done", Outcome::Archived(evidence)),
    ];
    assert_eq!(ledger.settle(&worker, 10, settlements).await.unwrap().len(), 3);
    ledger.offer(ids(&["d-claimed"]), 0).await.unwrap();
    assert_eq!(ledger.claim(&worker, claim()).await.unwrap().len(), 1);
    ledger.offer(ids(&["e-open"]), 3_600_000).await.unwrap();
    let message = Message {
        id: MESSAGE.to_owned(),
        kind: "FlowStatusChange".to_owned(),
        flow_id: Some("e-open".to_owned()),
        report: Some(Report { status: FlowStatus::Part, at: 1_700_000_000_000 }),
        targets: vec!["billing".to_owned()],
        body: Some(b"sealed".to_vec()),
    };
    for receipt in ledger.receive(vec![message]).await {
        receipt.unwrap();
    }
    ledger
        .pause("archive", "api AuthFailure.SecretIdNotFound (request ID request-2)", 180_000)
        .await
        .unwrap();
}
