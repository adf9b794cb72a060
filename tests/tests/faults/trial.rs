//! One kind of fault against one driver.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::api::Action;
use essbasic::credentials::Credential;
use essbasic::models::{ChannelCreateFlowByFilesRequest, DescribeFlowDetailInfoRequest};
use essbasic::transport::{Request, TransportConfig, TransportErrorKind};
use essbasic::{
    Agent, ArchiveOptions, CallError, Config, Document, DownloadOptions, Error, ErrorKind, Party,
    RateLimit, WaitOptions, WaitOutcome, agent, blocking,
};
use essbasic_emulator::{
    APP_ID, Emulator, Fault, FaultKind, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY,
};

use crate::client::{Client, Connections, Over, Rest, Time};

const STATE: &str = "DescribeFlowDetailInfo";
const LINKS: &str = "DescribeResourceUrlsByFlows";
const FILE: &str = "download";
const CREATE: &str = "ChannelCreateFlowByFiles";
/// No client calls it: connections are refused from it on.
const PRELUDE: &str = "Prelude";

const BRIEF: Rest = Rest::Most(Duration::from_millis(1));
/// For how long a client waits for what stands still.
const PATIENT: Duration = Duration::from_secs(1);
const IMPATIENT: Duration = Duration::from_millis(150);

/// Until connections are no longer refused.
const LONG: Rest = Rest::Least(Duration::from_millis(1200));

pub(crate) struct Trial {
    kind: FaultKind,
    over: Over,
    emulator: Arc<Emulator>,
    agent: Agent,
    flow: String,
    create: ChannelCreateFlowByFilesRequest,
    read: DescribeFlowDetailInfoRequest,
}

