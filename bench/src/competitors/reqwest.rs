//! Hand-written calls over reqwest.

use std::time::Duration;

use reqwest::Client;

use super::Manual;
use crate::measure::{self, Caller, Load};
use crate::{Failure, plain};

struct Reqwest {
    client: Client,
    manual: Manual,
}

impl Caller for Reqwest {
    async fn call(&mut self) -> Result<usize, Failure> {
        let request = self.manual.request::<Vec<u8>>()?;
        let response = self.client.execute(request.try_into()?).await?.error_for_status()?;
        Ok(plain::flows(&response.bytes().await?)?)
    }
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

pub(super) fn run(load: &Load) {
    measure::asynchronous(load, async || {
        let client = client();
        let caller = || Reqwest { client: client.clone(), manual: Manual::new(load) };
        (0..load.concurrency).map(|_| caller()).collect()
    });
}
