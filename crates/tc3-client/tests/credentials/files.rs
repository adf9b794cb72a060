//! Profile files.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use tc3_client::Now;
use tc3_client::credentials::{
    Chain, Credential, CredentialSource as _, FetchStep, Profile, TkeIdentity,
};

use super::remote::{role_response, sts_response};
use super::{SECRET, call, credential_error, header, used, variables};
use crate::support::{Reply, START};

fn write(folder: &Path, file: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(super) fn profile(folder: &Path, name: Option<&str>) -> Profile {
    let profile = name.map_or_else(Profile::new, Profile::named);
    profile.with_folders(folder.join("home"), folder.join("etc")).with_variables(variables(&[]))
}

const INI: &str = "home/.tencentcloud/credentials";
const TCCLI: &str = "home/.tccli/default.credential";

#[test]
fn searches_profile_files_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let chosen = |name| used(&call(profile(folder, name), &[])).0;
    assert!(credential_error(&call(profile(folder, None), &[])).contains("not configured"));

    let tccli = json!({"type": "oauth", "secretId": "tccli", "secretKey": SECRET, "token": "tok",
        "expiresAt": START + 7200, "oauth": {"accessToken": "x"}});
    write(folder, TCCLI, tccli.to_string());
    assert_eq!(used(&call(profile(folder, None), &[])), ("tccli".into(), "tok"));
    write(
        folder,
        "etc/tencentcloud/credentials",
        "[default]\nsecret_id=system\nsecret_key=k\n[ops]\nsecret_id=ops\nsecret_key=k",
    );
    assert_eq!(chosen(None), "system");
    let bom =
        "\u{feff}; mine\r\n[default]\r\nsecret_id = home\r\nsecret_key = \"k\"\r\ntoken =\r\n";
    write(folder, INI, bom);
    assert_eq!(chosen(None), "home");
    assert_eq!(chosen(Some("ops")), "ops");
    let text = credential_error(&call(profile(folder, Some("nobody")), &[]));
    assert!(text.contains("profile \"nobody\" not found"), "{text}");
    credential_error(&call(profile(folder, Some("../default")), &[]));

    let named = folder.join("mine.ini");
    fs::write(&named, "[default]\nsecret_id=named\nsecret_key=k").unwrap();
    let set = [("TENCENTCLOUD_CREDENTIALS_FILE", named.to_str().unwrap())];
    let source = profile(folder, None).with_variables(variables(&set));
    assert_eq!(used(&call(source.clone(), &[])).0, "named");
    fs::remove_file(&named).unwrap();
    assert!(credential_error(&call(source, &[])).contains("TENCENTCLOUD_CREDENTIALS_FILE"));
}

#[test]
fn reads_roles_of_tccli_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let keys = json!({"type": "default", "secretId": "base", "secretKey": SECRET, "token": null,
        "role-arn": "arn", "role-session-name": "session"});
    write(folder.path(), TCCLI, keys.to_string());
    let outcome = call(profile(folder.path(), None), &[sts_response("tmp", 7200)]);
    assert!(header(&outcome, 0, "authorization").contains("Credential=base/"));
    let body: Value = serde_json::from_slice(&outcome.requests[0].body).unwrap();
    assert_eq!(
        body,
        json!({"RoleArn": "arn", "RoleSessionName": "session", "DurationSeconds": 7200})
    );
    assert_eq!(used(&outcome).0, "tmp");

    write(folder.path(), TCCLI, json!({"type": "cvm-role"}).to_string());
    let script = [Reply::text(200, "reader"), role_response("machine", 7200)];
    assert_eq!(used(&call(profile(folder.path(), None), &script)).0, "machine");
}

