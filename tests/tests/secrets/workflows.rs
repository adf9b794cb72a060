//! Calls, waits, downloads, archives and new contracts: with valid and invalid keys, against a closed port, and with every
//! fault.

use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::models::{
    CreateBatchAdminChangeInvitationsUrlRequest, DescribeFlowDetailInfoRequest, SignUrlEndpoint,
};
use essbasic::transport::TransportConfig;
use essbasic::{
    Agent, ArchiveOptions, Config, Contract, Document, DownloadOptions, Encryption, Party,
    RateLimit, RetryPolicy, WaitOptions, agent,
};
use essbasic_emulator::{
    APP_ID, Builder, Cipher, Emulator, Fault, FaultKind, NewFlow, OPERATOR, ORGANIZATION,
};

use crate::log::Log;
use crate::time::{Delay, Time};

const ID: &str = "AKIDTEST";
pub(crate) const KEY: &str = "the-secret-key";
pub(crate) const WRONG_KEY: &str = "another-key-that-is-wrong";
pub(crate) const TOKEN: &str = "the-session-token";
pub(crate) const CIPHER_KEY: &str = "0123456789abcdef-cipher-is-32byt";
pub(crate) const HMAC_KEY: &str = "the-key-of-the-hmac";
pub(crate) const FLOW: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ";
const FLOWS: [&str; 4] = [FLOW, "rejected", "open", "unknown"];
pub(crate) const PERSON: &str = "欧阳典子谦";
pub(crate) const PHONE: &str = "13812345678";
pub(crate) const ID_NUMBER: &str = "440300199001014321";
pub(crate) const CONTRACT: &str = "离婚协议";
pub(crate) const REASON: &str = "病假没批";

/// Shortens the delays of a client, and expires its timeouts as if they had their full length.
pub(crate) fn shortened(config: Config) -> Config {
    let time = Time::new(Delay::AtMost(Duration::from_millis(1)));
    config.with_clock(time.clone()).with_async_sleep(time.clone()).with_blocking_sleep(time)
}

fn config(endpoint: &str, key: &str) -> Config {
    let config = Config::new(Credential::new(ID, key).with_token(TOKEN))
        .with_endpoint_url(endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
        .with_transport_config(transport())
        // Throttled calls are retried until the timeout.
        .with_timeout(Some(Duration::from_millis(1_100)))
        .with_retry(
            RetryPolicy::default().with_max_attempts(2).with_base_delay(Duration::from_millis(1)),
        );
    shortened(config)
}

fn transport() -> TransportConfig {
    let short = Duration::from_millis(300);
    TransportConfig::default().with_connect_timeout(short).with_read_timeout(short)
}

struct Clients {
    agent: Agent,
    blocking: essbasic::blocking::Client,
    tasks: essbasic::Client,
    runtime: tokio::runtime::Runtime,
}

/// Makes the same call with both clients.
macro_rules! both {
    ($log:expr, $clients:expr, $method:ident($($argument:expr),*)) => {
        $log.result($clients.blocking.$method($($argument),*));
        $log.result($clients.runtime.block_on($clients.tasks.$method($($argument),*)));
    };
}

impl Clients {
    fn new(log: &Log, config: Config) -> Self {
        let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let blocking = essbasic::blocking::Client::new(config.clone(), agent.clone()).unwrap();
        let tasks = essbasic::Client::new(config.clone(), agent.clone()).unwrap();
        log.debug((&config, &agent, &blocking, &tasks));
        Self { agent, blocking, tasks, runtime }
    }

    fn read(&self, log: &Log) {
        let request = DescribeFlowDetailInfoRequest::new(self.agent.clone()).flow_ids([FLOW]);
        both!(log, self, call(&request));
    }

    fn everything(&self, log: &Log) {
        self.read(log);
        let flows = || FLOWS.into_iter();
        let wait = WaitOptions::default().with_timeout(Duration::from_millis(200));
        log.debug(&wait);
        both!(log, self, details(flows()));
        both!(log, self, links(flows()));
        both!(log, self, wait(flows(), &wait));
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path());
        log.debug(&options);
        both!(log, self, download(flows(), &options));
        self.start(log, flows());
        // A request with phone and ID number.
        let personal = serde_json::json!({
            "Agent": {"AppId": APP_ID},
            "AdminChangeInvitationInfos": [{
                "NewAdminName": PERSON, "NewAdminMobile": PHONE, "NewAdminIdCardNumber": ID_NUMBER,
            }],
        });
        let personal: CreateBatchAdminChangeInvitationsUrlRequest =
            serde_json::from_value(personal).unwrap();
        log.debug(&personal);
    }

    /// Not used against a closed port, because a job waits long for the server to return.
    fn archive(&self, log: &Log) {
        let flows = || FLOWS.into_iter().map(str::to_owned);
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path());
        log.debug(&options);
        both!(log, self, archive(flows(), &options));
        if let Ok(report) = self.blocking.archive(flows(), &options) {
            log.debug(report.flows().unwrap().collect::<Vec<_>>());
        }
    }

    fn start<'a>(&self, log: &Log, flows: impl Iterator<Item = &'a str> + Clone) {
        let document = || Document::new(format!("{CONTRACT}.pdf"), b"%PDF-1.7 ...");
        let contract = || {
            let party = Party::person(PERSON, PHONE).signs_at("乙方");
            Contract::new(CONTRACT).party(party).user_data(PERSON).field("身份证", ID_NUMBER)
        };
        log.debug((document(), contract()));
        both!(log, self, upload([document()]));
        both!(log, self, start_from_files([("a file".to_owned(), contract())]));
        both!(log, self, start_from_templates([("a template".to_owned(), contract())]));
        both!(log, self, sign_links(flows.clone(), SignUrlEndpoint::WeixinApp));
        both!(log, self, remind(flows.clone()));
        both!(log, self, cancel(["unknown"], REASON));
    }
}

