//! A message is handled once, and none is lost.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use essbasic_callback::{Delivery, Received, Receiver};

use crate::sender::message;
use crate::{assert_refused, now};

const WINDOW: Duration = Duration::from_secs(60);

fn receiver(messages: usize) -> Receiver {
    Receiver::new(None, None).with_window(WINDOW, messages)
}

fn receive(receiver: &Receiver, msg_id: &str, now: SystemTime) -> Received {
    receiver.receive(None, message(msg_id, "OrgAuth", "{}").as_bytes(), now).unwrap()
}

#[track_caller]
fn new(receiver: &Receiver, msg_id: &str, now: SystemTime) -> Delivery {
    match receive(receiver, msg_id, now) {
        Received::New(delivery) => delivery,
        other => panic!("{msg_id}: {other:?}"),
    }
}

#[track_caller]
fn assert_repeat(receiver: &Receiver, id: &str, now: SystemTime) {
    match receive(receiver, id, now) {
        Received::Duplicate { msg_id } => assert_eq!(msg_id, id),
        other => panic!("{id}: {other:?}"),
    }
}

#[test]
fn within_the_window_and_after_it() {
    let receiver = receiver(10);
    assert_eq!(new(&receiver, "a", now()).accept().msg_id, "a");
    for later in [0, 1, 59] {
        assert_repeat(&receiver, "a", now() + Duration::from_secs(later));
    }
    new(&receiver, "A", now()).accept();
    // A repeat does not prolong the window.
    new(&receiver, "a", now() + WINDOW).accept();
    assert_repeat(&receiver, "a", now() + WINDOW + Duration::from_secs(59));
    new(&receiver, "a", now() + WINDOW * 2).accept();
}

#[test]
fn of_more_than_it_holds_the_first_are_forgotten() {
    let receiver = receiver(3);
    for id in ["a", "b", "c"] {
        new(&receiver, id, now()).accept();
    }
    for id in ["a", "b", "c"] {
        assert_repeat(&receiver, id, now());
    }
    new(&receiver, "d", now()).accept();
    for id in ["b", "c", "d"] {
        assert_repeat(&receiver, id, now());
    }
    drop(new(&receiver, "a", now()));

    let nothing = Receiver::new(None, None).with_window(WINDOW, 0);
    new(&nothing, "a", now()).accept();
    new(&nothing, "a", now()).accept();
    let no_time = Receiver::new(None, None).with_window(Duration::ZERO, 10);
    new(&no_time, "a", now()).accept();
    new(&no_time, "a", now()).accept();
}

/// One that expired and was handled again is not forgotten with its earlier self.
#[test]
fn handled_again_after_it_expired() {
    let receiver = receiver(3);
    // In this order the expired one is not the first, and stays.
    new(&receiver, "first", now() + WINDOW).accept();
    new(&receiver, "a", now()).accept();
    new(&receiver, "a", now() + WINDOW).accept();
    // The first goes, then the expired one; what it was handled as anew does not.
    new(&receiver, "b", now() + WINDOW).accept();
    new(&receiver, "c", now() + WINDOW).accept();
    for id in ["a", "b", "c"] {
        assert_repeat(&receiver, id, now() + WINDOW);
    }
}

#[test]
fn a_clock_that_jumps() {
    let receiver = receiver(10);
    new(&receiver, "a", now()).accept();
    // Back: nothing is forgotten early.
    for earlier in [1, 61, 1_000_000] {
        assert_repeat(&receiver, "a", now() - Duration::from_secs(earlier));
    }
    assert_repeat(&receiver, "a", SystemTime::UNIX_EPOCH);
    // Handled while it was back, then forth again: out of order, and each by its own time.
    new(&receiver, "b", now() - WINDOW).accept();
    new(&receiver, "b", now()).accept();
    assert_repeat(&receiver, "a", now());
    assert_repeat(&receiver, "b", now() + Duration::from_secs(59));
    // Far ahead: the window is over.
    let ahead = now() + Duration::from_secs(1 << 40);
    new(&receiver, "a", ahead).accept();
    // And back from there: still remembered.
    assert_repeat(&receiver, "a", now());
}

#[test]
fn what_is_being_handled_is_neither_new_nor_acknowledged() {
    let receiver = receiver(10);
    let first = new(&receiver, "a", now());
    let in_progress = receive(&receiver, "a", now());
    assert!(matches!(&in_progress, Received::InProgress { msg_id } if msg_id == "a"));
    // However long it takes.
    assert!(matches!(receive(&receiver, "a", now() + WINDOW * 9), Received::InProgress { .. }));
    new(&receiver, "b", now()).accept();
    first.accept();
    assert_repeat(&receiver, "a", now());
}

#[test]
fn handling_that_fails_leaves_the_message_new() {
    let receiver = receiver(10);
    drop(new(&receiver, "a", now()));
    let (message, claim) = new(&receiver, "a", now()).into_parts();
    assert_eq!(message.msg_id, "a");
    claim.release();
    let panicked = thread::scope(|scope| {
        scope
            .spawn(|| {
                let _delivery = new(&receiver, "a", now());
                panic!("as a handler might");
            })
            .join()
    });
    assert!(panicked.is_err());
    let (_, claim) = new(&receiver, "a", now()).into_parts();
    claim.commit();
    assert_repeat(&receiver, "a", now());
}

