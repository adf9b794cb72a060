//! Shell scripts that make one call.
//!
//! The body is in a here-document with a quoted delimiter: the shell expands nothing in it, and no line of a JSON text is
//! the delimiter. It may be longer than an argument.

use essbasic::catalogue::ActionMeta;
use serde_json::Value;

use super::literal::{Syntax, literal};

const CALL: &str = "\
#!/bin/sh
# Calls ACTION. The keys are read from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
essbasic call ACTION --body - <<'JSON'
BODY
JSON
";

/// The signature covers the octets of the body, so `curl` sends the file that was signed. Headers are read from stdin, which
/// keeps them out of the process list.
const CURL: &str = "\
#!/bin/sh
# Calls ACTION. The keys are read from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
set -eu
endpoint=${ESSBASIC_ENDPOINT:-https://HOST}
host=${endpoint#*://}
timestamp=$(date +%s)
body=$(mktemp)
trap 'rm -f \"$body\"' EXIT
cat >\"$body\" <<'JSON'
BODY
JSON
authorization=$(essbasic sign --action ACTION --host \"$host\" --timestamp \"$timestamp\" --payload \"@$body\" --authorization)
curl --silent --show-error --header @- --data-binary \"@$body\" \"$endpoint/\" <<HEADERS
Authorization: $authorization
Content-Type: application/json
X-TC-Action: ACTION
X-TC-Version: VERSION
X-TC-Timestamp: $timestamp
${TENCENTCLOUD_TOKEN:+X-TC-Token: $TENCENTCLOUD_TOKEN}
HEADERS
";

/// Returns a script with `essbasic call`.
pub(super) fn essbasic(action: &ActionMeta, body: &Value) -> String {
    fill(CALL, action, body)
}

/// Returns a script with `essbasic sign` and `curl`.
pub(super) fn curl(action: &ActionMeta, body: &Value) -> String {
    fill(CURL, action, body)
}

fn fill(template: &str, action: &ActionMeta, body: &Value) -> String {
    let info = &action.info;
    let script = template
        .replace("ACTION", info.name)
        .replace("VERSION", info.version)
        .replace("HOST", info.host.unwrap_or("essbasic.tencentcloudapi.com"));
    // The body is last, because it may contain any word.
    script.replacen("\nBODY\n", &format!("\n{}\n", literal(body, action.request, Syntax::Json)), 1)
}
