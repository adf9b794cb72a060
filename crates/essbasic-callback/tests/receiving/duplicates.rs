//! Each message is handled once, and none is lost.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use essbasic_callback::{Delivery, Received, Receiver};

use crate::sender::message;
use crate::{assert_refused, now};

const WINDOW: Duration = Duration::from_secs(60);

fn receiver(messages: usize) -> Receiver {
    Receiver::new(None, None).with_dedup_window(WINDOW, messages)
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
fn assert_duplicate(receiver: &Receiver, id: &str, now: SystemTime) {
    match receive(receiver, id, now) {
        Received::Duplicate { msg_id } => assert_eq!(msg_id, id),
        other => panic!("{id}: {other:?}"),
    }
}

#[test]
fn a_message_is_a_duplicate_within_the_window_and_new_after_it() {
    let receiver = receiver(10);
    assert_eq!(new(&receiver, "a", now()).accept().msg_id, "a");
    for later in [0, 1, 59] {
        assert_duplicate(&receiver, "a", now() + Duration::from_secs(later));
    }
    new(&receiver, "A", now()).accept();
    // A duplicate does not extend the window.
    new(&receiver, "a", now() + WINDOW).accept();
    assert_duplicate(&receiver, "a", now() + WINDOW + Duration::from_secs(59));
    new(&receiver, "a", now() + WINDOW * 2).accept();
}

#[test]
fn the_oldest_messages_are_forgotten_above_the_maximum() {
    let receiver = receiver(3);
    for id in ["a", "b", "c"] {
        new(&receiver, id, now()).accept();
    }
    for id in ["a", "b", "c"] {
        assert_duplicate(&receiver, id, now());
    }
    new(&receiver, "d", now()).accept();
    for id in ["b", "c", "d"] {
        assert_duplicate(&receiver, id, now());
    }
    drop(new(&receiver, "a", now()));

    let no_capacity = Receiver::new(None, None).with_dedup_window(WINDOW, 0);
    new(&no_capacity, "a", now()).accept();
    new(&no_capacity, "a", now()).accept();
    let no_length = Receiver::new(None, None).with_dedup_window(Duration::ZERO, 10);
    new(&no_length, "a", now()).accept();
    new(&no_length, "a", now()).accept();
}

/// Removing the expired entry of a message does not remove its later entry.
#[test]
fn a_message_handled_again_after_it_expired_is_a_duplicate() {
    let receiver = receiver(3);
    // In this order the expired entry is not the oldest, and is kept.
    new(&receiver, "first", now() + WINDOW).accept();
    new(&receiver, "a", now()).accept();
    new(&receiver, "a", now() + WINDOW).accept();
    // The oldest entry is removed, then the expired one, but not the later entry of `a`.
    new(&receiver, "b", now() + WINDOW).accept();
    new(&receiver, "c", now() + WINDOW).accept();
    for id in ["a", "b", "c"] {
        assert_duplicate(&receiver, id, now() + WINDOW);
    }
}

#[test]
fn clock_steps_forget_no_message_early() {
    let receiver = receiver(10);
    new(&receiver, "a", now()).accept();
    // A step back: no entry expires early.
    for earlier in [1, 61, 1_000_000] {
        assert_duplicate(&receiver, "a", now() - Duration::from_secs(earlier));
    }
    assert_duplicate(&receiver, "a", SystemTime::UNIX_EPOCH);
    // Handled while the clock was behind: entries are out of order, and expire by their own time.
    new(&receiver, "b", now() - WINDOW).accept();
    new(&receiver, "b", now()).accept();
    assert_duplicate(&receiver, "a", now());
    assert_duplicate(&receiver, "b", now() + Duration::from_secs(59));
    // A step far ahead: the entry has expired.
    let ahead = now() + Duration::from_secs(1 << 40);
    new(&receiver, "a", ahead).accept();
    // A step back from there: the later entry has not expired.
    assert_duplicate(&receiver, "a", now());
}

#[test]
fn a_message_in_flight_is_neither_new_nor_a_duplicate() {
    let receiver = receiver(10);
    let first = new(&receiver, "a", now());
    let in_flight = receive(&receiver, "a", now());
    assert!(matches!(&in_flight, Received::InFlight { msg_id } if msg_id == "a"));
    // Also if handling takes longer than the window.
    assert!(matches!(receive(&receiver, "a", now() + WINDOW * 9), Received::InFlight { .. }));
    new(&receiver, "b", now()).accept();
    first.accept();
    assert_duplicate(&receiver, "a", now());
}

#[test]
fn a_message_is_new_again_after_its_handling_failed() {
    let receiver = receiver(10);
    drop(new(&receiver, "a", now()));
    let (message, claim) = new(&receiver, "a", now()).into_parts();
    assert_eq!(message.msg_id, "a");
    claim.release();
    let panicked = thread::scope(|scope| {
        scope
            .spawn(|| {
                let _delivery = new(&receiver, "a", now());
                panic!("the handler panics");
            })
            .join()
    });
    assert!(panicked.is_err());
    let (_, claim) = new(&receiver, "a", now()).into_parts();
    claim.commit();
    assert_duplicate(&receiver, "a", now());
}

#[test]
fn a_forgotten_message_is_new_again() {
    let receiver = receiver(2);
    assert!(!receiver.forget("a"));
    new(&receiver, "a", now()).accept();
    new(&receiver, "b", now()).accept();
    assert!(receiver.forget("a") && !receiver.forget("a"));
    let again = new(&receiver, "a", now());
    // A message in flight is not affected.
    assert!(!receiver.forget("a"));
    assert!(matches!(receive(&receiver, "a", now()), Received::InFlight { .. }));
    again.accept();
    // The forgotten entry does not count for the maximum.
    assert_duplicate(&receiver, "b", now());
    assert_duplicate(&receiver, "a", now());
}

#[test]
fn a_remembered_message_is_a_duplicate_until_it_expires() {
    let receiver = receiver(3);
    receiver.remember("a", now());
    receiver.remember("expired", now() - WINDOW);
    assert_duplicate(&receiver, "a", now() + Duration::from_secs(59));
    drop(new(&receiver, "expired", now()));
    drop(new(&receiver, "a", now() + WINDOW));
    // Remembered while in flight, and accepted afterwards: there is one entry.
    let handled = new(&receiver, "b", now());
    receiver.remember("b", now());
    handled.accept();
    receiver.remember("b", now() + Duration::from_secs(1));
    receiver.remember("c", now());
    receiver.remember("d", now());
    for id in ["b", "c", "d"] {
        assert_duplicate(&receiver, id, now());
    }
    // The entry keeps its first time.
    drop(new(&receiver, "b", now() + WINDOW));
}

#[test]
fn a_refused_message_is_not_remembered() {
    let token = crate::token();
    let receiver = Receiver::new(token, None);
    let body = message("a", "OrgAuth", "{}");
    assert_refused(&receiver, Some("sha256=00"), body.as_bytes());
    let signature = crate::sender::signature(crate::TOKEN.as_bytes(), body.as_bytes());
    let received = receiver.receive(Some(&signature), body.as_bytes(), now());
    assert!(matches!(received, Ok(Received::New(_))));
}

#[test]
fn messages_above_the_maximum_age_are_refused() {
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
    // Recent, in the future, or without a time.
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
    // A duplicate is refused, too.
    let text = flow("1", seconds - 60);
    let received = receiver.receive(None, text.as_bytes(), now());
    assert!(matches!(received, Ok(Received::Duplicate { .. })));
    assert!(receiver.receive(None, text.as_bytes(), now() + Duration::from_secs(1)).is_err());
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
                    // As the platform, the thread resends the message until it is acknowledged.
                    loop {
                        match receive(receiver, &format!("m{index}"), now()) {
                            Received::New(delivery) if (thread + index) % 3 == 0 => {
                                failed.fetch_add(1, Ordering::Relaxed);
                                drop(delivery);
                                // Another thread handles it.
                                thread::yield_now();
                                break;
                            }
                            Received::New(delivery) => {
                                count.fetch_add(1, Ordering::Relaxed);
                                delivery.accept();
                                break;
                            }
                            Received::Duplicate { .. } => break,
                            Received::InFlight { .. } => thread::yield_now(),
                            Received::Ping => panic!("a message is not a ping"),
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
