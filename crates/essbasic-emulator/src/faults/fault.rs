//! Description of a fault: in code, on a command line and in JSON.

use std::str::FromStr;

use essbasic_models::CATALOGUE;
use serde::{Deserialize, Serialize};

use super::kind::FaultKind;
use crate::json::from_object;
use crate::limits;

/// Fault and the requests that it hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FaultObject")]
#[non_exhaustive]
pub struct Fault {
    /// Kind of the fault.
    pub kind: FaultKind,
    /// Fraction of the requests, or of the TLS handshakes, that the fault hits, from 0 to 1.
    pub rate: f64,
    /// Action whose requests the fault hits, or `download` for requests of files; `None` for all requests.
    /// Handshakes have no action.
    pub action: Option<String>,
    /// Maximum number of hits; `None` for no limit.
    pub times: Option<u64>,
}

/// JSON object of a fault.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct FaultObject {
    kind: FaultKind,
    #[serde(default = "default_rate")]
    rate: f64,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    times: Option<u64>,
}

from_object!(FaultObject: "a fault");

fn default_rate() -> f64 {
    1.0
}

impl TryFrom<FaultObject> for Fault {
    type Error = String;

    fn try_from(FaultObject { kind, rate, action, times }: FaultObject) -> Result<Self, String> {
        let fault = Self { kind, rate, action, times };
        fault.check().map(|()| fault)
    }
}

impl Fault {
    /// Creates a fault that hits every request.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, rate: 1.0, action: None, times: None }
    }

    /// Sets the fraction of the requests that the fault hits, from 0 to 1.
    /// [`Builder::start`](crate::Builder::start) rejects any other value.
    #[must_use]
    pub fn with_rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Limits the fault to requests for this action, or for files with `download`.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Limits the number of hits.
    #[must_use]
    pub fn with_times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let kind = self.kind;
        limits::fraction(&format!("rate of fault {kind}"), self.rate)?;
        if kind.hits_handshakes() && self.action.is_some() {
            return Err(format!("fault {kind} hits handshakes, which have no action"));
        }
        let is_known = |action: &str| action == "download" || CATALOGUE.action(action).is_some();
        if let Some(action) = self.action.as_deref().filter(|action| !is_known(action)) {
            return Err(format!(
                "unknown action {action:?} of fault {kind}; expected an action of the API or download"
            ));
        }
        Ok(())
    }
}

/// Parses `KIND`, `KIND=RATE`, `KIND@ACTION` and `KIND=RATE@ACTION`.
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, action) = match text.split_once('@') {
            Some((text, action)) => (text, Some(action.to_owned())),
            None => (text, None),
        };
        let (kind, rate) = text.split_once('=').unwrap_or((text, "1"));
        let kind = FaultKind::ALL.into_iter().find(|known| known.as_str() == kind);
        let kind = kind.ok_or_else(|| {
            let known: Vec<_> = FaultKind::ALL.into_iter().map(FaultKind::as_str).collect();
            format!("unknown kind of fault; expected one of {}", known.join(", "))
        })?;
        let rate = rate
            .parse()
            .map_err(|_| format!("rate of fault {kind} is not a number; expected 0 to 1"))?;
        let fault = Self { kind, rate, action, times: None };
        fault.check().map(|()| fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_short_notation() {
        assert_eq!("reset".parse(), Ok(Fault::new(FaultKind::Reset)));
        let fault = Fault::new(FaultKind::StallBody).with_rate(0.25).with_action("download");
        assert_eq!("stall-body=0.25@download".parse(), Ok(fault));
        assert!("flood".parse::<Fault>().unwrap_err().contains("over-long"));
    }

    #[test]
    fn rejects_invalid_faults_in_both_notations() {
        for rate in ["2", "-1", "-0.001", "NaN", "inf", "-inf", "1e400", "1e308"] {
            let error = format!("reset={rate}").parse::<Fault>().unwrap_err();
            assert!(error.ends_with("is not between 0 and 1"), "{error}");
        }
        for rate in ["", "x", "1=1", "0x1"] {
            let error = format!("reset={rate}").parse::<Fault>().unwrap_err();
            assert!(error.contains("is not a number"), "{error}");
        }
        assert!("tls-cut@download".parse::<Fault>().unwrap_err().contains("have no action"));
        for (json, reason) in [
            (r#"{"kind":"reset","rate":2}"#, "rate of fault reset 2 is not between 0 and 1"),
            (r#"{"kind":"reset","rate":-1}"#, "is not between 0 and 1"),
            (r#"{"kind":"reset","rate":1e400}"#, "out of range"),
            (r#"{"kind":"reset","times":-1}"#, "-1"),
            (r#"{"kind":"reset","times":18446744073709551616}"#, "expected u64"),
            (r#"{"kind":"tls-cut","action":"download"}"#, "have no action"),
            (r#"["reset",1.0]"#, "expected a fault as a JSON object"),
            (r#"{"kind":"reset","often":1}"#, "often"),
        ] {
            let error = serde_json::from_str::<Fault>(json).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }
}
