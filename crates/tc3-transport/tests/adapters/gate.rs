//! Requests that are withdrawn while the transport connects.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tc3_transport::{Request, SendGate};

use crate::support::server::{Server, response};
use crate::support::{New, config, fetch, post};

each! {
    nothing_of_the_body_is_sent_after_the_gate_closed
    a_gate_that_is_open_changes_no_request_and_cannot_be_closed_later
}

/// Returns a listener whose queue of connections is full, and its connections. Linux does not answer further ones.
fn full() -> (TcpListener, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    socket.listen(0).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
    let queued = std::iter::from_fn(connect).collect();
    (listener, queued)
}

fn nothing_of_the_body_is_sent_after_the_gate_closed(new: New) {
    // Other systems accept the connection.
    if !cfg!(target_os = "linux") {
        return;
    }
    let (listener, queued) = full();
    let gate = SendGate::default();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let request = Request { gate: Some(gate.clone()), ..post(&url, "the whole body") };
    let sending = std::thread::spawn(move || fetch(&*new(&config()).unwrap(), request));
    while !gate.can_close() {
        std::thread::yield_now();
    }
    assert!(gate.close());
    for _ in &queued {
        listener.accept().unwrap();
    }
    let (mut connection, _) = listener.accept().unwrap();
    let mut received = Vec::new();
    // A reset ends the connection too.
    let _ = connection.read_to_end(&mut received);
    let received = String::from_utf8(received).unwrap();
    assert!(!received.contains("the whole body"), "{received}");
    assert!(sending.join().unwrap().is_err());
}

fn a_gate_that_is_open_changes_no_request_and_cannot_be_closed_later(new: New) {
    let server = Server::responding(response(200, "", "done"));
    let transport = new(&config()).unwrap();
    for body in ["", "short", &"long ".repeat(100_000)] {
        let gate = SendGate::default();
        for gate in [None, Some(gate.clone())] {
            let body = body.to_owned().into();
            let request = Request { gate, body, ..post(&server.http(), "") };
            assert_eq!(fetch(&*transport, request).unwrap().0, 200);
        }
        assert!(!gate.can_close() && !gate.close());
    }
    for pair in server.received().chunks(2) {
        let [plain, gated] = pair else { panic!("{}", pair.len()) };
        let lines = |head: &str| head.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(lines(&plain.head), lines(&gated.head));
        assert!(plain.body == gated.body);
    }
}
