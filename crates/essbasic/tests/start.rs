//! Creation and management of contracts over HTTP against the emulator, with both clients.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests panic on failure"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use essbasic::credentials::Credential;
use essbasic::models::{FlowDetailInfo, SignUrlEndpoint};
use essbasic::{
    Config, Contract, Document, DownloadOptions, Error, FileId, FlowError, FlowErrorKind, FlowId,
    FlowStatus, Party, Reminder, Report, SignLink, StartedContract, Stop, Withdrawal, agent,
};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID};

use crate::support::{Driver, config, config_at, the_agent};

type Results<T> = Vec<Result<T, FlowError>>;

/// Returns whether a success has a request ID.
fn has_id<T>(result: &Result<T, FlowError>, request_id: impl FnOnce(&T) -> &String) -> bool {
    result.as_ref().map_or(true, |success| !request_id(success).is_empty())
}

fn flow_ids(started: Results<StartedContract>) -> Results<FlowId> {
    assert!(started.iter().all(|contract| has_id(contract, |contract| &contract.request_id)));
    started.into_iter().map(|contract| contract.map(FlowId::from)).collect()
}

impl Driver {
    fn upload(&self, files: Vec<Document>) -> Results<FileId> {
        let uploaded = call!(self, upload(files)).unwrap().into_iter();
        let uploaded = uploaded.inspect(|file| assert!(has_id(file, |file| &file.request_id)));
        uploaded.map(|file| file.map(FileId::from)).collect()
    }

    fn start_from_files(
        &self,
        contracts: Vec<(FileId, Contract)>,
    ) -> Result<Results<FlowId>, Error> {
        call!(self, start_from_files(contracts)).map(flow_ids)
    }

    fn start_from_templates(&self, contracts: Vec<(String, Contract)>) -> Results<FlowId> {
        flow_ids(call!(self, start_from_templates(contracts)).unwrap())
    }

    fn sign_links(&self, flows: &[&str]) -> Results<Vec<SignLink>> {
        let endpoint = SignUrlEndpoint::WeixinApp;
        let links = call!(self, sign_links(flows.iter().copied(), endpoint)).unwrap();
        assert!(links.iter().flatten().flatten().all(|link| !link.request_id.is_empty()));
        links
    }

    fn remind(&self, flows: &[&str]) -> Results<Reminder> {
        let reminders = call!(self, remind(flows.iter().copied())).unwrap();
        assert!(reminders.iter().all(|sent| has_id(sent, |sent| &sent.request_id)));
        reminders
    }

    fn cancel(&self, flows: &[&str]) -> Results<Withdrawal> {
        let withdrawals = call!(self, cancel(flows.iter().copied(), "价格不对")).unwrap();
        assert!(withdrawals.iter().all(|task| has_id(task, |task| &task.request_id)));
        withdrawals
    }

    fn details(&self, flows: &[&str]) -> Results<FlowDetailInfo> {
        call!(self, details(flows.iter().copied())).unwrap()
    }

    fn download_one(&self, flow: &str, options: &DownloadOptions) -> Report {
        call!(self, download([flow], options)).unwrap()
    }
}

/// Returns a PDF: the file of a completed contract.
fn pdf(driver: &Driver, emulator: &Emulator) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let report = driver.download_one(&flow, &DownloadOptions::to(folder.path()));
    std::fs::read(report.saved().next().unwrap().files[0].path.as_ref().unwrap()).unwrap()
}

fn lease(name: &str) -> Contract {
    Contract::new(name)
        .party(Party::employee("典子谦示例企业", ORGANIZATION, OPERATOR).seals_at("甲方"))
        .party(Party::person("张三", "13800000001").signs_at("乙方"))
}

const TEMPLATE: &str = "yDEmuTemplate0000000000000000001";

fn offer(name: &str) -> (String, Contract) {
    let contract = Contract::new(name)
        .party(Party::employee("典子谦示例企业", ORGANIZATION, OPERATOR))
        .party(
            Party::person("张三", "13800000001").recipient_id("yDEmuRecipient100000000000000002"),
        )
        .field("姓名", "张三");
    (TEMPLATE.to_owned(), contract)
}

