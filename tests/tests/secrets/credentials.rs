//! Valid and invalid credentials from files and roles.

use std::fs;
use std::path::Path;

use essbasic::credentials::{AssumeRole, Chain, Credential, Profile, TkeIdentity};
use essbasic::{BaseUrl, Config, Endpoint, agent};
use essbasic_emulator::{APP_ID, OPERATOR, ORGANIZATION};

use crate::log::Log;
use crate::workflows::{KEY, TOKEN, shortened};

pub(crate) const FILE_KEY: &str = "the-key-in-the-file";
pub(crate) const IDENTITY_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.the-identity";

fn profile(folder: &Path) -> Profile {
    Profile::new().with_folders(folder, folder).with_variables(|_| None)
}

/// Endpoint on which nothing listens.
const CLOSED_PORT: &str = "http://127.0.0.1:1";

fn closed_port() -> Endpoint {
    Endpoint::Url(BaseUrl::parse(CLOSED_PORT).unwrap())
}

fn call(log: &Log, config: Config) {
    let config = shortened(config.with_endpoint_url(CLOSED_PORT).unwrap());
    log.debug(&config);
    let client =
        essbasic::blocking::Client::new(config, agent(APP_ID, ORGANIZATION, OPERATOR)).unwrap();
    log.result(client.links(["a contract"]));
}

pub(crate) fn drive(log: &Log) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".tencentcloud/credentials");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for text in [
        format!("[default]\nsecret_id = AKID\nsecret_key = {FILE_KEY}\ntoken = {TOKEN}\n"),
        format!("[default]\nsecret_id = AKID\nsecret_key = {FILE_KEY}\u{1}\n"),
        format!("[default]\nsecret_key = {FILE_KEY}\n"),
        format!("[default\nsecret_id = AKID\nsecret_key = {FILE_KEY}\n{FILE_KEY}\n"),
        format!("{{\"secretId\": \"AKID\", \"secretKey\": \"{FILE_KEY}\""),
    ] {
        fs::write(&file, &text).unwrap();
        let source = profile(folder.path());
        log.debug(&source);
        call(log, Config::new(source));
        // The same content as the file of the official command line.
        let command = folder.path().join(".tccli/default.credential");
        fs::create_dir_all(command.parent().unwrap()).unwrap();
        fs::rename(&file, &command).unwrap();
        call(log, Config::new(profile(folder.path())));
    }
    let keys = Credential::new("AKID", KEY).with_token(TOKEN);
    log.debug(&keys);
    let role =
        AssumeRole::new(keys, "qcs::cam::uin/1:roleName/reader").with_endpoint(closed_port());
    log.debug(&role);
    let chain = Chain::new().then(role);
    log.debug(&chain);
    call(log, Config::new(chain));

    let token = folder.path().join("token");
    for text in [IDENTITY_TOKEN.to_owned(), format!("{IDENTITY_TOKEN}\u{1}")] {
        fs::write(&token, text).unwrap();
        let path = token.clone().into_os_string();
        let identity = TkeIdentity::new().with_endpoint(closed_port()).with_variables(
            move |name| match name {
                "TKE_WEB_IDENTITY_TOKEN_FILE" => Some(path.clone()),
                "TKE_REGION" => Some("ap-guangzhou".into()),
                "TKE_ROLE_ARN" | "TKE_PROVIDER_ID" => Some("a role".into()),
                _ => None,
            },
        );
        log.debug(&identity);
        call(log, Config::new(identity));
    }
}
