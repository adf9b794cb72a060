use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use essbasic::credentials::Credential;
use essbasic::object_store::{Attribute, GetOptions};
use essbasic::{Config, agent};
use essbasic_emulator::{
    APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Status,
};
use essbasic_s3::Defaults;
use essbasic_s3::test_util::S3Server;

use super::*;
use crate::ledger::{FileEvidence, Outcome, Reason, Report};

/// Number of contracts.
const SIGNED: usize = 4;

const BUCKET: &str = "contracts-125";

/// Returns a receiver of progress that nobody reads.
fn progress() -> Progress {
    Progress::new(crate::pulse::Pulse::new()).0
}

/// Returns an emulator with signed contracts whose files have at least this length, and their claims.
fn service(min_bytes: usize) -> (Emulator, Vec<Claimed>) {
    let emulator = Emulator::builder().with_min_pdf_bytes(min_bytes).start().unwrap();
    let ids = (0..SIGNED).map(|number| format!("yDSigned{number:024}"));
    let claimed = ids.map(|flow_id| claim(&emulator, &flow_id, Status::All, FlowStatus::All));
    let claimed = claimed.collect();
    emulator.advance(Duration::from_secs(60));
    (emulator, claimed)
}

fn claim(emulator: &Emulator, flow_id: &str, status: Status, reported: FlowStatus) -> Claimed {
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, flow_id));
    while emulator.sign(flow_id, None).is_ok() {}
    if status == Status::Relieved {
        emulator.end(flow_id, status, "").unwrap();
    }
    Claimed {
        flow_id: flow_id.to_owned(),
        claim: 1,
        task: Task::Archive,
        attempt: 1,
        report: Report { status: reported, at: 1 },
        added_at: 0,
    }
}

fn archiving(emulator: &Emulator, sink: Sink) -> Archiving {
    let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&emulator.endpoint())
        .unwrap();
    let client = Client::new(config, agent(APP_ID, ORGANIZATION, OPERATOR)).unwrap();
    let names = "{flow_id}-{file_index}".parse().unwrap();
    Archiving::new(client, sink, names, 4, 10, Stop::default())
}

fn folder(path: &Path) -> Sink {
    Sink::folder(path.to_str().unwrap()).unwrap()
}

/// Returns a bucket below a prefix, with other values for some variables.
fn bucket(server: &S3Server, to: &str, others: &[(&str, &str)]) -> Sink {
    let mut variables: BTreeMap<&str, String> = server.variables().into();
    variables.extend(others.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let variables = variables.into_iter();
    let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Sink::bucket(to, variables, &Defaults::default()).unwrap().unwrap()
}

/// Starts a server with a bucket.
fn server() -> Option<S3Server> {
    let server = S3Server::start().unwrap()?;
    server.create_bucket(BUCKET).unwrap();
    Some(server)
}

#[track_caller]
fn settled(batch: Batch) -> Vec<Outcome> {
    match batch {
        Batch::Settled(settled) => settled.into_iter().map(|one| one.outcome).collect(),
        Batch::Failed(error) => panic!("{error}"),
        Batch::Unusable { cause, .. } => panic!("{cause}"),
    }
}

#[track_caller]
fn unusable(batch: Batch) -> String {
    let Batch::Unusable { cause, settled } = batch else { panic!("not paused") };
    assert!(settled.iter().all(|one| is_released(&one.outcome)), "{settled:?}");
    assert_eq!(settled.len(), SIGNED);
    cause
}

fn is_archived(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Archived(_))
}

/// Returns sizes and hashes of the files of each contract.
#[track_caller]
fn evidence(outcomes: &[Outcome]) -> Vec<&[FileEvidence]> {
    let files = outcomes.iter().map(|outcome| match outcome {
        Outcome::Archived(evidence) => &*evidence.files,
        other => panic!("{other:?}"),
    });
    files.collect()
}

fn is_released(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Released { delay: 4_000..=6_000 })
}

fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let file = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

#[tokio::test]
async fn relieved_contracts_are_archived_whether_a_message_reported_it_or_not() {
    let emulator = Emulator::builder().start().unwrap();
    let claimed = [
        ("yDSigned000000000000000000000001", Status::All, FlowStatus::All),
        ("yDRelieved0000000000000000000002", Status::Relieved, FlowStatus::Relieved),
        ("yDRelieved0000000000000000000003", Status::Relieved, FlowStatus::All),
    ]
    .map(|(flow_id, status, reported)| claim(&emulator, flow_id, status, reported));
    emulator.advance(Duration::from_secs(60));
    let home = tempfile::tempdir().unwrap();
    let outcomes =
        settled(archiving(&emulator, folder(home.path())).work(&claimed, progress()).await);
    assert!(outcomes.len() == 3 && outcomes.iter().all(is_archived), "{outcomes:?}");
    assert_eq!(files(home.path()).len(), 3);
}

