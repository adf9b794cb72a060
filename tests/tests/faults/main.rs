//! What a call does about each fault: the table of `docs/faults.md`, cell by cell, in both colours.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::time::Duration;

use essbasic::api::Action;
use essbasic::credentials::Credential;
use essbasic::models::{ChannelCreateFlowByFilesRequest, DescribeFlowDetailInfoRequest};
use essbasic::transport::{TransportConfig, TransportErrorKind};
use essbasic::{
    Agent, CallError, Config, Document, DownloadOptions, Error, ErrorKind, Party, RateLimit,
    RetryPolicy, agent,
};
use essbasic_emulator::{
    APP_ID, Emulator, Fault, FaultKind, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY,
};

/// The table's rows: a fault, and what comes of a read hit once, of one hit each time, and of a create
/// hit once.
fn table() -> Vec<[String; 4]> {
    let text = include_str!("../../docs/faults.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        [0, 1, 2, 3].map(|at| cells[at].trim_matches('`').to_owned())
    })
    .collect()
}

enum Colour {
    Blocking(essbasic::blocking::Client),
    Async(essbasic::Client, tokio::runtime::Runtime),
}

impl Colour {
    fn call<A>(&self, request: &A) -> Result<A::Response, Error>
    where
        A: Action<Response: Send> + Sync,
    {
        match self {
            Self::Blocking(client) => client.call(request),
            Self::Async(client, runtime) => runtime.block_on(client.call(request)),
        }
    }
}

struct Trial {
    emulator: Emulator,
    colour: Colour,
    create: ChannelCreateFlowByFilesRequest,
    read: DescribeFlowDetailInfoRequest,
}

impl Trial {
    fn new(is_blocking: bool) -> Self {
        let emulator = Emulator::builder().rate_limit(None).start().unwrap();
        let transport = TransportConfig::default().with_read_timeout(Duration::from_millis(800));
        let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
            .with_endpoint_url(&emulator.endpoint())
            .unwrap()
            .with_transport_config(transport)
            .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)))
            .with_rate_limit(RateLimit::Off);
        let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
        let blocking = essbasic::blocking::Client::new(config.clone(), agent.clone()).unwrap();
        let (create, read) = requests(&blocking, &emulator, &agent);
        let colour = if is_blocking {
            Colour::Blocking(blocking)
        } else {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            Colour::Async(essbasic::Client::new(config, agent).unwrap(), runtime)
        };
        Self { emulator, colour, create, read }
    }

    /// What comes of a call whose requests are hit so often, and how many requests it took.
    fn outcome<A>(&self, request: &A, kind: FaultKind, times: u64) -> String
    where
        A: Action<Response: Send> + Sync,
    {
        let name = A::INFO.name;
        // Requests that were carried out, and those that were answered otherwise.
        let requests = || {
            let stats = self.emulator.stats();
            let carried_out = stats.calls.get(name).copied().unwrap_or_default();
            let hits = stats.faults.get(&kind).copied().unwrap_or_default();
            (carried_out, hits)
        };
        let before = requests();
        self.emulator.set_faults([Fault::new(kind).times(times)], 0);
        let called = self.colour.call(request);
        self.emulator.set_faults([], 0);
        let after = requests();
        let (carried_out, hits) = (after.0 - before.0, after.1 - before.1);
        let attempts = if kind.is_carried_out() { carried_out } else { carried_out + hits };
        match called {
            Ok(_) => format!("answered ({attempts})"),
            Err(Error::Call(error)) => {
                assert_eq!(u64::from(error.attempts()), attempts, "{kind}: {error}");
                let unknown = if error.is_outcome_unknown() { ", unknown" } else { "" };
                let told = error.to_string().contains("whether it was carried out is not known");
                assert_eq!(told, error.is_outcome_unknown(), "{error}");
                format!("{} ({attempts}){unknown}", word(&error))
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn word(error: &CallError) -> &'static str {
    match error.kind() {
        ErrorKind::Transport(TransportErrorKind::Interrupted) => "broken",
        ErrorKind::Transport(TransportErrorKind::Timeout) => "timeout",
        ErrorKind::Status => "status",
        ErrorKind::Decode => "no answer",
        ErrorKind::Api if error.is_throttled() => "throttled",
        ErrorKind::Api if error.is_auth() => "credential",
        ErrorKind::Api => "refused",
        kind => panic!("{kind:?}: {error}"),
    }
}

/// A create and a read that the emulator takes.
fn requests(
    client: &essbasic::blocking::Client,
    emulator: &Emulator,
    agent: &Agent,
) -> (ChannelCreateFlowByFilesRequest, DescribeFlowDetailInfoRequest) {
    let folder = tempfile::tempdir().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let report = client.download([&*flow], &DownloadOptions::to(folder.path())).unwrap();
    let file = Document::read(&report.saved().next().unwrap().files[0].path).unwrap();
    let file_id = client.upload([file]).unwrap().remove(0).unwrap();
    let party = Party::person("张三", "13800000001").signs_at("乙方").into_model();
    let create = ChannelCreateFlowByFilesRequest::new(agent.clone())
        .flow_name("once")
        .file_ids([file_id])
        .flow_approvers([party]);
    (create, DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids([flow]))
}

#[test]
fn each_cell_of_the_table_holds() {
    let table = &table();
    assert_eq!(table.len(), FaultKind::ALL.len(), "each fault has a row");
    let wrong = |is_blocking| {
        let trial = Trial::new(is_blocking);
        let rows = FaultKind::ALL.into_iter().zip(table).filter_map(|(kind, row)| {
            assert_eq!(kind.to_string(), row[0]);
            let found = [
                trial.outcome(&trial.read, kind, 1),
                trial.outcome(&trial.read, kind, u64::MAX),
                trial.outcome(&trial.create, kind, 1),
            ];
            (found != row[1..]).then(|| format!("| `{kind}` | {} |", found.join(" | ")))
        });
        rows.collect::<Vec<_>>()
    };
    let wrong = std::thread::scope(|scope| {
        let [blocking, tasks] =
            [true, false].map(|is_blocking| scope.spawn(move || wrong(is_blocking)));
        [blocking.join().unwrap(), tasks.join().unwrap()].concat()
    });
    assert!(wrong.is_empty(), "docs/faults.md says otherwise:\n{}", wrong.join("\n"));
}