impl Trial {
    pub(crate) fn new(kind: FaultKind, over: Over) -> Self {
        let mut emulator = Emulator::builder().rate_limit(None);
        if kind.hits_handshakes() {
            emulator = emulator.tls();
        }
        let emulator = Arc::new(emulator.start().unwrap());
        let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
        let flow = emulator.completed_flows().remove(0);
        let transport = trusting(&emulator);
        let config = config(&emulator.endpoint()).with_transport_config(transport);
        let client = blocking::Client::new(config, agent.clone()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let report = client.download([&*flow], &DownloadOptions::to(folder.path())).unwrap();
        let file = Document::read(&report.saved().next().unwrap().files[0].path).unwrap();
        let file_id = client.upload([file]).unwrap().remove(0).unwrap();
        let party = Party::person("张三", "13800000001").signs_at("乙方").into_model();
        let create = ChannelCreateFlowByFilesRequest::new(agent.clone())
            .flow_name("once")
            .file_ids([file_id])
            .flow_approvers([party]);
        let read = DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids([&*flow]);
        Self { kind, over, emulator, agent, flow, create, read }
    }

    /// What comes of each thing that is tried, in the order of the tables.
    pub(crate) fn cells(&self) -> Vec<String> {
        let read = |client: &Client| call(client, &self.read);
        let create = |client: &Client| call(client, &self.create);
        let round = WaitOptions::default().with_timeout(Duration::ZERO);
        let wait = WaitOptions::default().with_interval(Duration::ZERO);
        vec![
            self.hit_once(&[STATE], read),
            self.hit_always(&[STATE], read),
            self.hit_once(&[CREATE], create),
            self.hit_once(&[STATE], |client| self.wait(client, &wait)),
            self.hit_always(&[STATE], |client| self.wait(client, &round)),
            self.hit_once(&[STATE, LINKS, FILE], |client| self.archive(client)),
            self.hit_always(&[STATE, LINKS], |client| self.archive(client)),
            self.hit_always(&[FILE], |client| self.archive(client)),
        ]
    }

    fn hit_once(&self, ways: &[&'static str], act: impl FnOnce(&Client) -> String) -> String {
        let faults = |ways: &[&str]| {
            let faults = ways.iter().map(|way| Fault::new(self.kind).action(*way).times(1));
            self.emulator.set_faults(faults, 0);
        };
        let refused = self.kind == FaultKind::Refused;
        let client = self.client(
            &self.emulator.endpoint(),
            PATIENT,
            if refused { LONG } else { BRIEF },
            (ways, 1),
        );
        if refused {
            // What is refused is the request after the one that is hit.
            faults(&[&[PRELUDE], ways].concat()[..ways.len()]);
            self.prelude();
        } else if !self.kind.hits_handshakes() {
            faults(ways);
        }
        self.outcome(&client, act)
    }

    fn hit_always(&self, ways: &[&'static str], act: impl FnOnce(&Client) -> String) -> String {
        let refused = self.kind == FaultKind::Refused;
        let to_file = ways == [FILE];
        let endpoint = match refused && !to_file {
            // Nobody ever listens there.
            true => "http://127.0.0.1:1".to_owned(),
            false => self.emulator.endpoint(),
        };
        // What comes after the links is their file.
        let ways = if refused && to_file { &[LINKS] } else { ways };
        // Where each request is hit, none comes too late that should come.
        let patience = if to_file { PATIENT } else { IMPATIENT };
        let client = self.client(&endpoint, patience, BRIEF, (ways, usize::MAX));
        if !self.kind.hits_handshakes() {
            self.emulator.set_faults(ways.iter().map(|way| Fault::new(self.kind).action(*way)), 0);
        }
        self.outcome_of_all(&client, act)
    }

    fn prelude(&self) {
        let endpoint = self.emulator.endpoint();
        let mut stream = TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).unwrap();
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-TC-Action: {PRELUDE}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
    }

    fn client(
        &self,
        endpoint: &str,
        patience: Duration,
        rest: Rest,
        (ways, times): (&[&'static str], usize),
    ) -> Client {
        use FaultKind::{StallBody, StallHead, TlsStall};
        let transport = trusting(&self.emulator);
        let transport = match self.kind {
            StallHead | StallBody => transport.with_read_timeout(patience),
            TlsStall => transport.with_connect_timeout(patience),
            _ => transport,
        };
        let time = Time::new(rest);
        let config = config(endpoint)
            .with_clock(time.clone())
            .with_async_sleep(time.clone())
            .with_blocking_sleep(time);
        let connections = match self.kind.hits_handshakes() {
            true => self.with_handshakes(ways, times),
            false => Connections::Kept,
        };
        Client::new(self.over, config, transport, connections, self.agent.clone())
    }

    /// A handshake knows nothing of the request that it is made for; whoever makes the request does.
    fn with_handshakes(&self, ways: &[&'static str], times: usize) -> Connections {
        let left = Mutex::new(ways.iter().map(|way| (*way, times)).collect::<Vec<_>>());
        let (emulator, kind) = (Arc::clone(&self.emulator), self.kind);
        Connections::OneARequest(Box::new(move |request| {
            let mut left = left.lock().unwrap();
            let mut hit =
                left.iter_mut().find(|(way, times)| *way == way_of(request) && *times > 0);
            if let Some((_, times)) = &mut hit {
                *times -= 1;
            }
            emulator.set_faults(hit.map(|_| Fault::new(kind)), 0);
        }))
    }

    /// What comes of an act of this client, with how many requests it made.
    fn outcome(&self, client: &Client, act: impl FnOnce(&Client) -> String) -> String {
        let outcome = act(client);
        self.emulator.set_faults([], 0);
        let (what, more) = outcome.split_once(';').unwrap_or((&outcome, ""));
        format!("{what} ({}){more}", client.sent())
    }

    /// As [`outcome`](Self::outcome). How often a throttled call is retried is for its time limit to say, and
    /// for chance.
    fn outcome_of_all(&self, client: &Client, act: impl FnOnce(&Client) -> String) -> String {
        use FaultKind::{
            Throttled, ThrottledAccount, ThrottledAddress, ThrottledRegion, TooManyRequests,
        };
        let outcome = self.outcome(client, act);
        match self.kind {
            Throttled | ThrottledAccount | ThrottledAddress | ThrottledRegion | TooManyRequests
                if client.sent() > 10 =>
            {
                outcome.replace(&format!("({})", client.sent()), "(to the deadline)")
            }
            _ => outcome,
        }
    }

    fn wait(&self, client: &Client, options: &WaitOptions) -> String {
        match client.wait(&self.flow, options) {
            Ok(flows) => match &flows[0].outcome {
                WaitOutcome::Signed => "signed".to_owned(),
                WaitOutcome::Pending { .. } => "pending".to_owned(),
                WaitOutcome::NotFound => "not found".to_owned(),
                other => panic!("{other:?}"),
            },
            Err(Error::Call(error)) => format!("aborted, {}", word(&error)),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn archive(&self, client: &Client) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut options = ArchiveOptions::to(folder.path());
        options.retry_rounds = 0;
        match client.archive(&self.flow, &options) {
            Ok(report) if report.is_complete() => "saved".to_owned(),
            Ok(report) => {
                let flow = report.flows().unwrap().next().unwrap().unwrap();
                format!("failed, {:?}", flow.error.unwrap().0).to_lowercase()
            }
            Err(Error::Call(error)) => format!("aborted, {}", word(&error)),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// The action of a request.
fn way_of(request: &Request) -> &str {
    request.headers.get("x-tc-action").map_or(FILE, |action| action.to_str().unwrap())
}

fn trusting(emulator: &Emulator) -> TransportConfig {
    let authority = emulator.authority_pem().unwrap_or_default();
    TransportConfig::default().with_extra_roots_pem(authority)
}

fn config(endpoint: &str) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
}

fn call<A>(client: &Client, request: &A) -> String
where
    A: Action<Response: Send> + Sync,
{
    match client.call(request) {
        Ok(_) => "success".to_owned(),
        Err(Error::Call(error)) => {
            assert_eq!(u64::from(error.attempts()), client.sent(), "{error}");
            let unknown = if error.is_outcome_unknown() { ";, outcome unknown" } else { "" };
            let told = error.to_string().contains("the outcome is unknown");
            assert_eq!(told, error.is_outcome_unknown(), "{error}");
            let word = word(&error);
            let alternatives: Vec<_> = text(word).split(" *or* ").collect();
            let told = alternatives.iter().any(|text| error.to_string().contains(text));
            assert!(told, "{word}: {error}");
            format!("{word}{unknown}")
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// What the table of words says that an error's text holds.
fn text(word: &str) -> &'static str {
    let row = format!("| *{word}* |");
    let row = crate::DOCUMENT.lines().find(|line| line.starts_with(&row)).unwrap();
    row.trim_end_matches('|').rsplit('|').next().unwrap().trim()
}

fn word(error: &CallError) -> &'static str {
    match error.kind() {
        ErrorKind::Transport(TransportErrorKind::Connect) => "no connection",
        ErrorKind::Transport(TransportErrorKind::Tls) => "TLS error",
        ErrorKind::Transport(TransportErrorKind::Interrupted) => "interrupted",
        ErrorKind::Transport(TransportErrorKind::Timeout) => "timeout",
        ErrorKind::Status => "HTTP status",
        ErrorKind::Decode => "invalid response",
        ErrorKind::Api if error.is_throttled() => "throttled",
        ErrorKind::Api if error.is_auth() => "credential",
        ErrorKind::Api => "API error",
        kind => panic!("{kind:?}: {error}"),
    }
}
