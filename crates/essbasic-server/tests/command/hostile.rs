//! Hostile senders: callbacks of the fuzz corpora, and many that are slow.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use essbasic_callback::{CallbackKey, Sender, Token};
use serde_json::json;

use crate::support::{Server, get, post};

/// Returns the files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Returns inputs: each seed of the fuzz target of callbacks, and variants of it with damaged bytes.
fn inputs() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut inputs = Vec::new();
    // The corpora, if the fuzz targets ran on this machine.
    for folder in ["seeds/callback", "corpus/callback"].map(|name| folder.join(name)) {
        let known = if folder.is_dir() { files(&folder) } else { Vec::new() };
        for path in known.iter().take(500) {
            let seed = std::fs::read(path).unwrap();
            for place in 0..4 {
                let mut damaged = seed.clone();
                let place = seed.len() * place / 4;
                damaged.truncate(seed.len() - place / 2);
                if let Some(byte) = damaged.get_mut(place) {
                    *byte = b"\0\"{\xff"[place % 4];
                }
                inputs.push(damaged);
            }
            inputs.push(seed);
        }
    }
    assert!(inputs.len() >= 20, "{} inputs", inputs.len());
    inputs
}

#[test]
fn hostile_callbacks_are_refused_or_stored_and_the_server_stays_ready() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let token = Token::new("emulated-callback-token").unwrap();
    let key = CallbackKey::new("EMULATEDKEYEMULATEDKEYEMULATED32").unwrap();
    let (signs, encrypts) = (Sender::new(token.clone(), None), Sender::new(token, key));
    for input in inputs() {
        let text = String::from_utf8_lossy(&input);
        let (header, body) = text.split_once('\n').unwrap_or((&text, ""));
        let header: String = header.chars().filter(char::is_ascii_graphic).take(200).collect();
        let ciphertext = json!({ "encrypt": text }).to_string();
        let mut callbacks = vec![(None, input.clone()), (Some(header), body.into())];
        for callback in [signs.send(&text), signs.send(&ciphertext), encrypts.send(&text)] {
            callbacks.push((callback.signature.clone(), callback.body));
        }
        for (signature, body) in callbacks {
            let status = post(&server.callbacks, signature.as_deref(), &body);
            assert!([200, 400, 413].contains(&status), "{status} {text:?}");
        }
    }
    assert_eq!(get(&format!("{}readyz", server.ops)).0, 200);
    assert_eq!(get(&format!("{}livez", server.ops)).0, 200);
    assert_eq!(server.stop(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn many_slow_senders_use_bounded_memory_and_others_are_served() {
    const SENDERS: usize = 200;
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    };
    let before = resident();
    let address = server.callbacks.trim_start_matches("http://").trim_end_matches('/');
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n";
    let part = vec![b'a'; 250_000];
    let senders: Vec<TcpStream> = (0..SENDERS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&part).unwrap();
            stream
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(post(&server.callbacks, None, b"{}"), 200);
    }
    // What they have sent, with the growth of buffers.
    let grown = resident().saturating_sub(before);
    assert!(grown < SENDERS * part.len() * 3, "{} MiB", grown >> 20);
    drop(senders);
    assert_eq!(post(&server.callbacks, None, b"{}"), 200);
}
