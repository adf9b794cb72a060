//! The SDK and the emulator with their default features next to rustls with its default features.

#[path = "../../../calls.rs"]
mod calls;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../rustls_host.rs"]
mod rustls_host;
#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use essbasic_emulator::Emulator;
use support::Result;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let _emulator = Emulator::builder().start()?;
    calls::sdk(Client::new).await?;
    rustls_host::handshake(rustls_host::default_config()?)?;
    calls::sdk(Client::new).await
}
