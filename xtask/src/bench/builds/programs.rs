//! The programs that are built from nothing.

use crate::files::root;

/// A program, and the one that it is compared with.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) beside: &'static str,
    /// Whether it is built for debug once only, as nothing is read from how long it takes.
    pub(super) once: bool,
    pub(super) dependencies: String,
    pub(super) main: String,
}

/// The client's features, as tc3-transport has them, and the same TLS: ring, and the system's trust.
const UREQ: &str = "ureq = { version = \"3\", default-features = false, features = \
                    [\"gzip\", \"platform-verifier\", \"rustls-no-provider\"] }\n";
const REQWEST: &str = "reqwest = { version = \"0.13\", default-features = false, features = \
                       [\"gzip\", \"rustls-no-provider\"] }\n";
const RUSTLS: &str = "rustls = { version = \"0.23\", default-features = false, features = \
                      [\"ring\", \"std\", \"tls12\"] }\n";
const TOKIO: &str = "tokio = { version = \"1\", features = [\"net\", \"rt\", \"time\"] }\n";

/// What signs, as tc3-signer has it.
const HMAC: &str = "hmac = { version = \"0.13\", default-features = false, features = [\"zeroize\"] }\n\
                    sha2 = { version = \"0.11\", default-features = false, features = [\"zeroize\"] }\n";

/// What a program is given, as the client alone knows no keys either; and where they are looked for.
const GIVEN: &str = "credentials::Credential::new(\"id\", \"key\")";
const LOOKED_FOR: &str = "credentials::default_chain()";

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../templates/build/", $name, ".rs"))
    };
}

pub(super) fn all() -> [Program; 11] {
    let ureq = "ureq = \"3\"\n".to_owned();
    let reqwest = format!("reqwest = \"0.13\"\n{TOKIO}");
    let engine = own("tc3-client", "blocking") + &own("essbasic-models", "flows");
    [
        ours("essbasic, blocking", "blocking", GIVEN),
        ours("essbasic, blocking, default chain", "blocking", LOOKED_FOR).once(),
        beside_ureq("tc3-client and models, blocking", engine, template!("ours-engine")),
        beside_ureq("ureq, hmac and sha2", format!("{UREQ}{RUSTLS}{HMAC}"), template!("ureq-hmac")),
        beside_ureq("ureq", format!("{UREQ}{RUSTLS}"), template!("ureq")),
        beside_ureq("ureq, default features", ureq, template!("ureq-default")).once(),
        ours("essbasic, async", "async", GIVEN),
        ours("essbasic, async, default chain", "async", LOOKED_FOR).once(),
        ours("essbasic, hyper", "hyper", GIVEN),
        beside_reqwest("reqwest", format!("{REQWEST}{RUSTLS}{TOKIO}"), template!("reqwest")),
        beside_reqwest("reqwest, default features", reqwest, template!("reqwest-default")).once(),
    ]
}

/// A call by the SDK, over the transport of a feature.
fn ours(name: &'static str, feature: &str, keys: &str) -> Program {
    let essbasic = own("essbasic", feature);
    match feature {
        "blocking" => {
            beside_ureq(name, essbasic, &template!("ours-blocking").replace("KEYS", keys))
        }
        _ => {
            let constructor = if feature == "hyper" { "Client::on_hyper" } else { "Client::new" };
            let main = template!("ours-async").replace("Client::new", constructor);
            beside_reqwest(name, essbasic + TOKIO, &main.replace("KEYS", keys))
        }
    }
}

/// A crate of this workspace.
fn own(name: &str, feature: &str) -> String {
    let folder = root().join("crates").join(name);
    format!("{name} = {{ path = {folder:?}, features = [\"{feature}\"] }}\n")
}

fn beside_ureq(name: &'static str, dependencies: String, main: &str) -> Program {
    Program { name, beside: "ureq", once: false, dependencies, main: main.to_owned() }
}

fn beside_reqwest(name: &'static str, dependencies: String, main: &str) -> Program {
    Program { name, beside: "reqwest", once: false, dependencies, main: main.to_owned() }
}

impl Program {
    fn once(self) -> Self {
        Self { once: true, ..self }
    }
}
