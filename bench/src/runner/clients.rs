//! Competitors that make the call.

use std::path::{Path, PathBuf};

/// A competitor and its driver.
pub(super) struct Competitor {
    /// Name in tables and targets.
    pub(super) name: &'static str,
    pub(super) driver: Driver,
    pub(super) client: Client,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    Async,
    Blocking,
}

impl Driver {
    /// Returns the number of calls in flight, or of threads, that is measured besides 1.
    pub(super) fn concurrency(self) -> usize {
        match self {
            Self::Async => 64,
            Self::Blocking => 8,
        }
    }

    /// Returns the name of this SDK's competitor with the driver.
    pub(super) fn ours(self) -> &'static str {
        match self {
            Self::Async => "ours, async",
            Self::Blocking => "ours, blocking",
        }
    }
}

/// Subcommand of a program, or a script with the folder of its packages.
pub(super) enum Client {
    Competitor(&'static str),
    Peer(&'static str),
    Python(PathBuf),
    Node(PathBuf),
}

impl Client {
    /// Returns the divisor of the number of calls, which limits the time of slow clients.
    pub(super) fn divisor(&self) -> u64 {
        match self {
            Self::Competitor(_) | Self::Peer(_) => 1,
            Self::Python(_) | Self::Node(_) => 6,
        }
    }
}

/// Returns all competitors; those of the official SDKs only if they are installed.
pub(super) fn all(python: Option<&Path>, node: Option<&Path>) -> Vec<Competitor> {
    use Client::{Node, Peer, Python};
    use Driver::{Async, Blocking};
    let mut all = vec![
        (Async.ours(), Async, Client::Competitor("ours-async")),
        ("ours, hyper", Async, Client::Competitor("ours-hyper")),
        ("reqwest", Async, Client::Competitor("reqwest")),
        ("hyper", Async, Client::Competitor("hyper")),
        ("tencentcloud-sdk", Async, Peer("tencentcloud-sdk")),
        ("tencent-sdk, async", Async, Peer("tencent-sdk-async")),
        (Blocking.ours(), Blocking, Client::Competitor("ours-blocking")),
        ("ureq", Blocking, Client::Competitor("ureq")),
        ("tencent-sdk, blocking", Blocking, Peer("tencent-sdk-blocking")),
    ];
    all.extend(python.map(|folder| ("the Python SDK", Blocking, Python(folder.to_owned()))));
    all.extend(node.map(|folder| ("the Node SDK", Async, Node(folder.to_owned()))));
    all.into_iter().map(|(name, driver, client)| Competitor { name, driver, client }).collect()
}
