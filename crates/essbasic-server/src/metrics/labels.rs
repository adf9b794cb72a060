//! Labels of metrics. All values are known at the start or bounded, so that the number of series is.

use prometheus_client::encoding::EncodeLabelSet;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct ResultLabel {
    pub(super) result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct StateLabel {
    pub(super) state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct CallLabel {
    pub(super) action: &'static str,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct OperationLabel {
    pub(super) op: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct LoopLabel {
    pub(super) r#loop: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct PauseLabel {
    pub(super) r#loop: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct TargetLabel {
    pub(super) target: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct ForwardLabel {
    pub(super) target: String,
    pub(super) outcome: &'static str,
}

/// Results of callbacks.
pub(super) const RESULTS: [&str; 7] =
    ["new", "duplicate", "ping", "refused", "too_large", "incomplete", "unavailable"];

/// States of contracts.
pub(super) const STATES: [&str; 4] = ["open", "claimed", "done", "dead"];

/// Outcomes of settled claims.
pub(super) const SETTLED: [&str; 5] = ["archived", "observed", "again", "dead", "released"];

/// Outcomes of attempts to forward.
pub(super) const FORWARDED: [&str; 4] = ["delivered", "again", "dead", "released"];

/// Actions that the loops call.
pub(super) const ACTIONS: [&str; 2] = ["DescribeFlowDetailInfo", "DescribeResourceUrlsByFlows"];

/// Outcomes of calls: success, or the kind of the error.
pub(super) const CALLED: [&str; 20] = [
    "success",
    "cancelled",
    "api",
    "body_too_large",
    "config",
    "connect",
    "credentials",
    "decode",
    "interceptor",
    "interrupted",
    "malformed",
    "pages",
    "proxy",
    "rate_limiter",
    "request",
    "resolve",
    "status",
    "timeout",
    "tls",
    "transport",
];
