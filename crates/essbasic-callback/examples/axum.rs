//! Receives callbacks with axum, and prints what came:
//!
//! ```sh
//! ESSBASIC_CALLBACK_TOKEN=... ESSBASIC_CALLBACK_KEY=... \
//!     cargo run -p essbasic-callback --features tower --example axum -- 127.0.0.1:8080
//! ```
//!
//! A message is answered as soon as it is in the queue. This queue is in memory, and what is in it is lost
//! with the process: a real program writes `message.json()` to a database or a broker instead.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;

use axum::Router;
use essbasic_callback::{CallbackKey, CallbackService, Message, NotTaken, Receiver, Token};
use tokio::sync::mpsc;

/// The receiver under `/callback`; messages go to the queue, and are asked for again while it is full.
pub fn app(receiver: Receiver, queue: mpsc::Sender<Message>) -> Router {
    let service = CallbackService::new(receiver, move |message| {
        let queue = queue.clone();
        async move { queue.try_send(message).map_err(|_| NotTaken) }
    });
    Router::new().route_service("/callback", service)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = Token::new(env::var("ESSBASIC_CALLBACK_TOKEN")?)?;
    let key = CallbackKey::new(env::var("ESSBASIC_CALLBACK_KEY")?)?;
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());

    let (queue, mut messages) = mpsc::channel(1_000);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}/callback", listener.local_addr()?);
    tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            // `Debug` shows no personal data.
            println!("{message:?}");
        }
    });
    axum::serve(listener, app(Receiver::new(token, key), queue)).await?;
    Ok(())
}
