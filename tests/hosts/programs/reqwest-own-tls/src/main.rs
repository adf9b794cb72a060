//! The SDK on clients of the program, whose TLS is native-tls. rustls is not built.

#[allow(dead_code, reason = "each program uses a part of it")]
#[path = "../../../support.rs"]
mod support;

use essbasic::Client;
use essbasic::transport::{
    AsyncTransport as _, Request, ReqwestTransport, TransportErrorKind as Kind,
};
use support::{FLOW, Result, ca, check, config_without_root, endpoints, operator, transport};

fn builder(root: &reqwest::Certificate) -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_certs_merge([root.clone()])
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let root = reqwest::Certificate::from_pem(&ca()?)?;
    for endpoint in endpoints()? {
        let policy = reqwest::redirect::Policy::none();
        let client = builder(&root).no_proxy().redirect(policy).build()?;
        client.get(&endpoint).send().await?;
        let root = root.clone();
        let transports = [
            ReqwestTransport::from_client(client),
            ReqwestTransport::from_builder(&transport(), move || builder(&root))?,
        ];
        for transport in transports {
            let config = config_without_root(&endpoint)?;
            let client = Client::with_transport(config, operator()?, transport)?;
            check(client.details([FLOW]).await?)?;
        }
    }
    let [_, https] = endpoints()?;
    let untrusting = ReqwestTransport::from_builder(&transport(), reqwest::Client::builder)?;
    let error = untrusting.send(Request::get(https.parse()?)).await.err().ok_or("trusted")?;
    assert_eq!(error.kind(), Kind::Tls, "{error}");
    Ok(())
}
