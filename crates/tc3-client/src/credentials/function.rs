//! Functions of the caller as sources.

use std::sync::{Arc, OnceLock};

use super::credential::Credential;
use super::error::CredentialError;
use super::operation::Operation;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep};
use crate::time::Now;

const NAME: &str = "function";

/// Returns a source that calls a function, for example to read a file of another format or to call the blocking client of
/// a vault.
///
/// The function may block, in the async client too: see [`Operation::blocking`]. Calls wait for it until their timeout.
/// Its result is dropped after that, so limit the time of its requests. Set the [expiry](Credential::with_expiry) of the
/// credential to have the function called again before it expires.
///
/// ```
/// use tc3_client::Config;
/// use tc3_client::credentials::{Credential, CredentialError, from_fn};
///
/// let source = from_fn(|| {
///     let key = std::fs::read_to_string("/run/secrets/tencent")
///         .map_err(|error| CredentialError::new("secret mount", error.to_string()))?;
///     Ok(Credential::new("AKIDEXAMPLE", key.trim()))
/// });
/// let config = Config::new(source);
/// ```
pub fn from_fn<F>(function: F) -> impl CredentialSource
where
    F: Fn() -> Result<Credential, CredentialError> + Send + Sync + 'static,
{
    let function = Arc::new(function);
    Function(move |result: Output| {
        let function = Arc::clone(&function);
        Operation::blocking(move || drop(result.set(function())))
    })
}

/// Returns a source that calls an async function, for example one that calls the async client of a vault.
///
/// For the async client: its future is awaited until the timeout of the call, and then dropped. With the blocking client
/// the fetch fails; use [`from_fn`] there with a function such as `move || runtime.block_on(read_vault())`. Set the
/// [expiry](Credential::with_expiry) of the credential to have the function called again before it expires.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
///
/// use tc3_client::Config;
/// use tc3_client::credentials::{Credential, CredentialError, from_async_fn};
///
/// # struct Keys { id: String, key: String, token: String, lifetime: Duration }
/// # async fn read_vault() -> std::io::Result<Keys> { unimplemented!() }
/// let source = from_async_fn(|| async {
///     let keys = read_vault()
///         .await
///         .map_err(|error| CredentialError::new("vault", error.to_string()).transient())?;
///     let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
///     Ok(Credential::new(keys.id, keys.key)
///         .with_token(keys.token)
///         .with_expiry(now + keys.lifetime))
/// });
/// let config = Config::new(source);
/// ```
pub fn from_async_fn<F, T>(function: F) -> impl CredentialSource
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = Result<Credential, CredentialError>> + Send + 'static,
{
    let function = Arc::new(function);
    Function(move |result: Output| {
        let function = Arc::clone(&function);
        Operation::future(async move { drop(result.set(function().await)) })
    })
}

/// The result of a function, once it has returned.
type Output = Arc<OnceLock<Result<Credential, CredentialError>>>;

/// A source with the function that creates its operations.
struct Function<F>(F);

impl<F: Fn(Output) -> Operation + Send + Sync + 'static> CredentialSource for Function<F> {
    fn name(&self) -> &str {
        NAME
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        let output = Output::default();
        Box::new(Fetch { operation: Some((self.0)(Arc::clone(&output))), output })
    }
}

struct Fetch {
    /// The operation, until it is started.
    operation: Option<Operation>,
    output: Output,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, _: Now, _: Option<FetchResponse>) -> FetchStep {
        match (self.operation.take(), self.output.get()) {
            (Some(operation), _) => FetchStep::Run(operation),
            (None, Some(Ok(credential))) => FetchStep::Done(credential.clone()),
            (None, Some(Err(error))) => FetchStep::Failed(error.clone()),
            (None, None) => {
                let error = CredentialError::new(NAME, "ended without a result");
                FetchStep::Failed(error.transient())
            }
        }
    }
}
