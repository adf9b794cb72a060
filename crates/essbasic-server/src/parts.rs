//! Parts of a server that its configuration, the files with secrets and the environment determine. Neither the store nor the network
//! is used, and nothing is written.

use std::sync::Arc;

use essbasic::credentials::Credential;
use essbasic::{Config as ClientConfig, NameTemplate};
use essbasic_callback::Receiver;
use essbasic_explorer::SessionKeys;

use crate::admin::AdminToken;
use crate::archive::Sink;
use crate::bodies::Bodies;
use crate::config::{self, CallbackKeys, Config, Secret};
use crate::failure::Failure;
use crate::forwarding::Target;
use crate::store;

/// Parts of a server.
pub(crate) struct Parts {
    pub(crate) keys: SessionKeys,
    /// The SecretId of `keys`.
    pub(crate) secret_id: Secret,
    /// Settings of calls of the service, with the endpoint and `keys`.
    pub(crate) client: ClientConfig,
    pub(crate) receiver: Receiver,
    pub(crate) bodies: Option<Arc<Bodies>>,
    /// The archive, if it is a bucket.
    pub(crate) bucket: Option<Sink>,
    pub(crate) names: NameTemplate,
    pub(crate) targets: Vec<Target>,
    pub(crate) store_password: Option<Secret>,
}

/// Problems that were found until now.
struct Problems(Vec<Failure>);

impl Problems {
    /// Returns the value, or records the problem.
    fn check<T, E: Into<Failure>>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.0.push(problem.into())).ok()
    }
}

impl Parts {
    /// Reads the secrets, and makes the parts.
    ///
    /// # Errors
    /// Returns all problems, each of which names the key of the configuration.
    pub(crate) fn open(config: &Config) -> Result<Self, Vec<Failure>> {
        let mut problems = Problems(Vec::new());
        let account = &config.account;
        let id = problems.check(Secret::read("account.secret_id_file", &account.secret_id_file));
        let key = problems.check(Secret::read("account.secret_key_file", &account.secret_key_file));
        let keys = id.as_ref().zip(key.as_ref());
        let keys = keys.and_then(|(id, key)| problems.check(session_keys(id, key)));
        // A bucket has more settings than keys: these are checked even if the keys are missing.
        let text = |secret: &Option<Secret>| {
            secret.as_ref().map_or_else(|| "missing".to_owned(), |it| it.expose().to_owned())
        };
        let defaults = config.bucket_defaults().with_keys(text(&id), text(&key));
        let store_password = problems.check(store::password(&config.store));
        let client = keys.as_ref().and_then(|keys| problems.check(client(config, keys.clone())));
        let receiver = receiver(&config.receive.keys, &mut problems);
        let bodies = config.messages.body_key_file.as_deref().map(|path| {
            let key = problems.check(Secret::read("messages.body_key_file", path))?;
            problems.check(Bodies::new(&key)).map(Arc::new)
        });
        let bucket =
            problems.check(Sink::bucket(&config.archive.to, std::env::vars_os(), &defaults));
        let names = config.archive.names.parse::<NameTemplate>();
        let names =
            problems.check(names.map_err(|error| Failure::new(format!("archive.names: {error}"))));
        let targets: Vec<Target> = config
            .forward
            .iter()
            .filter_map(|target| problems.check(Target::new(target)))
            .collect();
        problems.check(AdminToken::configured(config));
        match (keys.zip(id), client, receiver, names) {
            (Some((keys, secret_id)), Some(client), Some(receiver), Some(names))
                if problems.0.is_empty() =>
            {
                Ok(Self {
                    keys,
                    secret_id,
                    client,
                    receiver,
                    bodies: bodies.flatten(),
                    bucket: bucket.flatten(),
                    names,
                    targets,
                    store_password: store_password.flatten(),
                })
            }
            _ => Err(problems.0),
        }
    }
}

fn session_keys(id: &Secret, key: &Secret) -> Result<SessionKeys, Failure> {
    let credential = Credential::new(id.expose(), key.expose());
    credential.validate().map_err(|error| {
        Failure::new(format!("account.secret_id_file, account.secret_key_file: {error}"))
    })?;
    Ok(SessionKeys::new(credential))
}

fn client(config: &Config, keys: SessionKeys) -> Result<ClientConfig, Failure> {
    let mut client = ClientConfig::new(keys)
        .with_app_name(env!("CARGO_PKG_NAME"))
        .map_err(|error| Failure::new(error.to_string()))?;
    if let Some(url) = &config.service.endpoint {
        client = client
            .with_endpoint_url(url)
            .map_err(|error| Failure::new(format!("service.endpoint: {error}")))?;
    }
    if let Some(region) = &config.service.region {
        client = client.with_region(region);
    }
    Ok(client)
}

/// Returns the receiver of callbacks with these pairs of token and key. Without one, some pair has a problem.
fn receiver(pairs: &[CallbackKeys], problems: &mut Problems) -> Option<Receiver> {
    let mut receiver: Option<Receiver> = None;
    for pair in pairs {
        let token = problems.check(config::token("receive.keys.token_file", &pair.token_file));
        let key = pair.key_file.as_deref();
        let key = key.map(|path| config::callback_key("receive.keys.key_file", path)).transpose();
        let (Some(token), Some(key)) = (token, problems.check(key)) else { continue };
        receiver = Some(match receiver {
            None => Receiver::new(token, key),
            Some(receiver) => receiver.with_pair(token, key),
        });
    }
    if pairs.is_empty() {
        problems.0.push(Failure::new("receive.keys: no token and key for callbacks"));
    }
    receiver
}