#[tokio::test]
async fn a_bucket_gets_the_files_of_a_folder_and_a_second_download_the_same_objects() {
    let Some(server) = server() else { return };
    // Files of one request, and of two parts.
    for (prefix, min_bytes) in [("short", 20_000), ("long", 9 << 20)] {
        let (emulator, claimed) = service(min_bytes);
        let home = tempfile::tempdir().unwrap();
        let outcomes =
            settled(archiving(&emulator, folder(home.path())).work(&claimed, progress()).await);
        let sink = bucket(&server, &format!("s3://{BUCKET}/{prefix}/2026"), &[]);
        sink.check().await.unwrap();
        let archiving = archiving(&emulator, sink.clone());
        let below = |(key, bytes): (String, Vec<u8>)| {
            Some((key.strip_prefix(&format!("{prefix}/2026/"))?.to_owned(), bytes))
        };
        for _ in 0..2 {
            let again = settled(archiving.work(&claimed, progress()).await);
            assert_eq!(evidence(&again), evidence(&outcomes));
            let objects: BTreeMap<_, _> =
                server.objects(BUCKET).unwrap().into_iter().filter_map(below).collect();
            assert!(objects == files(home.path()), "{:?}", objects.keys());
        }
        let Sink::Bucket { store, prefix } = sink else { panic!() };
        let flow_id = &claimed[0].flow_id;
        let key = prefix.join(format!("{flow_id}-1.pdf"));
        let attributes =
            store.get_opts(&key, GetOptions::new().with_head(true)).await.unwrap().attributes;
        let value = |attribute| attributes.get(&attribute).map(|value| value.as_ref().to_owned());
        assert_eq!(value(Attribute::ContentType).as_deref(), Some("application/pdf"));
        assert_eq!(value(Attribute::Metadata("flowid".into())).as_ref(), Some(flow_id));
        let sha256 = value(Attribute::Metadata("sha256".into()));
        assert_eq!(sha256.map(|text| text.len()), (min_bytes < 1 << 20).then_some(64));
    }
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_pauses_the_loop_at_once() {
    let Some(server) = server() else { return };
    let ours = format!("s3://{BUCKET}");
    for (to, variable, words) in [
        ("s3://absent-125/2026", ("AWS_REGION", "ap-beijing"), "the bucket does not exist"),
        (&ours, ("AWS_ACCESS_KEY_ID", "AKIDOTHER"), "NotSignedUp"),
        (&ours, ("AWS_SECRET_ACCESS_KEY", "another-key"), "SignatureDoesNotMatch"),
    ] {
        let sink = bucket(&server, to, &[variable]);
        let unusable = sink.check().await.unwrap_err();
        let cause = &unusable.cause;
        assert!(!unusable.is_transient && cause.contains(words), "{to}: {cause}");
        assert!(cause.starts_with("archive.to: ") && cause.contains("; check "), "{cause}");
        assert!(!cause.contains("another-key") && !cause.contains('\n'), "{cause}");
    }
    let (emulator, claimed) = service(20_000);
    let sink = bucket(&server, &ours, &[("AWS_SECRET_ACCESS_KEY", "another-key")]);
    let archiving = archiving(&emulator, sink);
    for _ in 0..2 {
        let cause = unusable(archiving.work(&claimed, progress()).await);
        assert!(cause.contains("SignatureDoesNotMatch"), "{cause}");
    }
    assert!(server.objects(BUCKET).unwrap().is_empty());
}

#[tokio::test]
async fn an_outage_of_the_store_uses_up_no_attempt_and_pauses_the_loop_only_if_it_is_long() {
    let Some(mut server) = server() else { return };
    let (emulator, claimed) = service(20_000);
    let mut archiving = archiving(&emulator, bucket(&server, &format!("s3://{BUCKET}"), &[]));
    server.kill();
    let outcomes = settled(archiving.work(&claimed, progress()).await);
    assert!(outcomes.iter().all(is_released), "{outcomes:?}");
    let fetched = emulator.stats().downloads;
    let outcomes = settled(archiving.work(&claimed, progress()).await);
    assert!(outcomes.iter().all(is_released), "{outcomes:?}");
    assert_eq!(emulator.stats().downloads, fetched, "checked before anything is downloaded");
    archiving.grace = Duration::ZERO;
    let cause = unusable(archiving.work(&claimed, progress()).await);
    assert!(cause.starts_with("archive.to: "), "{cause}");
    archiving.grace = outage::GRACE;
    server.restart().unwrap();
    let outcomes = settled(archiving.work(&claimed, progress()).await);
    assert!(outcomes.iter().all(is_archived), "{outcomes:?}");
    assert!(!archiving.outage.is_possible());
    assert_eq!(server.objects(BUCKET).unwrap().len(), SIGNED);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_pauses_the_loop_and_one_file_fails_its_contract() {
    let (emulator, claimed) = service(20_000);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mount/contracts");
    std::fs::create_dir(home.path().join("mount")).unwrap();
    let archiving = archiving(&emulator, folder(&path));
    // The name of one file is taken by a folder.
    std::fs::create_dir_all(path.join(format!("{}-1.pdf", claimed[2].flow_id)).join("x")).unwrap();
    for (index, outcome) in settled(archiving.work(&claimed, progress()).await).iter().enumerate() {
        let is_expected = match outcome {
            Outcome::Again { reason, .. } => index == 2 && *reason == Reason::StorageFailed,
            other => index != 2 && is_archived(other),
        };
        assert!(is_expected, "{index}: {outcome:?}");
    }
    // A mount that is missing.
    std::fs::remove_dir_all(home.path().join("mount")).unwrap();
    for _ in 0..2 {
        let cause = unusable(archiving.work(&claimed, progress()).await);
        assert!(cause.contains("cannot write to the folder"), "{cause}");
    }
    assert!(!path.exists(), "it is not created on another disk");
    std::fs::create_dir_all(&path).unwrap();
    let outcomes = settled(archiving.work(&claimed, progress()).await);
    assert!(outcomes.iter().all(is_archived), "{outcomes:?}");
}

/// Serves S3 for one bucket, and rejects objects whose key contains a text. Returns the endpoint.
async fn rejecting_store(rejected: String) -> String {
    use axum::http::{Method, StatusCode, Uri};

    let respond = move |method: Method, uri: Uri, _body: axum::body::Bytes| {
        let is_rejected = uri.path().contains(&rejected);
        async move {
            let xml = match method {
                Method::HEAD => return (StatusCode::NOT_FOUND, [("etag", "")], String::new()),
                Method::PUT if is_rejected => {
                    let xml = "<Error><Code>AccessDenied</Code><Message>retained</Message></Error>";
                    return (StatusCode::FORBIDDEN, [("etag", "")], xml.to_owned());
                }
                Method::POST => {
                    "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                }
                _ => "",
            };
            (StatusCode::OK, [("etag", "\"1\"")], xml.to_owned())
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(respond);
    let router = router.layer(axum::extract::DefaultBodyLimit::disable());
    let (open, closed) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        crate::http::serve(listener, router, closed).await;
        drop(open);
    });
    endpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_the_store_rejects_fails_its_contract_only() {
    let (emulator, claimed) = service(20_000);
    let endpoint = rejecting_store(claimed[1].flow_id.clone()).await;
    let variables = [
        ("AWS_ENDPOINT_URL", &*endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "r"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
    ];
    let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let to = format!("s3://{BUCKET}");
    let sink = Sink::bucket(&to, variables.into_iter(), &Defaults::default()).unwrap().unwrap();
    sink.check().await.unwrap();
    let archiving = archiving(&emulator, sink);
    let (progress, mut early) = Progress::new(crate::pulse::Pulse::new());
    for (index, outcome) in settled(archiving.work(&claimed, progress).await).iter().enumerate() {
        let is_expected = match outcome {
            Outcome::Again { reason, .. } => index == 1 && *reason == Reason::StorageFailed,
            other => index != 1 && is_archived(other),
        };
        assert!(is_expected, "{index}: {outcome:?}");
    }
    let mut stored = Vec::new();
    while let Ok(settlement) = early.try_recv() {
        assert!(is_archived(&settlement.outcome), "{settlement:?}");
        stored.push(settlement.flow_id);
    }
    stored.sort_unstable();
    let others = [0, 2, 3].map(|index| claimed[index].flow_id.clone());
    assert_eq!(stored, others, "settled when they are stored");
}
