//! How faults are described: by a caller, on a command line and in JSON.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::FaultKind;
use crate::json::from_object;
use crate::limits;

/// A fault and the requests that it hits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
#[non_exhaustive]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// The part of all requests, or of all TLS handshakes, from 0 to 1, that it hits.
    pub rate: f64,
    /// Only requests of this action; `download` are those of files at their links. A handshake has none.
    pub action: Option<String>,
    /// Maximum number of hits.
    pub times: Option<u64>,
}

/// A fault in JSON.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Written {
    kind: FaultKind,
    #[serde(default = "always")]
    rate: f64,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    times: Option<u64>,
}

from_object!(Written: "a fault");

fn always() -> f64 {
    1.0
}

impl TryFrom<Written> for Fault {
    type Error = String;

    fn try_from(Written { kind, rate, action, times }: Written) -> Result<Self, String> {
        let fault = Self { kind, rate, action, times };
        fault.check().map(|()| fault)
    }
}

impl Fault {
    /// Creates a fault that hits every request.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, rate: 1.0, action: None, times: None }
    }

    /// Sets the part of all requests, from 0 to 1, that it hits. [`Builder::start`](crate::Builder::start)
    /// refuses any other value.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Limits it to requests of this action, or of `download`.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Limits the number of hits.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let kind = self.kind;
        limits::fraction(&format!("rate of fault {kind}"), self.rate)?;
        if kind.hits_handshakes() && self.action.is_some() {
            return Err(format!("fault {kind} hits handshakes, which have no action"));
        }
        Ok(())
    }
}

/// `KIND`, `KIND=RATE`, `KIND@ACTION`, `KIND=RATE@ACTION`.
impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, action) = match text.split_once('@') {
            Some((text, action)) => (text, Some(action.to_owned())),
            None => (text, None),
        };
        let (kind, rate) = text.split_once('=').unwrap_or((text, "1"));
        let kind = FaultKind::ALL.into_iter().find(|known| known.to_string() == kind);
        let kind = kind.ok_or_else(|| {
            let known: Vec<_> = FaultKind::ALL.iter().map(FaultKind::to_string).collect();
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
    fn faults_are_written_short() {
        assert_eq!("reset".parse(), Ok(Fault::new(FaultKind::Reset)));
        let fault = Fault::new(FaultKind::StallBody).rate(0.25).action("download");
        assert_eq!("stall-body=0.25@download".parse(), Ok(fault));
        assert!("flood".parse::<Fault>().unwrap_err().contains("over-long"));
    }

    #[test]
    fn invalid_faults_are_refused_in_either_notation() {
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