#[test]
fn forgotten_on_purpose() {
    let receiver = receiver(2);
    assert!(!receiver.forget("a"));
    new(&receiver, "a", now()).accept();
    new(&receiver, "b", now()).accept();
    assert!(receiver.forget("a") && !receiver.forget("a"));
    let again = new(&receiver, "a", now());
    // What is being handled stays so.
    assert!(!receiver.forget("a"));
    assert!(matches!(receive(&receiver, "a", now()), Received::InProgress { .. }));
    again.accept();
    // It left no trace that would push out another.
    assert_repeat(&receiver, "b", now());
    assert_repeat(&receiver, "a", now());
}

#[test]
fn remembered_from_another_time() {
    let receiver = receiver(3);
    receiver.remember("a", now());
    receiver.remember("expired", now() - WINDOW);
    assert_repeat(&receiver, "a", now() + Duration::from_secs(59));
    drop(new(&receiver, "expired", now()));
    drop(new(&receiver, "a", now() + WINDOW));
    // While it is being handled, and accepted afterwards: it takes one place.
    let handled = new(&receiver, "b", now());
    receiver.remember("b", now());
    handled.accept();
    receiver.remember("b", now() + Duration::from_secs(1));
    receiver.remember("c", now());
    receiver.remember("d", now());
    for id in ["b", "c", "d"] {
        assert_repeat(&receiver, id, now());
    }
    // Its time is that of the first.
    drop(new(&receiver, "b", now() + WINDOW));
}

#[test]
fn what_is_refused_is_not_remembered() {
    let token = crate::token();
    let receiver = Receiver::new(token, None);
    let body = message("a", "OrgAuth", "{}");
    assert_refused(&receiver, Some("sha256=00"), body.as_bytes());
    let signature = crate::sender::signature(crate::TOKEN.as_bytes(), body.as_bytes());
    let received = receiver.receive(Some(&signature), body.as_bytes(), now());
    assert!(matches!(received, Ok(Received::New(_))));
}

#[test]
fn older_than_the_policy() {
    let receiver = receiver(10).with_max_age(WINDOW);
    let seconds = now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let flow = |id: &str, time: u64| {
        message(id, "FlowStatusChange", &format!(r#"{{"FlowId":"f","OccurTime":{time}}}"#))
    };
    let other =
        |id: &str, time: u64| message(id, "DocumentFill", &format!(r#"{{"OccurTime":{time}}}"#));
    for text in [
        flow("1", seconds - 61),
        flow("1", (seconds - 61) * 1_000),
        flow("1", 1),
        other("1", seconds - 61),
    ] {
        assert_refused(&receiver, None, text.as_bytes());
    }
    // Fresh, from a clock that is ahead, or without a time.
    for text in [
        flow("1", seconds - 60),
        flow("2", (seconds - 60) * 1_000),
        flow("3", seconds + 1_000),
        other("4", seconds),
        flow("5", 0),
        message("6", "OrgAuth", "{}"),
    ] {
        let received = receiver.receive(None, text.as_bytes(), now()).unwrap();
        let Received::New(delivery) = received else { panic!("{text}: {received:?}") };
        delivery.accept();
    }
    // One that was accepted in time is acknowledged as long as it is remembered.
    let text = flow("1", seconds - 60);
    let received = receiver.receive(None, text.as_bytes(), now() + WINDOW / 2);
    assert!(matches!(received, Ok(Received::Duplicate { .. })));
    // A recording of it is refused when it is not.
    let refused = receiver.receive(None, text.as_bytes(), now() + WINDOW);
    assert_eq!(refused.unwrap_err().to_string(), "the callback is refused");
}

#[test]
fn many_threads_handle_each_message_once() {
    const THREADS: usize = 16;
    const MESSAGES: usize = 200;
    let receiver = receiver(MESSAGES);
    let handled: Vec<AtomicUsize> = (0..MESSAGES).map(|_| AtomicUsize::new(0)).collect();
    let failed = AtomicUsize::new(0);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (receiver, handled, failed, start) = (&receiver, &handled, &failed, &start);
            scope.spawn(move || {
                start.wait();
                for (index, count) in handled.iter().enumerate() {
                    // As the platform does: until it is acknowledged.
                    loop {
                        match receive(receiver, &format!("m{index}"), now()) {
                            Received::New(delivery) if (thread + index) % 3 == 0 => {
                                failed.fetch_add(1, Ordering::Relaxed);
                                drop(delivery);
                                // Another thread shall have its turn.
                                thread::yield_now();
                                break;
                            }
                            Received::New(delivery) => {
                                count.fetch_add(1, Ordering::Relaxed);
                                delivery.accept();
                                break;
                            }
                            Received::Duplicate { .. } => break,
                            Received::InProgress { .. } => thread::yield_now(),
                            Received::Ping => panic!("a message is no probe"),
                        }
                    }
                }
            });
        }
    });
    for (index, count) in handled.iter().enumerate() {
        assert_eq!(count.load(Ordering::Relaxed), 1, "message {index}, {failed:?} failures");
    }
}
