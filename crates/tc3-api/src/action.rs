#[cfg(feature = "serde")]
use serde::{Serialize, de::DeserializeOwned};

use crate::Envelope;
use crate::json::Error;

/// A request type of one API action.
///
/// Generated models implement it. Implement it by hand for an action that has no generated type, with types of
/// serde and the feature `serde`:
///
/// ```
/// # #[cfg(feature = "serde")] {
/// # use serde::{Deserialize, Serialize};
/// use tc3_api::{Action, ActionInfo, Envelope, json};
///
/// #[derive(Serialize)]
/// struct DescribeZones {}
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Zones {
///     total_count: u64,
/// }
///
/// impl Action for DescribeZones {
///     const INFO: ActionInfo<'static> =
///         ActionInfo::new("cvm", "2017-03-12", "DescribeZones").idempotent();
///     type Response = Zones;
///
///     fn encode(&self) -> Result<Vec<u8>, json::Error> {
///         json::encode_by_serde(self)
///     }
///
///     fn decode(answer: &[u8]) -> Result<Envelope<Zones>, json::Error> {
///         Envelope::deserialize(answer)
///     }
/// }
/// # }
/// ```
pub trait Action {
    /// The facts that a call needs besides the body.
    const INFO: ActionInfo<'static>;
    /// The type of the answer.
    type Response;

    /// The body of the request.
    ///
    /// # Errors
    /// It has no form in JSON.
    fn encode(&self) -> Result<Vec<u8>, Error>;

    /// Reads the body of an answer.
    ///
    /// # Errors
    /// It is no answer of the API, or none of this type.
    fn decode(answer: &[u8]) -> Result<Envelope<Self::Response>, Error>;
}

/// What a call needs to know of an action besides its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ActionInfo<'a> {
    /// The name that is signed and, by default, the first label of the host: `essbasic`, `cvm`.
    pub service: &'a str,
    /// The API version, `YYYY-MM-DD`, sent as `X-TC-Version`.
    pub version: &'a str,
    /// The action's name, sent as `X-TC-Action`.
    pub name: &'a str,
    /// The production host, where it is not `{service}.tencentcloudapi.com`.
    pub host: Option<&'a str>,
    /// The host of the service's test environment, where it has one.
    pub test_host: Option<&'a str>,
    /// Whether the action is idempotent: a request may be retried if its outcome is unknown.
    pub idempotent: bool,
    /// Calls a second that the service lets one account make to this action by default.
    pub rate_limit: Option<u32>,
    /// Whether the call is signed. A few (federated log-ins of `sts`) go out with
    /// `Authorization: SKIP`.
    pub signed: bool,
    /// Whether the service has announced that it will take the action away.
    pub deprecated: bool,
}

impl<'a> ActionInfo<'a> {
    /// An action at the service's usual host; never repeated blindly, no known rate limit.
    pub const fn new(service: &'a str, version: &'a str, name: &'a str) -> Self {
        Self {
            service,
            version,
            name,
            host: None,
            test_host: None,
            idempotent: false,
            rate_limit: None,
            signed: true,
            deprecated: false,
        }
    }

    /// Sets [`host`](Self::host).
    pub const fn with_host(mut self, host: &'a str) -> Self {
        self.host = Some(host);
        self
    }

    /// Sets [`test_host`](Self::test_host).
    pub const fn with_test_host(mut self, host: &'a str) -> Self {
        self.test_host = Some(host);
        self
    }

    /// Marks the action as idempotent.
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sets [`rate_limit`](Self::rate_limit), in calls a second.
    pub const fn with_rate_limit(mut self, per_second: u32) -> Self {
        self.rate_limit = Some(per_second);
        self
    }

    /// Marks the action as one that is sent with `Authorization: SKIP`.
    pub const fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    /// Marks the action as deprecated.
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }
}

/// Is called with the types of each action, for work that is the same for all of them.
#[cfg(feature = "serde")]
pub trait Visitor {
    /// Visits an action.
    fn visit<A>(&mut self)
    where
        A: Action + Serialize + DeserializeOwned + Clone + PartialEq + core::fmt::Debug,
        A::Response: Serialize + DeserializeOwned + Clone + PartialEq + core::fmt::Debug + Default;
}
