#[cfg(feature = "serde")]
use serde::{Serialize, de::DeserializeOwned};

use crate::json::Error;
use crate::{Envelope, ErrorTable};

/// A request type of one API action.
///
/// Generated models implement it. For an action without a generated type, implement it by hand, with types of serde
/// and the feature `serde`:
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
///     fn decode(response: &[u8]) -> Result<Envelope<Zones>, json::Error> {
///         Envelope::deserialize(response)
///     }
/// }
/// # }
/// ```
pub trait Action {
    /// Metadata of a call.
    const INFO: ActionInfo<'static>;
    /// Type of the response.
    type Response;

    /// Returns the body of the request.
    ///
    /// # Errors
    /// Returns an error if a value cannot be represented in JSON.
    fn encode(&self) -> Result<Vec<u8>, Error>;

    /// Decodes the body of a response.
    ///
    /// # Errors
    /// Returns an error if the body is not a response of the API, or not of this type.
    fn decode(response: &[u8]) -> Result<Envelope<Self::Response>, Error>;
}

/// Metadata of an action: everything that a call needs except the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ActionInfo<'a> {
    /// Service name, which is signed and is the first label of the default host: `essbasic`, `cvm`.
    pub service: &'a str,
    /// API version, `YYYY-MM-DD`, sent as `X-TC-Version`.
    pub version: &'a str,
    /// Action name, sent as `X-TC-Action`.
    pub name: &'a str,
    /// Production host, if it is not `{service}.tencentcloudapi.com`.
    pub host: Option<&'a str>,
    /// Host of the service's test environment, if there is one.
    pub test_host: Option<&'a str>,
    /// True if the action is idempotent: a request may be retried if its outcome is unknown.
    pub idempotent: bool,
    /// Default rate limit of the service for one account, in requests per second.
    pub rate_limit: Option<u32>,
    /// Path of the request, which is signed; `/` for most actions.
    pub path: &'a str,
    /// Form in which the fields of the request are sent.
    pub form: RequestForm,
    /// True if the request is signed. A few actions (federated logins of `sts`) are sent with
    /// `Authorization: SKIP`.
    pub signed: bool,
    /// True if the service has announced the removal of the action.
    pub deprecated: bool,
    /// Error codes of the service; those of the platform are always known.
    pub errors: ErrorTable,
}

/// Form in which the fields of a request are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RequestForm {
    /// `POST` with a JSON body.
    #[default]
    Json,
    /// `GET` with the fields as query: sorted, percent-encoded, and nested fields as `Filters.0.Name`.
    Query,
    /// `POST` of raw octets, with the fields as headers `X-{SERVICE}-{Field}`.
    OctetStream,
}

impl<'a> ActionInfo<'a> {
    /// Returns the metadata of a signed action on the service's default host. It is not idempotent and has no rate
    /// limit.
    pub const fn new(service: &'a str, version: &'a str, name: &'a str) -> Self {
        Self {
            service,
            version,
            name,
            host: None,
            test_host: None,
            idempotent: false,
            rate_limit: None,
            path: "/",
            form: RequestForm::Json,
            signed: true,
            deprecated: false,
            errors: ErrorTable::EMPTY,
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

    /// Sets [`rate_limit`](Self::rate_limit), in requests per second.
    pub const fn with_rate_limit(mut self, per_second: u32) -> Self {
        self.rate_limit = Some(per_second);
        self
    }

    /// Sets [`path`](Self::path), which begins with `/` and is percent-encoded.
    pub const fn with_path(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    /// Sets [`form`](Self::form) to [`RequestForm::Query`].
    pub const fn query(mut self) -> Self {
        self.form = RequestForm::Query;
        self
    }

    /// Sets [`form`](Self::form) to [`RequestForm::OctetStream`].
    pub const fn octet_stream(mut self) -> Self {
        self.form = RequestForm::OctetStream;
        self
    }

    /// Marks the action as unsigned: it is sent with `Authorization: SKIP`.
    pub const fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    /// Sets [`errors`](Self::errors).
    pub const fn with_errors(mut self, errors: ErrorTable) -> Self {
        self.errors = errors;
        self
    }

    /// Marks the action as deprecated.
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }
}

/// Visitor of the types of every action, for code that is the same for all of them.
#[cfg(feature = "serde")]
pub trait Visitor {
    /// Visits an action.
    fn visit<A>(&mut self)
    where
        A: Action + Serialize + DeserializeOwned + Clone + PartialEq + core::fmt::Debug,
        A::Response: Serialize + DeserializeOwned + Clone + PartialEq + core::fmt::Debug + Default;
}
