//! Dropped futures and bodies: the connection is closed, and no response goes to another request.

use std::sync::mpsc;

use tc3_transport::{AsyncTransport, HyperTransport, ReqwestTransport};

use crate::support::server::{Server, response};
use crate::support::{LONG, config, get, post, runtime};

/// Returns a server, and channels that report a received request and a connection closed before its response ended.
fn server() -> (Server, mpsc::Receiver<()>, mpsc::Receiver<()>) {
    let ((arrived, was_received), (closed, was_closed)) = (mpsc::channel(), mpsc::channel());
    let server = Server::start(move |connection| {
        while let Some(received) = connection.receive() {
            match &received.body[..] {
                b"unanswered" => arrived.send(()).unwrap(),
                b"started" => {
                    connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstarted");
                    arrived.send(()).unwrap();
                }
                _ => {
                    connection.write(&response(200, "", "complete"));
                    continue;
                }
            }
            connection.stall();
            closed.send(()).unwrap();
        }
    });
    (server, was_received, was_closed)
}

fn check_dropped(transport: impl AsyncTransport + Clone + 'static) {
    let (server, was_received, was_closed) = server();
    let runtime = runtime();
    for round in 1..=3 {
        // The idle connection of the previous round, or a new one.
        let sending = transport.clone();
        let request = post(&server.http(), "unanswered");
        let task = runtime.spawn(async move { sending.send(request).await.map(drop) });
        was_received.recv_timeout(LONG).unwrap();
        task.abort();
        was_closed.recv_timeout(LONG).unwrap();

        let response = runtime.block_on(transport.send(post(&server.http(), "started"))).unwrap();
        was_received.recv_timeout(LONG).unwrap();
        // Dropped within the runtime.
        runtime.block_on(async { drop(response) });
        was_closed.recv_timeout(LONG).unwrap();

        let complete = runtime.block_on(async {
            transport.send(get(&server.http())).await.unwrap().body.collect(100).await.unwrap()
        });
        assert_eq!(complete, "complete");
        assert_eq!(server.received().len(), 3 * round);
    }
}

#[test]
fn hyper_closes_the_connection_of_a_dropped_exchange() {
    check_dropped(HyperTransport::new(&config()).unwrap());
}

#[test]
fn reqwest_closes_the_connection_of_a_dropped_exchange() {
    check_dropped(ReqwestTransport::new(&config()).unwrap());
}
