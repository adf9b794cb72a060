use std::ffi::OsString;
use std::path::Path;

use tc3_api::json::{Encode, Writer};
use zeroize::Zeroizing;

use super::credential::Part;
use super::error::CredentialError;
use super::files;
use super::source::{CredentialFetch, CredentialSource, Ready};
use super::sts::{DEFAULT_SECONDS, StsCall, sts_action};
use super::variables::Variables;
use crate::endpoint::Endpoint;

const NAME: &str = "TKE pod identity";
const VARIABLES: [&str; 4] =
    ["TKE_ROLE_ARN", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_REGION"];

/// The identity of a pod in Tencent Kubernetes Engine.
///
/// As in the official SDKs, the identity is in `TKE_REGION`, `TKE_PROVIDER_ID`, `TKE_WEB_IDENTITY_TOKEN_FILE` and
/// `TKE_ROLE_ARN`. It is exchanged for temporary keys with the unsigned action `AssumeRoleWithWebIdentity` of STS
/// (version 2018-08-13).
///
/// The token file is read at each fetch. Absent if none of the variables is set, or only `TKE_REGION`.
#[derive(Debug, Clone)]
pub struct TkeIdentity {
    variables: Variables,
    session_name: String,
    endpoint: Endpoint,
}

impl TkeIdentity {
    /// Creates a source that reads the environment of the process.
    #[expect(clippy::new_without_default, reason = "reads the environment")]
    pub fn new() -> Self {
        Self {
            variables: Variables::default(),
            session_name: "tc3-client".to_owned(),
            endpoint: Endpoint::Production,
        }
    }

    /// Sets the name of the session in the audit log of the account; default `tc3-client`.
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_name = name.into();
        self
    }

    /// Sets the endpoint of STS; default `sts.tencentcloudapi.com`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Sets the function that looks up variables, for tests.
    #[must_use]
    pub fn with_variables(
        mut self,
        lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        self.variables = Variables::from(lookup);
        self
    }

    fn call(&self) -> Result<Option<StsCall>, CredentialError> {
        let [role_arn, provider_id, file, region] = VARIABLES.map(|name| self.variables.raw(name));
        if role_arn.is_none() && provider_id.is_none() && file.is_none() {
            return Ok(None);
        }
        let set = [&role_arn, &provider_id, &file, &region];
        let missing: Vec<_> = VARIABLES
            .iter()
            .zip(set)
            .filter_map(|(name, value)| value.is_none().then_some(*name))
            .collect();
        let (Some(file), true) = (file, missing.is_empty()) else {
            let message = format!("not set: {}", missing.join(", "));
            return Err(CredentialError::new(NAME, message)
                .with_hint("check the pod's service account, or unset all TKE_ variables"));
        };
        let text = |name| Ok(self.variables.read(NAME, name)?.unwrap_or_default());
        let path = Path::new(&file);
        let error =
            |message: &str| CredentialError::new(NAME, format!("{}: {message}", path.display()));
        let token = files::read(NAME, path)?.ok_or_else(|| error("file not found"))?;
        let token = Zeroizing::new(token.trim().to_owned());
        if let Some(problem) = Part::Token.problem(&token) {
            return Err(error(&format!("line 1: the token {problem}")));
        }
        let (role_arn, provider_id) = (text("TKE_ROLE_ARN")?, text("TKE_PROVIDER_ID")?);
        let body = Body {
            provider_id: &provider_id,
            web_identity_token: &token,
            role_arn: &role_arn,
            role_session_name: &self.session_name,
            duration_seconds: DEFAULT_SECONDS,
        };
        let region = text("TKE_REGION")?;
        let action = sts_action("AssumeRoleWithWebIdentity").unsigned();
        let call = StsCall::new(NAME, action, &self.endpoint, &region, &body)?;
        Ok(Some(call.with_secret(token)))
    }
}

struct Body<'a> {
    provider_id: &'a str,
    web_identity_token: &'a str,
    role_arn: &'a str,
    role_session_name: &'a str,
    duration_seconds: u64,
}

impl Encode for Body<'_> {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        writer.member("ProviderId", &self.provider_id);
        writer.member("WebIdentityToken", &self.web_identity_token);
        writer.member("RoleArn", &self.role_arn);
        writer.member("RoleSessionName", &self.role_session_name);
        writer.member("DurationSeconds", &self.duration_seconds);
        writer.close();
    }
}

impl CredentialSource for TkeIdentity {
    fn name(&self) -> &str {
        NAME
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        match self.call() {
            Ok(Some(call)) => Box::new(call),
            Ok(None) => Box::new(Ready::of(Ok(None))),
            Err(error) => Box::new(Ready::of(Err(error))),
        }
    }
}
