//! The tower service without a server, and both examples over loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

mod client;
mod loopback;
#[path = "../receiving/sender.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod sender;
mod service;

use essbasic_callback::{CallbackKey, Receiver, Token};

fn receiver() -> Receiver {
    Receiver::new(Token::new(sender::TOKEN).unwrap(), CallbackKey::new(sender::KEY).unwrap())
}
