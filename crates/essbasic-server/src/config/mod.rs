//! Configuration: a TOML file without secrets. Secrets are in files that it names.
//!
//! An unknown key is an error. Environment variables are not expanded.

mod check;
mod duration;
mod error;
mod file;
mod forward;
mod secret;
mod syntax;
#[cfg(test)]
mod tests;
mod urls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

pub(crate) use self::error::ConfigError;
pub(crate) use self::file::TOKEN_FILE;
pub(crate) use self::forward::Forward;
pub(crate) use self::secret::{Secret, callback_key, token};

/// URL of the production service.
pub(crate) const PRODUCTION: &str = "https://essbasic.tencentcloudapi.com";

/// Error if no configuration is given.
pub(crate) const NO_CONFIG: &str =
    "no configuration; give --config FILE, or set ESSBASIC_SERVER_CONFIG";

/// The whole configuration, without values of secrets.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) account: Account,
    #[serde(default)]
    pub(crate) service: Service,
    #[serde(default)]
    pub(crate) store: Store,
    pub(crate) receive: Receive,
    #[serde(default)]
    pub(crate) archive: Archive,
    #[serde(default)]
    pub(crate) reconcile: Reconcile,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) forward: Vec<Forward>,
    #[serde(default)]
    pub(crate) rate: Rate,
    #[serde(default)]
    pub(crate) worker: Worker,
    #[serde(default)]
    pub(crate) messages: Messages,
    #[serde(default)]
    pub(crate) ops: Ops,
    #[serde(default)]
    pub(crate) admin: Admin,
    #[serde(default)]
    pub(crate) log: Log,
    #[serde(default)]
    pub(crate) shutdown: Shutdown,
    /// Folder of the file.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// The caller of the service.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// ID of the platform's application.
    pub(crate) app_id: String,
    /// Sub-organization, by the platform's own ID.
    pub(crate) organization: String,
    /// Employee who acts, by the platform's own ID.
    pub(crate) operator: String,
    /// File with the SecretId.
    pub(crate) secret_id_file: PathBuf,
    /// File with the SecretKey.
    pub(crate) secret_key_file: PathBuf,
}

/// The service to call.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Service {
    /// URL of the service. Production if it is absent.
    #[serde(serialize_with = "or_production")]
    pub(crate) endpoint: Option<String>,
    /// Region, which e-sign does not require.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
}

/// The ledger.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    /// `sqlite:PATH` for one process, `postgres://USER@HOST/DATABASE` for any number of replicas.
    pub(crate) url: String,
    /// File with the password of PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<PathBuf>,
}

/// The listener of callbacks.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receive {
    /// Address of the public listener.
    #[serde(default = "receive_address")]
    pub(crate) listen: SocketAddr,
    /// Accepted pairs of token and key, the current one first.
    #[serde(default)]
    pub(crate) keys: Vec<CallbackKeys>,
}

/// Token and key of callbacks.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackKeys {
    /// File with the token, which signs.
    pub(crate) token_file: PathBuf,
    /// File with the key, which encrypts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Archiving.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Archive {
    /// Folder, `s3://BUCKET/PREFIX` or `cos://BUCKET-APPID/PREFIX`.
    pub(crate) to: String,
    /// Names of files: `{flow_id}` is required, `{file_index}` and `{name}` are optional.
    pub(crate) names: String,
    /// Downloads at a time, per process.
    pub(crate) concurrency: usize,
    /// Attempts after which a contract is dead.
    pub(crate) max_attempts: u32,
}

/// Polling of unfinished contracts.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reconcile {
    /// Whether unfinished contracts are polled.
    pub(crate) enabled: bool,
}

/// Rate of requests, for all replicas.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rate {
    /// Requests per second and action.
    pub(crate) per_action: u32,
    /// Margin of the window of one second.
    #[serde(with = "duration")]
    pub(crate) margin: Duration,
}

/// Leases of workers.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Worker {
    /// Period after which a worker without a heartbeat has expired.
    #[serde(with = "duration")]
    pub(crate) lease: Duration,
    /// Period of the heartbeat, at most a third of the lease.
    #[serde(with = "duration")]
    pub(crate) heartbeat: Duration,
}

/// Stored messages.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Messages {
    /// Period for which encrypted bodies are stored.
    #[serde(with = "duration")]
    pub(crate) retention: Duration,
    /// File with the key that encrypts stored bodies: 32 bytes in hexadecimal or Base64. Required by `forward`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body_key_file: Option<PathBuf>,
}

/// The listener of probes and metrics.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ops {
    /// Its address.
    pub(crate) listen: SocketAddr,
}

/// The admin listener.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Admin {
    /// Its address.
    pub(crate) listen: SocketAddr,
    /// File with the token: 16 to 256 letters, digits, `-` or `_`. Without it, a token is generated at the first start, and written to
    /// `admin_token` next to the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    /// Host names, with ports, under which a proxy serves the page.
    pub(crate) allowed_hosts: Vec<String>,
    /// Whether the page may change contracts and call actions that write.
    pub(crate) writable: bool,
}

/// Logs.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// Format of lines.
    pub(crate) format: LogFormat,
    /// Least severe level.
    pub(crate) level: LogLevel,
}

/// Format of log lines.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Level of logs.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// The end of a process.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Shutdown {
    /// Time between the failing readiness probe and the end of claims, for load balancers.
    #[serde(with = "duration")]
    pub(crate) drain_delay: Duration,
    /// Time for the work in flight.
    #[serde(with = "duration")]
    pub(crate) grace: Duration,
}

fn or_production<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.as_deref().unwrap_or(PRODUCTION))
}

fn receive_address() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 8080))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Default for Store {
    fn default() -> Self {
        Self { url: "sqlite:essbasic.db".to_owned(), password_file: None }
    }
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            to: "contracts".to_owned(),
            names: "{flow_id}".to_owned(),
            concurrency: 8,
            max_attempts: 10,
        }
    }
}

impl Default for Reconcile {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self { per_action: 20, margin: Duration::from_millis(25) }
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), heartbeat: Duration::from_secs(15) }
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self { retention: Duration::from_secs(7 * 86_400), body_key_file: None }
    }
}

impl Default for Ops {
    fn default() -> Self {
        Self { listen: loopback(9090) }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: loopback(8081),
            token_file: None,
            allowed_hosts: Vec::new(),
            writable: false,
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { drain_delay: Duration::from_secs(5), grace: Duration::from_secs(60) }
    }
}
