//! Encrypted calls over HTTP to the emulator, which has a separate implementation of the encryption.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests panic on failure"
)]

use essbasic::credentials::Credential;
use essbasic::{Config, DownloadOptions, Encryption, Error, ErrorKind, Report, agent};
use essbasic_emulator::{APP_ID, Cipher, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

const FLOWS: [&str; 3] = [
    "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ",
    "yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh",
    "yDwivUUckpor6wtoUuogwQHCAB0ES0p1",
];

fn config(emulator: &Emulator, encryption: Encryption) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&emulator.endpoint())
        .unwrap()
        .with_encapsulation(encryption)
}

/// Downloads with each client to a separate folder. Returns the report and the number of files.
fn download(config: &Config, operator: &str) -> [Result<(Report, usize), Error>; 2] {
    let agent = agent(APP_ID, ORGANIZATION, operator);
    let files = |folder: &tempfile::TempDir| std::fs::read_dir(folder).unwrap().count();
    let folder = tempfile::tempdir().unwrap();
    let client = essbasic::blocking::Client::new(config.clone(), agent.clone()).unwrap();
    let blocking = client.download(FLOWS, &DownloadOptions::to(folder.path()));
    let blocking = blocking.map(|report| (report, files(&folder)));
    let folder = tempfile::tempdir().unwrap();
    let client = essbasic::Client::new(config.clone(), agent).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asynchronous =
        runtime.block_on(client.download(FLOWS, &DownloadOptions::to(folder.path())));
    [blocking, asynchronous.map(|report| (report, files(&folder)))]
}

#[test]
fn downloads_through_encrypted_calls() {
    let keys = [
        (Cipher::Aes, "0123456789abcdef0123456789abcdef"),
        (Cipher::Aes, "0123456789abcdef"),
        (Cipher::Sm4, "0123456789abcdef"),
    ];
    for (cipher, key) in keys {
        let emulator = Emulator::builder().with_encryption(cipher, key, "hmac").start().unwrap();
        let encryption = match cipher {
            Cipher::Sm4 => Encryption::sm4_cbc(APP_ID, key, "hmac"),
            _ => Encryption::aes_cbc(APP_ID, key, "hmac"),
        };
        for result in download(&config(&emulator, encryption.unwrap()), OPERATOR) {
            let (report, files) = result.unwrap();
            assert_eq!((report.saved().count(), report.failed().count(), files), (2, 1, 2));
        }
        let calls = emulator.stats().calls;
        assert_eq!(calls["CreateRequestWithEncryption"], 4);
        assert_eq!(calls["DescribeFlowDetailInfo"], 2);
        assert_eq!(calls["DescribeResourceUrlsByFlows"], 2);
    }
}

#[test]
fn reports_errors_of_the_inner_action() {
    let emulator =
        Emulator::builder().with_encryption(Cipher::Aes, "k".repeat(24), "h").start().unwrap();
    let encryption = Encryption::aes_cbc(APP_ID, "k".repeat(24), "h").unwrap();
    for result in download(&config(&emulator, encryption), "nobody") {
        let Err(Error::Call(error)) = result else { panic!("the operator does not exist") };
        assert_eq!(error.code(), "OperationDenied.UserNotInOrganization");
        assert_eq!(error.action(), "DescribeFlowDetailInfo");
        assert!(error.request_id().is_some());
    }
}

#[test]
fn fails_if_the_keys_differ() {
    let emulator =
        Emulator::builder().with_encryption(Cipher::Aes, "k".repeat(16), "h").start().unwrap();
    for encryption in [
        Encryption::aes_cbc(APP_ID, "k".repeat(16), "other"),
        Encryption::aes_cbc(APP_ID, "o".repeat(16), "h"),
        Encryption::sm4_cbc(APP_ID, "k".repeat(16), "h"),
    ] {
        for result in download(&config(&emulator, encryption.unwrap()), OPERATOR) {
            // A text decrypted with a wrong key may have valid padding. The emulator then responds that it is
            // not JSON, encrypted with keys that the client does not have.
            match result {
                Ok((report, files)) => assert_eq!((report.saved().count(), files), (0, 0)),
                Err(Error::Call(error)) => {
                    assert!(matches!(error.kind(), ErrorKind::Api | ErrorKind::Decode), "{error}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}
