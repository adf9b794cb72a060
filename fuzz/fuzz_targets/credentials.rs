//! Credential files, and responses of the services that they name: credentials or an error. No error contains text
//! of a file.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tc3_client::Now;
use tc3_client::credentials::{CredentialSource, FetchStep, Profile};
use tc3_client::transport::{Bytes, HeaderMap, Response, StatusCode};
use tempfile::TempDir;

/// In memory, if the system has `/dev/shm`.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    for name in [".tencentcloud", ".tccli"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    folder
});

/// A value in the dictionary of this target.
const SECRET: &str = "HUSHHUSH";

/// Maximum number of steps of a source: two requests of three attempts each, with backoff.
const MAX_STEPS: usize = 16;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == 0);
    let file = match parts.next() {
        Some(b"sdk") => ".tencentcloud/credentials",
        _ => ".tccli/default.credential",
    };
    let path: PathBuf = FOLDER.path().join(file);
    std::fs::write(&path, parts.next().unwrap_or_default()).unwrap();
    let profile = Profile::new()
        .with_folders(FOLDER.path(), FOLDER.path().join("nowhere"))
        .with_variables(|_| None);
    let mut fetch = profile.fetch();
    std::fs::remove_file(path).unwrap();

    let now = Duration::from_secs(1_700_000_000);
    let mut now = Now { unix: now, monotonic: now };
    let (mut response, mut has_sent) = (None, false);
    for _ in 0..MAX_STEPS {
        match fetch.next(now, response.take()) {
            FetchStep::Send(request) => {
                assert!(request.uri.host().is_some_and(|host| {
                    host == "metadata.tencentyun.com" || host.ends_with(".tencentcloudapi.com")
                }));
                has_sent = true;
                let part = parts.next().unwrap_or_default();
                let status = match part.first() {
                    Some(b'4') => StatusCode::NOT_FOUND,
                    Some(b'5') => StatusCode::BAD_GATEWAY,
                    _ => StatusCode::OK,
                };
                let body = Bytes::copy_from_slice(part);
                response = Some(Ok(Response { status, headers: HeaderMap::new(), body }));
            }
            FetchStep::Sleep(time) => {
                assert!(time < Duration::from_secs(60));
                now.unix += time;
                now.monotonic += time;
            }
            FetchStep::Done(credential) => {
                let keys = [credential.secret_id(), credential.token().unwrap_or("-")];
                assert!(keys.iter().all(|key| {
                    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
                }));
                // The ID is shown, and may contain the token.
                let shown = format!("{credential:?}").replace(credential.secret_id(), "");
                let token = credential.token().filter(|token| token.len() > 16);
                assert!(token.is_none_or(|token| !shown.contains(token)));
                return;
            }
            FetchStep::Absent => return,
            FetchStep::Failed(error) => {
                let shown = format!("{error} {error:?}");
                assert!(has_sent || !shown.contains(SECRET), "{shown}");
                assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
                return;
            }
            step => panic!("{step:?} in a profile"),
        }
    }
    panic!("the source has not finished after {MAX_STEPS} steps");
});
