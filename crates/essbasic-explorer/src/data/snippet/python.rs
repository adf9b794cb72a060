//! Python programs that make one call with the official SDK.

use essbasic::catalogue::ActionMeta;
use serde_json::Value;

use super::literal::{Syntax, literal};

const PROGRAM: &str = "\
\"\"\"Calls ACTION with the official SDK: pip install tencentcloud-sdk-python-essbasic\"\"\"

import json
import os

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.essbasic.v20210526 import essbasic_client, models

endpoint = os.environ.get(\"ESSBASIC_ENDPOINT\", \"https://HOST\")
protocol, host = endpoint.split(\"://\")
credential = Credential(
    os.environ[\"TENCENTCLOUD_SECRET_ID\"],
    os.environ[\"TENCENTCLOUD_SECRET_KEY\"],
    os.environ.get(\"TENCENTCLOUD_TOKEN\"),
)
profile = ClientProfile(httpProfile=HttpProfile(protocol=protocol, endpoint=host))
client = essbasic_client.EssbasicClient(credential, \"\", profile)

body = BODY
request = models.ACTIONRequest()
request.from_json_string(json.dumps(body))
response = client.ACTION(request)
print(response.to_json_string(indent=2, ensure_ascii=False))
";

/// Returns a program with the SDK's types of the action.
pub(super) fn program(action: &ActionMeta, body: &Value) -> String {
    let info = &action.info;
    let program = PROGRAM
        .replace("ACTION", info.name)
        .replace("HOST", info.host.unwrap_or("essbasic.tencentcloudapi.com"));
    // The body is last, because it may contain any word.
    let body = literal(body, action.request, Syntax::Python);
    program.replacen("\nbody = BODY\n", &format!("\nbody = {body}\n"), 1)
}