#[test]
fn creates_signs_and_downloads_a_contract_from_a_file() {
    let emulator = Emulator::builder().with_manual_clock(now()).start().unwrap();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let original = pdf(&driver, &emulator);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease.pdf");
        std::fs::write(&path, &original).unwrap();
        let file_id = driver.upload(vec![Document::read(&path).unwrap()]).remove(0).unwrap();

        let deadline = SystemTime::UNIX_EPOCH + emulator.now() + Duration::from_secs(3600);
        let contract = lease("房屋租赁合同").deadline(deadline).user_data("order 7");
        let created = driver.start_from_files(vec![(file_id, contract)]).unwrap();
        let flow = created[0].as_ref().unwrap().as_str();
        let info = driver.details(&[flow]).remove(0).unwrap();
        assert_eq!(info.flow_status, FlowStatus::Init);
        assert_eq!((&*info.flow_name, &*info.custom_data), ("房屋租赁合同", "b3JkZXIgNw=="));
        assert_eq!(info.dead_line(), Some(deadline));

        // In the emulator, a party signs by opening its link.
        let links = driver.sign_links(&[flow]).remove(0).unwrap();
        assert_eq!(links.len(), 2);
        assert_eq!((&*links[0].organization, &*links[1].name), ("典子谦示例企业", "张三"));
        for link in &links {
            assert!(!format!("{link:?}").contains("http"), "Debug must not show a link");
            assert_eq!(ureq::get(&link.url).call().unwrap().status(), 200);
        }
        let info = driver.details(&[flow]).remove(0).unwrap();
        assert_eq!(info.flow_status, FlowStatus::All);
        emulator.advance(Duration::from_secs(3));

        let report = driver.download_one(flow, &DownloadOptions::to(folder.path().join("signed")));
        let signed =
            std::fs::read(report.saved().next().unwrap().files[0].path.as_ref().unwrap()).unwrap();
        assert!(signed.starts_with(&original) && signed.len() > original.len());
        let error = driver.sign_links(&[flow]).remove(0).unwrap_err();
        assert_eq!(error.kind, FlowErrorKind::Refused, "{error:?}");
    }
}

#[test]
fn creates_contracts_in_batches_and_isolates_failures() {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    for (round, driver) in Driver::both(&config(&emulator), &the_agent()).into_iter().enumerate() {
        let mut offers: Vec<_> = (0..45).map(|n| offer(&format!("offer_{n}"))).collect();
        offers[21].1 = Contract::new("without_parties");
        offers[30].0 = "unknown".to_owned();
        let created = driver.start_from_templates(offers);
        assert_eq!(created.len(), 45);
        for (index, result) in created.iter().enumerate() {
            match result {
                Ok(flow) => assert_eq!(flow.as_str().len(), 32),
                Err(error) => {
                    // The second one names an unknown template.
                    let kinds = [(21, FlowErrorKind::Refused), (30, FlowErrorKind::NotFound)];
                    assert!(kinds.contains(&(index, error.kind)), "{index}: {error:?}");
                    assert!(!error.message.contains("contract not found"), "{error}");
                }
            }
        }
        assert_eq!(created.iter().filter(|result| result.is_ok()).count(), 43);
        // The unknown template fails its batch, whose contracts are then sent in one request each.
        let calls = emulator.stats().calls["CreateFlowsByTemplates"];
        assert_eq!(calls, (3 + 20) * (round as u64 + 1));
        let flows: Vec<&str> = created.iter().flatten().map(FlowId::as_str).collect();
        let infos = driver.details(&flows);
        let names: Vec<_> = infos.into_iter().map(|info| info.unwrap().flow_name).collect();
        assert_eq!((&*names[0], &*names[20], &*names[42]), ("offer_0", "offer_20", "offer_44"));
    }
}