#[test]
fn errors_in_profile_files_contain_file_and_line_and_stop_the_chain() {
    for (file, text, expected) in [
        (INI, format!("[default]\nsecret_id=a\nsecret_key={SECRET} # mine"), "line 3: secret_key"),
        (INI, format!("[default]\n{SECRET}"), "line 2"),
        (INI, format!("secret_key={SECRET}"), "line 1"),
        (
            INI,
            format!("\n[default]\nsecret_key={SECRET}"),
            "line 2: section [default] has no secret_id",
        ),
        (INI, "[default]\nsecret_id=\nsecret_key=k".to_owned(), "line 2: secret_id is empty"),
        (INI, "x".repeat(65 * 1024), "64 KiB"),
        (TCCLI, format!("{{\"secretKey\":\"{SECRET}\""), "line 1"),
        (TCCLI, format!("{{\"secretKey\":[\"{SECRET}\"]}}"), "line 1"),
        (TCCLI, json!({"secretKey": SECRET}).to_string(), "run tccli configure"),
        (
            TCCLI,
            json!({"secretId": "a", "secretKey": format!("{SECRET}\n")}).to_string(),
            "secretKey",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), file, &text);
        let chain =
            Chain::new().then(profile(folder.path(), None)).then(Credential::new("other", "k"));
        let error = credential_error(&call(chain, &[]));
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        assert!(error.contains(expected) && error.contains(name), "{expected}: {error}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), INI, b"[default]\nsecret_id=\xff\xfe");
    assert!(credential_error(&call(profile(folder.path(), None), &[])).contains("UTF-8"));
    for mark in [&[][..], b"\xff\xfe"] {
        let text = format!("[default]\nsecret_id=a\nsecret_key={SECRET}\n");
        let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        write(folder.path(), INI, [mark, &text].concat());
        assert!(credential_error(&call(profile(folder.path(), None), &[])).contains("UTF-16"));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(INI)).unwrap();
    credential_error(&call(profile(folder.path(), None), &[]));
}

/// Links to regular files are followed, as Kubernetes mounts secrets. Other files are errors and do not block.
#[cfg(unix)]
#[test]
fn credential_files_are_regular_files() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    fs::write(&target, format!("[default]\nsecret_id=linked\nsecret_key={SECRET}")).unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let path = folder.path().join("path");
    let set = [("TENCENTCLOUD_CREDENTIALS_FILE", path.to_str().unwrap())];
    let ini = || profile(folder.path(), None).with_variables(variables(&set));
    let pod = [
        ("TKE_REGION", "r"),
        ("TKE_PROVIDER_ID", "p"),
        ("TKE_ROLE_ARN", "arn"),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", path.to_str().unwrap()),
    ];
    let pod = || TkeIdentity::new().with_variables(variables(&pod));

    symlink(&target, &path).unwrap();
    assert_eq!(used(&call(ini(), &[])).0, "linked");
    for target in [&fifo, folder.path(), Path::new("/dev/null"), Path::new("/dev/zero")] {
        fs::remove_file(&path).unwrap();
        symlink(target, &path).unwrap();
        for error in [credential_error(&call(ini(), &[])), credential_error(&call(pod(), &[]))] {
            assert!(error.contains("path: not a regular file"), "{target:?}: {error}");
        }
    }
    fs::remove_file(&path).unwrap();
    fs::rename(&fifo, &path).unwrap();
    assert!(credential_error(&call(ini(), &[])).contains("not a regular file"));
}

/// Each cut of a profile that another thread completes while the client reads it.
#[test]
fn a_profile_that_is_being_written_is_read_until_it_is_complete() {
    const TEXT: &str = "# mine\n[default]\nsecret_id = AKIDcomplete\nsecret_key = key-complete\ntoken = token-complete\n";
    let folder = tempfile::tempdir().unwrap();
    for cut in 0..TEXT.len() {
        write(folder.path(), INI, &TEXT[..cut]);
        let source = profile(folder.path(), None);
        let mut fetch = source.fetch();
        let now = Now { unix: Duration::from_secs(START), monotonic: Duration::ZERO };
        let mut reads = 0;
        let credential = loop {
            reads += 1;
            match fetch.next(now, None) {
                // The writer continues before the second read.
                FetchStep::Sleep(_) if reads == 1 => write(folder.path(), INI, TEXT),
                FetchStep::Sleep(_) => {}
                FetchStep::Done(credential) => break credential,
                step => panic!("cut {cut}: {step:?}"),
            }
        };
        assert_eq!(credential.secret_id(), "AKIDcomplete", "cut {cut}");
        assert_eq!(credential.token(), Some("token-complete"), "cut {cut}");
        assert!(reads > 2, "cut {cut}");
    }
}

#[test]
fn similar_names_in_profile_files_are_errors() {
    let keys = "secret_id=a\nsecret_key=k\n";
    for (text, expected) in [
        (format!("[Default]\n{keys}"), "line 1: section names are case-sensitive"),
        (format!("[default]\n{keys}session_token=t"), "line 4: session_token is not read"),
        (format!("[default]\n{keys}security_token=t"), "rename it to token"),
        (format!("[default]\n{keys}role_arn=arn"), "line 4: role_arn is not read"),
        (format!("[default]\nsecretId=a\nsecret_key={SECRET}"), "rename it to secret_id"),
        (format!("[default]\nsecret_id=a\nsecret-key={SECRET}"), "rename it to secret_key"),
        (format!("[default]\nsecret_id=a\naccess_key_secret={SECRET}"), "rename it to secret_key"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), INI, &text);
        let chain =
            Chain::new().then(profile(folder.path(), None)).then(Credential::new("other", "k"));
        let error = credential_error(&call(chain, &[]));
        assert!(error.contains(expected), "{text}: {error}");
    }
    // Other keys, and similar names next to the right ones, change nothing.
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), INI, format!("[Default]\nx=y\n[default]\n{keys}region=r\nsecretid=b"));
    assert_eq!(used(&call(profile(folder.path(), None), &[])).0, "a");
}

proptest! {
    #[test]
    fn errors_never_contain_secrets_of_files(
        before in "[a-z_=:\\[\\]\" \\n{},]{0,20}",
        after in "[a-z_=:\\[\\]\" \\n{},]{0,20}",
        key in prop::sample::select(vec![
            "[default]\nsecret_id=a\nsecret_key=", "\"secretKey\":\"", "{\"secretId\":\"", "",
        ]),
        json: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = if json { TCCLI } else { INI };
        write(folder.path(), file, format!("{before}{key}{SECRET}{after}"));
        let outcome = call(profile(folder.path(), None), &[]);
        if outcome.results[0].is_err() {
            credential_error(&outcome);
        }
    }
}
