//! Trials of one kind of fault over one transport.

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

use crate::client::{Client, Connections, Library};
use crate::time::{Delay, Time};

const STATE: &str = "DescribeFlowDetailInfo";
const LINKS: &str = "DescribeResourceUrlsByFlows";
const FILE: &str = "download";
const CREATE: &str = "ChannelCreateFlowByFiles";
/// Action that no client calls; connections are refused after it.
const PRELUDE: &str = "Prelude";

const SHORT_DELAY: Delay = Delay::AtMost(Duration::from_millis(1));
/// Timeout of a client for faults that stall.
const LONG_TIMEOUT: Duration = Duration::from_secs(1);
const SHORT_TIMEOUT: Duration = Duration::from_millis(150);

/// Longer than connections are refused.
const LONG_DELAY: Delay = Delay::AtLeast(Duration::from_millis(1200));

pub(crate) struct Trial {
    kind: FaultKind,
    library: Library,
    emulator: Arc<Emulator>,
    agent: Agent,
    flow: String,
    create: ChannelCreateFlowByFilesRequest,
    read: DescribeFlowDetailInfoRequest,
}

impl Trial {
    pub(crate) fn new(kind: FaultKind, library: Library) -> Self {
        let mut emulator = Emulator::builder().with_rate_limit(None);
        if kind.hits_handshakes() {
            emulator = emulator.with_tls();
        }
        let emulator = Arc::new(emulator.start().unwrap());
        let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
        let flow = emulator.completed_flows().remove(0);
        let transport = trusting(&emulator);
        let config = config(&emulator.endpoint()).with_transport_config(transport);
        let client = blocking::Client::new(config, agent.clone()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let report = client.download([&*flow], &DownloadOptions::to(folder.path())).unwrap();
        let file =
            Document::read(report.saved().next().unwrap().files[0].path.as_ref().unwrap()).unwrap();
        let file_id = client.upload([file]).unwrap().remove(0).unwrap().file_id;
        let party = Party::person("张三", "13800000001").signs_at("乙方").into_model();
        let create = ChannelCreateFlowByFilesRequest::new(agent.clone())
            .flow_name("once")
            .file_ids([file_id])
            .flow_approvers([party]);
        let read = DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids([&*flow]);
        Self { kind, library, emulator, agent, flow, create, read }
    }

    /// Returns the outcome of each trial, in the order of the tables.
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

    fn hit_once(&self, actions: &[&'static str], act: impl FnOnce(&Client) -> String) -> String {
        let faults = |actions: &[&str]| {
            let faults = actions
                .iter()
                .map(|action| Fault::new(self.kind).with_action(*action).with_times(1));
            self.emulator.set_faults(faults, 0);
        };
        let refused = self.kind == FaultKind::Refused;
        let client = self.client(
            &self.emulator.endpoint(),
            LONG_TIMEOUT,
            if refused { LONG_DELAY } else { SHORT_DELAY },
            (actions, 1),
        );
        if refused {
            // The request after the faulty one is refused.
            faults(&[&[PRELUDE], actions].concat()[..actions.len()]);
            self.prelude();
        } else if !self.kind.hits_handshakes() {
            faults(actions);
        }
        self.outcome(&client, act)
    }

    fn hit_always(&self, actions: &[&'static str], act: impl FnOnce(&Client) -> String) -> String {
        let refused = self.kind == FaultKind::Refused;
        let to_file = actions == [FILE];
        let endpoint = match refused && !to_file {
            // Nothing listens on this port.
            true => "http://127.0.0.1:1".to_owned(),
            false => self.emulator.endpoint(),
        };
        // The download follows the request of the links.
        let actions = if refused && to_file { &[LINKS] } else { actions };
        // If every request is faulty, no response can be late, so a short timeout is enough.
        let timeout = if to_file { LONG_TIMEOUT } else { SHORT_TIMEOUT };
        let client = self.client(&endpoint, timeout, SHORT_DELAY, (actions, usize::MAX));
        if !self.kind.hits_handshakes() {
            let faults = actions.iter().map(|action| Fault::new(self.kind).with_action(*action));
            self.emulator.set_faults(faults, 0);
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
        timeout: Duration,
        delay: Delay,
        (actions, times): (&[&'static str], usize),
    ) -> Client {
        use FaultKind::{StallBody, StallHead, TlsStall};
        let transport = trusting(&self.emulator);
        let transport = match self.kind {
            StallHead | StallBody => transport.with_read_timeout(timeout),
            TlsStall => transport.with_connect_timeout(timeout),
            _ => transport,
        };
        let time = Time::new(delay);
        let config = config(endpoint)
            .with_clock(time.clone())
            .with_async_sleep(time.clone())
            .with_blocking_sleep(time);
        let connections = match self.kind.hits_handshakes() {
            true => self.with_handshakes(actions, times),
            false => Connections::Reused,
        };
        Client::new(self.library, config, transport, connections, self.agent.clone())
    }

    /// Sets the fault before each request, because the emulator cannot associate a handshake with its request.
    fn with_handshakes(&self, actions: &[&'static str], times: usize) -> Connections {
        let left = Mutex::new(actions.iter().map(|action| (*action, times)).collect::<Vec<_>>());
        let (emulator, kind) = (Arc::clone(&self.emulator), self.kind);
        Connections::PerRequest(Box::new(move |request| {
            let mut left = left.lock().unwrap();
            let mut hit =
                left.iter_mut().find(|(action, times)| *action == action_of(request) && *times > 0);
            if let Some((_, times)) = &mut hit {
                *times -= 1;
            }
            emulator.set_faults(hit.map(|_| Fault::new(kind)), 0);
        }))
    }

    /// Returns the outcome of an action of the client, with the number of requests.
    fn outcome(&self, client: &Client, act: impl FnOnce(&Client) -> String) -> String {
        let outcome = act(client);
        self.emulator.set_faults([], 0);
        let (word, suffix) = outcome.split_once(';').unwrap_or((&outcome, ""));
        format!("{word} ({}){suffix}", client.sent())
    }

    /// As [`outcome`](Self::outcome). The number of retries of a throttled call depends on its deadline and on chance, so
    /// it is replaced.
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
                format!("failed, {}", flow.error.unwrap().kind.as_str().replace('_', " "))
            }
            Err(Error::Call(error)) => format!("aborted, {}", word(&error)),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Returns the action of a request.
fn action_of(request: &Request) -> &str {
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
            let states_unknown = error.to_string().contains("the outcome is unknown");
            assert_eq!(states_unknown, error.is_outcome_unknown(), "{error}");
            let word = word(&error);
            let shown = format!("{error}; {}", error.hint().unwrap_or_default());
            let alternatives: Vec<_> = text(word).split(" *or* ").collect();
            let is_documented = alternatives.iter().any(|text| shown.contains(text));
            assert!(is_documented, "{word}: {shown}");
            format!("{word}{unknown}")
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Returns the expected part of the error message, from the table of words.
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
        ErrorKind::Api if error.is_authentication() => "credential",
        ErrorKind::Api => "API error",
        kind => panic!("{kind:?}: {error}"),
    }
}
