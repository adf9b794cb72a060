// The official Node SDK's common client against the emulator.
//
// usage: node sdk.cjs calls HOST:PORT < case.json   one JSON line per call made

const { CommonClient } = require("tencentcloud-sdk-nodejs-common");

async function report(name, call) {
  let line;
  try {
    line = { name, answer: await call() };
  } catch (error) {
    line = { name, code: error.code, request_id: error.requestId };
  }
  console.log(JSON.stringify(line));
}

async function calls(endpoint, given) {
  const client = (secretId, secretKey, reqMethod = "POST", version = "2021-05-26") =>
    new CommonClient(endpoint, version, {
      credential: { secretId, secretKey },
      region: "",
      profile: {
        signMethod: "TC3-HMAC-SHA256",
        httpProfile: { reqMethod, reqTimeout: 20, protocol: "http://", endpoint },
      },
    });
  const { secret_id: id, secret_key: key, requests } = given;
  for (const [name, made] of [
    ["post", client(id, key)],
    ["get", client(id, key, "GET")],
    ["wrong key", client(id, "not the key")],
    ["wrong key by get", client(id, "not the key", "GET")],
    ["unknown id", client("AKIDNOBODY", key)],
  ]) {
    for (const [index, body] of requests.entries()) {
      await report(`${name} ${index}`, () => made.request("DescribeResourceUrlsByFlows", body));
    }
  }
  await report("unknown action", () => client(id, key).request("DescribeNothing", {}));
  await report("missing parameter", () => client(id, key).request("DescribeFlowDetailInfo", {}));
  const old = client(id, key, "POST", "2001-01-01");
  await report("unknown version", () => old.request("DescribeFlowDetailInfo", {}));
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => calls(process.argv[3], JSON.parse(input)));
