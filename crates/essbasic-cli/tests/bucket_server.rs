//! `essbasic archive --out s3://…` against an S3 server by other people, which verifies signatures.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

use essbasic_s3::test_util::S3Server;
use tempfile::TempDir;

use crate::bucket::{archive, emulator};
use crate::support::{code, refused, stderr, stdout};

#[test]
fn another_server_accepts_signatures_and_parts_and_has_the_files_of_a_folder() {
    let Some(server) = S3Server::start().unwrap() else { return };
    server.create_bucket("b-125").unwrap();
    // Files of one request, and of two parts.
    for (prefix, size) in [("short", 60_000), ("long/合同 1", 9 << 20)] {
        let home = TempDir::new().unwrap();
        let emulator = emulator(home.path(), 3, size);
        let run = |secret_key: Option<&str>| {
            let mut command = archive(home.path(), &emulator, &format!("s3://b-125/{prefix}"));
            command.args(["--journal", "j.jsonl"]).envs(server.variables());
            command.envs(secret_key.map(|key| ("AWS_SECRET_ACCESS_KEY", key)));
            command.output().unwrap()
        };
        refused(&run(Some("another-key")), &["SignatureDoesNotMatch", "rejected the credentials"]);
        let output = run(None);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let output = run(None);
        assert!(stdout(&output).contains("done before          3"), "{}", stdout(&output));

        let output = archive(home.path(), &emulator, "out").output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let objects = server.objects("b-125").unwrap();
        let mut count = 0;
        for entry in std::fs::read_dir(home.path().join("out")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.ends_with(".pdf") {
                let object = objects.get(&format!("{prefix}/{name}"));
                assert!(object == Some(&std::fs::read(&path).unwrap()), "{prefix}/{name}");
                count += 1;
            }
        }
        assert_eq!(count, 3, "{prefix}");
    }
}
