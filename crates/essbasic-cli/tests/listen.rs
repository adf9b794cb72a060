//! `essbasic listen` with callbacks of the emulator.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{CallbackKey, MsgType, Token};
use essbasic_emulator::{APP_ID, Callback, CallbackChaos, Emulator, NewFlow, ORGANIZATION};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::listening::{KEY, Listening, TOKEN, contract, padded, sender};
use crate::support::{self, essbasic, refused, until};

fn target(listening: &Listening) -> Callback {
    let url = format!("{}hook?a=b", listening.url);
    Callback::to(url).with_key(KEY).with_token(TOKEN).with_initial_backoff(Duration::from_millis(5))
}

/// Creates contracts that both parties sign, and waits for all callbacks.
fn contracts_signed(callback: Callback, count: usize) -> Emulator {
    let emulator = Emulator::builder()
        .with_manual_clock(1_700_000_000)
        .with_callback(callback)
        .start()
        .unwrap();
    for n in 0..count {
        let id = format!("yDwA{n:028}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &id));
        emulator.sign(&id, None).unwrap();
        emulator.sign(&id, None).unwrap();
    }
    emulator.advance(Duration::from_secs(3));
    assert!(emulator.wait_for_callbacks(Duration::from_secs(60)));
    emulator
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn completed(messages: &[Value]) -> BTreeSet<&str> {
    let done = messages.iter().filter(|message| message["MsgData"]["FlowCallbackStatus"] == 4);
    done.map(|message| message["MsgData"]["FlowId"].as_str().unwrap()).collect()
}

#[test]
fn duplicated_delayed_and_reordered_messages_are_printed_once() {
    let home = TempDir::new().unwrap();
    let listening = Listening::start(home.path(), &[]);
    let delay = Duration::from_millis(50);
    let chaos = CallbackChaos { duplicate_rate: 1.0, delay, reorder: true, seed: 7 };
    let emulator = contracts_signed(target(&listening).with_chaos(chaos), 5);
    let stats = emulator.stats().callbacks;
    assert!(stats.ping_acknowledged && stats.given_up == 0, "{stats:?}");
    // Duplicates are sent after the first delivery is acknowledged.
    until("all repeats", || emulator.stats().callbacks.sent >= 2 * stats.messages);
    let (status, stdout, stderr) = listening.end();
    assert_eq!(status, Some(0), "{stderr}");
    let messages = rows(&stdout);
    let ids: BTreeSet<&str> =
        messages.iter().map(|message| message["MsgId"].as_str().unwrap()).collect();
    assert_eq!((ids.len() as u64, messages.len() as u64), (stats.messages, stats.messages));
    assert_eq!(completed(&messages).len(), 5);
    assert!(!stderr.contains("hush"), "{stderr}");
}

#[test]
fn messages_are_appended_as_whole_lines() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("messages.jsonl");
    fs::write(&path, "{\"MsgId\":\"cut sho").unwrap();
    let listening = Listening::start(home.path(), &["--append", "messages.jsonl"]);
    let emulator = contracts_signed(target(&listening), 2);
    let text = fs::read_to_string(&path).unwrap();
    let (cut, rest) = text.split_once('\n').unwrap();
    assert_eq!(cut, "{\"MsgId\":\"cut sho");
    assert_eq!(rows(rest).len() as u64, emulator.stats().callbacks.messages);
    assert_eq!(completed(&rows(rest)).len(), 2);
    // A message with line breaks becomes one line.
    let spaced = "{\n \"MsgId\": \"a\",\r\n \"MsgType\": \"T\",\n \"MsgData\": \"x\\ny\"\n}\n";
    assert_eq!(listening.post(&sender().send(spaced)), 200);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        rows(text.lines().last().unwrap()),
        [json!({ "MsgId": "a", "MsgType": "T", "MsgData": "x\ny" })]
    );
    let (status, stdout, _) = listening.end();
    assert_eq!((status, stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_message_is_redelivered_if_its_command_fails() {
    let home = TempDir::new().unwrap();
    let script = "test -e ready || { touch ready; echo sorry >&2; exit 3; }
        cat > \"$ESSBASIC_MSG_ID.json\"; echo \"$1 $ESSBASIC_MSG_TYPE\" >> log";
    let listening = Listening::start(home.path(), &["--", "sh", "-c", script, "name", "word"]);
    let emulator = contracts_signed(target(&listening), 1);
    let stats = emulator.stats().callbacks;
    assert_eq!((stats.given_up, stats.sent), (0, stats.messages + 1));
    let log = fs::read_to_string(home.path().join("log")).unwrap();
    assert_eq!(log, "word FlowStatusChange\n".repeat(usize::try_from(stats.messages).unwrap()));
    let files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let messages: Vec<Value> =
        files.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect();
    assert_eq!(messages.len() as u64, stats.messages);
    assert_eq!(completed(&messages).len(), 1);
    let (status, _, stderr) = listening.end();
    assert_eq!(status, Some(0));
    assert!(stderr.contains("was not taken: sh ended with exit status: 3"), "{stderr}");
}

#[test]
fn invalid_senders_get_the_same_refusal() {
    let home = TempDir::new().unwrap();
    let listening = Listening::start(home.path(), &[]);
    let good = sender().send(&message("1", &MsgType::FlowStatusChange, json!({ "FlowId": "f" })));
    let mut altered = good.clone();
    altered.body[12] ^= 1;
    let mut unsigned = good.clone();
    unsigned.signature = None;
    let other = Sender::new(Token::new("another").unwrap(), CallbackKey::new(KEY).unwrap());
    for bad in [altered, unsigned, other.send(&message("2", &MsgType::FlowStatusChange, json!({})))]
    {
        assert_eq!(listening.post(&bad), 400);
    }
    // Refused by its Content-Length, before the body.
    let address = listening.address();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n").unwrap();
    let mut head = String::new();
    BufReader::new(stream).read_line(&mut head).unwrap();
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(listening.post(&sender().ping()), 200);
    assert_eq!((listening.post(&good), listening.post(&good)), (200, 200));
    let (status, stdout, _) = listening.end();
    assert_eq!((status, rows(&stdout).len()), (Some(0), 1));
}

#[test]
fn the_number_of_connections_is_bounded() {
    let home = TempDir::new().unwrap();
    let listening = Listening::start(home.path(), &[]);
    let address = listening.address();
    let mut held: Vec<_> = (0..256).map(|_| TcpStream::connect(address).unwrap()).collect();
    // A head without its end, a body without its end, and nothing.
    held[0].write_all(b"POST / HT").unwrap();
    held[1].write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{").unwrap();
    let began = Instant::now();
    assert_eq!(listening.post(&contract("among silent ones")), 200);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // The oldest one made room.
    held[0].set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(matches!(held[0].read(&mut [0]), Ok(0) | Err(_)));
    held[255].set_nonblocking(true).unwrap();
    assert_eq!(held[255].read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let (status, stdout, stderr) = listening.end();
    assert_eq!((status, rows(&stdout).len()), (Some(0), 1), "{stderr}");
    assert!(stderr.contains("the oldest idle one was closed"), "{stderr}");
}

/// A request without its end, and a pipe that nobody reads, do not delay the end.
#[test]
fn a_signal_ends_it_within_seconds() {
    for blocks in [false, true] {
        let home = TempDir::new().unwrap();
        let mut listening = Listening::start(home.path(), &[]);
        let mut incomplete = TcpStream::connect(listening.address()).unwrap();
        incomplete.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{").unwrap();
        let mut sent = Vec::new();
        if blocks {
            // More than a pipe takes: the write has begun and cannot end.
            sent.push(listening.send(&padded("blocked", 300_000)));
            let stdout = listening.child.stdout.as_mut().unwrap();
            stdout.read_exact(&mut [0]).unwrap();
        }
        let began = Instant::now();
        listening.signal("TERM");
        let status = listening.ended();
        assert!(began.elapsed() < Duration::from_secs(6), "{blocks}: {:?}", began.elapsed());
        assert_eq!(status.code(), Some(0), "{blocks}");
    }
}

#[test]
fn invalid_options_are_refused() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("folder")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().port().to_string();
    for (arguments, words) in [
        (&["--port", "0"][..], &["without a token", "--token", "--unsigned"][..]),
        (&["--port", "0", "--token", "hush", "--key", "hush"], &["32 bytes"]),
        (&["--port", "0", "--token", "hush", "--unsigned"], &["cannot be used with"]),
        (&["--port", "0", "--unsigned", "--append", "folder"], &["folder cannot be written"]),
        (&["--port", "0", "--unsigned", "--append", "a", "--", "true"], &["cannot be used with"]),
        (&["--port", &taken, "--unsigned"], &["cannot listen on", "; give a free address"]),
        (&["--unsigned"], &["--port"]),
    ] {
        let output = essbasic(home.path()).arg("listen").args(arguments).output().unwrap();
        refused(&output, words);
        assert!(!support::stderr(&output).contains("hush"), "{arguments:?}");
    }
}
