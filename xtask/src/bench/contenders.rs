//! Who makes the call.

use std::path::{Path, PathBuf};

/// Who makes the call, and in which driver.
pub(super) struct Contender {
    /// As tables and targets call it.
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
    /// What is measured besides one call after the other: calls in flight, or threads.
    pub(super) fn concurrency(self) -> usize {
        match self {
            Self::Async => 64,
            Self::Blocking => 8,
        }
    }

    /// The driver's contender of ours.
    pub(super) fn ours(self) -> &'static str {
        match self {
            Self::Async => "ours, async",
            Self::Blocking => "ours, blocking",
        }
    }
}

/// What runs it: the subcommand of a program, or a script with the folder of its packages.
pub(super) enum Client {
    Contender(&'static str),
    Peer(&'static str),
    Python(PathBuf),
    Node(PathBuf),
}

impl Client {
    /// What part of the calls it makes: it must not take all the time.
    pub(super) fn share(&self) -> u64 {
        match self {
            Self::Contender(_) | Self::Peer(_) => 1,
            Self::Python(_) | Self::Node(_) => 6,
        }
    }
}

/// All that can run here.
pub(super) fn all(python: Option<&Path>, node: Option<&Path>) -> Vec<Contender> {
    use Client::{Node, Peer, Python};
    use Driver::{Async, Blocking};
    let mut all = vec![
        (Async.ours(), Async, Client::Contender("ours-async")),
        ("ours, hyper", Async, Client::Contender("ours-hyper")),
        ("reqwest", Async, Client::Contender("reqwest")),
        ("hyper-util", Async, Client::Contender("hyper-util")),
        ("hyper", Async, Client::Contender("hyper")),
        ("tencentcloud-sdk", Async, Peer("tencentcloud-sdk")),
        ("tencent-sdk, async", Async, Peer("tencent-sdk-async")),
        (Blocking.ours(), Blocking, Client::Contender("ours-blocking")),
        ("ureq", Blocking, Client::Contender("ureq")),
        ("tencent-sdk, blocking", Blocking, Peer("tencent-sdk-blocking")),
    ];
    all.extend(python.map(|folder| ("the Python SDK", Blocking, Python(folder.to_owned()))));
    all.extend(node.map(|folder| ("the Node SDK", Async, Node(folder.to_owned()))));
    all.into_iter().map(|(name, driver, client)| Contender { name, driver, client }).collect()
}