#[test]
fn reminds_parties_and_withdraws_contracts() {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let created = driver.start_from_templates(vec![offer("one"), offer("two")]);
        let [one, two] = [0, 1].map(|index: usize| created[index].clone().unwrap());
        let complete = emulator.completed_flows().remove(0);
        let ids = [one.as_str(), "unknown", &*complete, two.as_str()];
        let successes = [true, false, false, true];

        let reminded = driver.remind(&ids);
        assert_eq!(reminded.iter().map(Result::is_ok).collect::<Vec<_>>(), successes);
        assert!(reminded[0].as_ref().unwrap().message.contains("催办成功"));
        let withdrawn = driver.cancel(&ids);
        assert_eq!(withdrawn.iter().map(Result::is_ok).collect::<Vec<_>>(), successes);
        assert!(!withdrawn[0].as_ref().unwrap().task_id.is_empty());
        assert_eq!(withdrawn[2].as_ref().unwrap_err().kind, FlowErrorKind::Refused);

        let infos = driver.details(&ids);
        assert_eq!(infos[0].as_ref().unwrap().flow_status, FlowStatus::Cancel);
        assert_eq!(infos[0].as_ref().unwrap().flow_message, "价格不对");
        for error in
            [reminded[1].as_ref().err(), withdrawn[1].as_ref().err(), infos[1].as_ref().err()]
        {
            assert!(error.unwrap().is_not_found(), "{error:?}");
        }
        assert_eq!(infos[2].as_ref().unwrap().flow_status, FlowStatus::All);
    }
}

/// Starts a server that reads and counts each request, sends a fixed response and closes the connection.
fn serve(response: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let requests = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                assert!(reader.read_line(&mut line).unwrap() > 0);
                let line = line.trim_end().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            assert!(length > 0);
            reader.read_exact(&mut vec![0; length]).unwrap();
            requests.fetch_add(1, Ordering::SeqCst);
            (&stream).write_all(response.as_bytes()).unwrap();
        }
    });
    (endpoint, count)
}

#[test]
fn does_not_retry_a_creation_without_a_response() {
    let (endpoint, count) = serve("");
    for (round, driver) in Driver::both(&config_at(&endpoint), &the_agent()).into_iter().enumerate()
    {
        let created = driver.start_from_files(vec![("file".into(), lease("once"))]).unwrap();
        let error = created[0].as_ref().unwrap_err();
        assert_eq!(error.kind, FlowErrorKind::OutcomeUnknown, "{error:?}");
        assert!(error.hint().unwrap().contains("query the service before you retry"), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), round + 1);
    }
}

#[test]
fn a_stopped_client_starts_no_request() {
    let (endpoint, count) = serve("");
    for driver in Driver::both(&config_at(&endpoint), &the_agent()) {
        let stop = Stop::default();
        let driver = match driver {
            Driver::Blocking(client) => Driver::Blocking(client.with_stop(stop.clone())),
            Driver::Async(client, runtime) => {
                Driver::Async(client.with_stop(stop.clone()), runtime)
            }
        };
        stop.stop();
        let contracts = (0..3).map(|n| (format!("file{n}").into(), lease("never"))).collect();
        let created = driver.start_from_files(contracts).unwrap();
        assert_eq!(created.len(), 3);
        assert!(created.iter().all(is_stopped), "{created:?}");
        assert!(driver.details(&["a", "b"]).iter().all(is_stopped));
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

fn is_stopped<T>(result: &Result<T, FlowError>) -> bool {
    result.as_ref().is_err_and(|error| error.kind == FlowErrorKind::Stopped)
}

#[test]
fn a_response_without_a_flow_id_is_outcome_unknown() {
    let (endpoint, count) =
        serve("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Response\":{\"RequestId\":\"r\"}}");
    for driver in Driver::both(&config_at(&endpoint), &the_agent()) {
        let from_files = driver.start_from_files(vec![("file".into(), lease("once"))]).unwrap();
        let from_template =
            driver.start_from_templates(vec![("template".to_owned(), lease("once"))]);
        for created in [from_files, from_template] {
            let error = created[0].as_ref().unwrap_err();
            assert_eq!(error.kind, FlowErrorKind::OutcomeUnknown, "{error:?}");
            assert!(
                error.hint().unwrap().contains("query the service before you retry"),
                "{error}"
            );
        }
    }
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[test]
fn an_authentication_failure_ends_the_workflow() {
    let emulator = Emulator::builder().start().unwrap();
    let config = Config::new(Credential::new(SECRET_ID, "another-key"))
        .with_endpoint_url(&emulator.endpoint())
        .unwrap();
    let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
    let client = essbasic::blocking::Client::new(config, agent).unwrap();
    let contracts = (0..3).map(|n| (format!("file{n}"), lease("once")));
    let error = client.start_from_files(contracts).unwrap_err();
    let Error::Call(error) = error else { panic!("{error:?}") };
    assert!(error.is_authentication());
    assert_eq!(emulator.stats().rejected.values().sum::<u64>(), 1);
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}