fn emulator(log: &Log, builder: Builder, encrypted: bool) -> Emulator {
    let builder = builder.with_temporary_credential(ID, KEY, TOKEN).with_rate_limit(None);
    let builder = match encrypted {
        true => builder.with_encryption(Cipher::Aes, CIPHER_KEY, HMAC_KEY),
        false => builder,
    };
    log.debug(&builder);
    let emulator = builder.start().unwrap();
    for id in ["rejected", "open"] {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.name = CONTRACT.into();
        flow.parties = vec![(PERSON.into(), None)];
        log.debug(&flow);
        emulator.create_flow(flow);
    }
    log.result(emulator.reject("rejected", None, REASON));
    log.result(emulator.reject("rejected", Some(PERSON), REASON));
    log.debug(&emulator);
    emulator
}

/// Runs all parts in parallel, because they mostly wait.
pub(crate) fn drive(log: &Log) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let emulator = emulator(log, Emulator::builder(), false);
            for key in [KEY, WRONG_KEY] {
                let clients = Clients::new(log, config(&emulator.endpoint(), key));
                clients.everything(log);
                clients.archive(log);
            }
        });
        scope.spawn(|| Clients::new(log, config("http://127.0.0.1:1", KEY)).everything(log));
        for hmac in [HMAC_KEY, "another-hmac-key"] {
            scope.spawn(move || encrypted(log, hmac));
        }
        for kind in FaultKind::ALL {
            scope.spawn(move || hit(log, kind));
        }
    });
    validated(log);
}

fn encrypted(log: &Log, hmac: &str) {
    let emulator = emulator(log, Emulator::builder(), true);
    let encryption = Encryption::aes_cbc(APP_ID, CIPHER_KEY, hmac).unwrap();
    log.debug(&encryption);
    let config = config(&emulator.endpoint(), KEY).with_encapsulation(encryption);
    let clients = Clients::new(log, config);
    clients.everything(log);
    clients.archive(log);
}

/// Runs calls that all have this fault.
fn hit(log: &Log, kind: FaultKind) {
    let builder = Emulator::builder();
    let builder = if kind.hits_handshakes() { builder.with_tls() } else { builder };
    let emulator = emulator(log, builder, false);
    let mut config = config(&emulator.endpoint(), KEY);
    if let Some(authority) = emulator.authority_pem() {
        let transport = transport().with_extra_roots_pem(authority);
        config = config.with_transport_config(transport);
    }
    let clients = Clients::new(log, config);
    emulator.set_faults([Fault::new(kind)], 0);
    clients.read(log);
    for action in ["download", "DescribeResourceUrlsByFlows"] {
        emulator.set_faults([Fault::new(kind).with_action(action)], 0);
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path());
        both!(log, clients, download([FLOW], &options));
    }
    log.debug(emulator.stats());
}

/// Violations name the field, not its value.
fn validated(log: &Log) {
    let config = config("http://127.0.0.1:1", KEY).with_validation(&essbasic::models::CATALOGUE);
    let agent = Agent::new(format!("{PERSON}{PHONE}").repeat(20));
    let client = essbasic::blocking::Client::new(config, agent.clone()).unwrap();
    log.result(client.call(&DescribeFlowDetailInfoRequest::new(agent)));
}
