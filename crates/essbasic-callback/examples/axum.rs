//! Receives callbacks with axum and stores them:
//!
//! ```sh
//! ESSBASIC_CALLBACK_TOKEN=... ESSBASIC_CALLBACK_KEY=... \
//!     cargo run -p essbasic-callback --features tower --example axum -- 127.0.0.1:8080
//! ```
//!
//! A message is acknowledged after it is in the file `messages.jsonl` and fsynced.

#![allow(clippy::print_stdout, reason = "an example prints its output")]

use std::env;
use std::error::Error;
use std::io::{self, Write};

use axum::Router;
use essbasic_callback::{CallbackKey, CallbackService, Message, Receiver, Token};

pub mod store;
use store::Store;

/// Returns an app with the receiver at `/callback`. The platform resends a message that `save` fails to store.
pub fn app<S>(receiver: Receiver, save: S) -> Router
where
    S: Fn(&Message) -> io::Result<()> + Clone + Send + Sync + 'static,
{
    let service = CallbackService::new(receiver, move |message: Message| {
        let save = save.clone();
        async move {
            tokio::task::spawn_blocking(move || save(&message)).await??;
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        }
    });
    Router::new().route_service("/callback", service)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = Token::new(env::var("ESSBASIC_CALLBACK_TOKEN")?)?;
    let key = CallbackKey::new(env::var("ESSBASIC_CALLBACK_KEY")?)?;
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());

    let store = Store::open("messages.jsonl")?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}/callback", listener.local_addr()?);
    let save = move |message: &Message| {
        store.save(message)?;
        // `Debug` shows no personal data.
        let _ = writeln!(io::stdout(), "{message:?}");
        Ok(())
    };
    axum::serve(listener, app(Receiver::new(token, key), save)).await?;
    Ok(())
}
