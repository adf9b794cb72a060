//! Programs of the cold builds.

use super::super::files::root;

/// A program and its baseline.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// Name of the program with only the HTTP client.
    pub(super) baseline: &'static str,
    /// Names of further programs that its build time is compared with.
    pub(super) others: &'static [&'static str],
    /// Built for debug only once, because no target refers to its build time.
    pub(super) once: bool,
    pub(super) dependencies: String,
    pub(super) main: String,
    /// Lock file with the versions, below the root.
    pub(super) lock: &'static str,
}

/// The HTTP client with the features of tc3-transport: TLS, with the same provider and roots, and gzip.
const UREQ: &str = "ureq = { version = \"3\", default-features = false, features = \
                    [\"gzip\", \"platform-verifier\", \"rustls-no-provider\"] }\n";
const REQWEST: &str = "reqwest = { version = \"0.13\", default-features = false, features = \
                       [\"default-tls\", \"gzip\"] }\n";
const RUSTLS: &str = "rustls = { version = \"0.23\", default-features = false, features = \
                      [\"ring\", \"std\", \"tls12\"] }\n";
const TOKIO: &str = "tokio = { version = \"1\", features = [\"net\", \"rt\", \"time\"] }\n";

/// The dependencies of tc3-signer.
const HMAC: &str = "hmac = { version = \"0.13\", default-features = false, features = [\"zeroize\"] }\n\
                    sha2 = { version = \"0.11\", default-features = false, features = [\"zeroize\"] }\n";

/// Keys given explicitly, as the baselines have no keys; and keys from the default sources.
const EXPLICIT: &str = "credentials::Credential::new(\"id\", \"key\")";
const DEFAULT_CHAIN: &str = "credentials::default_chain()";

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../templates/", $name, ".rs"))
    };
}

pub(super) fn all() -> [Program; 13] {
    let ureq = "ureq = \"3\"\n".to_owned();
    let reqwest = format!("reqwest = \"0.13\"\n{TOKIO}");
    let engine = own("tc3-client", "blocking") + &own("essbasic-models", "flows");
    [
        ours("essbasic, blocking", "blocking", EXPLICIT).compared(&["ureq, hmac and sha2"]),
        ours("essbasic, blocking, default chain", "blocking", DEFAULT_CHAIN).once(),
        on_ureq("tc3-client and models, blocking", engine, template!("ours-engine")),
        on_ureq("ureq, hmac and sha2", format!("{UREQ}{RUSTLS}{HMAC}"), template!("ureq-hmac")),
        on_ureq("ureq", format!("{UREQ}{RUSTLS}"), template!("ureq")),
        on_ureq("ureq, default features", ureq, template!("ureq-default")).once(),
        ours("essbasic, async", "async", EXPLICIT).compared(&["octocrab", "aws-sdk-sts"]),
        ours("essbasic, async, default chain", "async", DEFAULT_CHAIN).once(),
        ours("essbasic, hyper", "hyper,ring", EXPLICIT),
        on_reqwest("reqwest", format!("{REQWEST}{TOKIO}"), template!("reqwest")),
        on_reqwest("reqwest, default features", reqwest, template!("reqwest-default")).once(),
        peer("octocrab", "octocrab = \"0.54\"\n", template!("octocrab")),
        peer("aws-sdk-sts", "aws-sdk-sts = \"1\"\n", template!("aws-sdk-sts")),
    ]
}

/// Returns a program that makes a call with the SDK and the transport of its features.
fn ours(name: &'static str, features: &str, keys: &str) -> Program {
    let essbasic = own("essbasic", features);
    match features {
        "blocking" => on_ureq(name, essbasic, &template!("ours-blocking").replace("KEYS", keys)),
        _ => {
            let is_hyper = features.starts_with("hyper");
            let constructor = if is_hyper { "Client::on_hyper" } else { "Client::new" };
            let main = template!("ours-async").replace("Client::new", constructor);
            on_reqwest(name, essbasic + TOKIO, &main.replace("KEYS", keys))
        }
    }
}

/// Returns the dependency on a crate of this workspace, with features separated by commas.
fn own(name: &str, features: &str) -> String {
    let folder = root().join("crates").join(name);
    let features: Vec<&str> = features.split(',').collect();
    format!("{name} = {{ path = {folder:?}, default-features = false, features = {features:?} }}\n")
}

fn on_ureq(name: &'static str, dependencies: String, main: &str) -> Program {
    program(name, "ureq", dependencies, main)
}

fn on_reqwest(name: &'static str, dependencies: String, main: &str) -> Program {
    program(name, "reqwest", dependencies, main)
}

/// Returns a program that makes a typed call with the client of another service, whose dependencies are in no tree of ours.
fn peer(name: &'static str, dependencies: &str, main: &str) -> Program {
    let lock = "bench/peers/Cargo.lock";
    Program { lock, ..on_reqwest(name, format!("{dependencies}{TOKIO}"), main) }
}

fn program(
    name: &'static str,
    baseline: &'static str,
    dependencies: String,
    main: &str,
) -> Program {
    let main = main.to_owned();
    Program { name, baseline, others: &[], once: false, dependencies, main, lock: "Cargo.lock" }
}

impl Program {
    fn once(self) -> Self {
        Self { once: true, ..self }
    }

    fn compared(self, others: &'static [&'static str]) -> Self {
        Self { others, ..self }
    }
}
