//! Futures and bodies that are dropped: the server learns of it, and nobody gets what was meant for another.

use std::sync::mpsc;

use tc3_transport::{AsyncTransport, HyperTransport, ReqwestTransport};

use crate::support::server::{Server, answer};
use crate::support::{LONG, config, get, post, runtime};

/// Answers what is kept, and tells of a connection that ends before its answer does.
fn server() -> (Server, mpsc::Receiver<()>, mpsc::Receiver<()>) {
    let ((arrived, was_received), (closed, was_closed)) = (mpsc::channel(), mpsc::channel());
    let server = Server::start(move |connection| {
        while let Some(received) = connection.receive() {
            match &received.body[..] {
                b"unanswered" => arrived.send(()).unwrap(),
                b"begun" => {
                    connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
                    arrived.send(()).unwrap();
                }
                _ => {
                    connection.write(&answer(200, "", "whole"));
                    continue;
                }
            }
            connection.stall();
            closed.send(()).unwrap();
        }
    });
    (server, was_received, was_closed)
}

fn what_is_dropped_is_closed(transport: impl AsyncTransport + Clone + 'static) {
    let (server, was_received, was_closed) = server();
    let runtime = runtime();
    for round in 1..=3 {
        // The kept connection of the round before, or a new one.
        let sending = transport.clone();
        let request = post(&server.http(), "unanswered");
        let task = runtime.spawn(async move { sending.send(request).await.map(drop) });
        was_received.recv_timeout(LONG).unwrap();
        task.abort();
        was_closed.recv_timeout(LONG).unwrap();

        let answer = runtime.block_on(transport.send(post(&server.http(), "begun"))).unwrap();
        was_received.recv_timeout(LONG).unwrap();
        // Dropped where it may have something to do.
        runtime.block_on(async { drop(answer) });
        was_closed.recv_timeout(LONG).unwrap();

        let whole = runtime.block_on(async {
            transport.send(get(&server.http())).await.unwrap().body.collect(100).await.unwrap()
        });
        assert_eq!(whole, "whole");
        assert_eq!(server.received().len(), 3 * round);
    }
}

#[test]
fn what_hyper_is_dropped_from_is_closed() {
    what_is_dropped_is_closed(HyperTransport::new(&config()).unwrap());
}

#[test]
fn what_reqwest_is_dropped_from_is_closed() {
    what_is_dropped_is_closed(ReqwestTransport::new(&config()).unwrap());
}
