//! Notifications to systemd.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::support::{Server, command};

#[test]
fn systemd_is_notified_of_the_start_the_liveness_and_the_end() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let receive = || {
        let mut bytes = [0; 1_024];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let mut command = command(&["--emulated", "--data", data.path().to_str().unwrap()]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000").env_remove("WATCHDOG_PID");
    let server = Server::started(command);
    let mut all: Vec<String> = (0..4).map(|_| receive()).collect();
    let place = all.iter().position(|one| one.starts_with("READY=1\n")).unwrap();
    let ready = all.remove(place);
    let expected = format!("STATUS=receives callbacks at {}", server.callbacks);
    assert!(ready.contains(&expected), "{ready}");
    assert_eq!(all, vec!["WATCHDOG=1\n"; 3]);
    server.signal("-TERM");
    let stopping = std::iter::repeat_with(receive).find(|one| one != "WATCHDOG=1\n").unwrap();
    assert!(stopping.starts_with("STOPPING=1\n"), "{stopping}");
    assert_eq!(server.wait(), Some(0));
}
