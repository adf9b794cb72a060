//! reqwest by hand.

use std::time::Duration;

use reqwest::Client;

use super::ByHand;
use crate::measure::{self, Caller, Load};
use crate::{Failure, plain};

struct Reqwest {
    client: Client,
    by_hand: ByHand,
}

impl Caller for Reqwest {
    async fn call(&mut self) -> Result<usize, Failure> {
        let request = self.by_hand.request::<Vec<u8>>()?;
        let answer = self.client.execute(request.try_into()?).await?.error_for_status()?;
        Ok(plain::flows(&answer.bytes().await?)?)
    }
}

pub(crate) fn client() -> Client {
    // reqwest has none of its own here; the only way to fail is that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

pub(super) fn run(load: &Load) {
    measure::asynchronous(load, async || {
        let client = client();
        let caller = || Reqwest { client: client.clone(), by_hand: ByHand::new(load) };
        (0..load.concurrency).map(|_| caller()).collect()
    });
}
