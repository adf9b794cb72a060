// The common client of the official Node SDK as a client of the emulator and for comparison of signatures.
//
// usage: node sdk.cjs calls < INPUT   one JSON line per call
//        node sdk.cjs sign < INPUT    one JSON line per signed request

const { CommonClient } = require("tencentcloud-sdk-nodejs-common");
const sending = require("tencentcloud-sdk-nodejs-common/tencentcloud/common/http/fetch");

// The SDK reads its timestamp from here.
const setClock = (seconds) => {
  Date.prototype.getTime = () => seconds * 1000;
};

const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const client = (host, order) =>
  new CommonClient(host, order.version, {
    credential: { secretId: order.secret_id, secretKey: order.secret_key, token: order.token },
    region: "",
    profile: { httpProfile: { reqMethod: order.method, reqTimeout: 20, protocol: "http://" } },
  });

async function calls({ host, now, calls }) {
  if (now) setClock(now);
  for (const order of calls) {
    const line = { name: order.name };
    try {
      line.response = await client(host, order).request(order.action, order.body);
    } catch (error) {
      Object.assign(line, { code: error.code, request_id: error.requestId });
    }
    print(line);
  }
}

const UNSIGNED = Buffer.from("UNSIGNED-PAYLOAD");

async function sign({ requests }) {
  let seen;
  sending.default = async (url, { method, headers, body = "" }) => {
    const { pathname: path, search } = new URL(url);
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    seen = {
      method,
      path,
      query: search.slice(1),
      headers: Object.fromEntries(lower),
      payload: Buffer.from(body).toString("base64"),
    };
    return new Response('{"Response":{}}', { status: 200 });
  };
  for (const order of requests) {
    setClock(order.timestamp);
    const made = client(order.host, order);
    // This SDK does not support unsigned payloads, so the body is the text that is hashed in its place.
    const octets = order.unsigned ? UNSIGNED : order.octets && Buffer.from(order.octets, "base64");
    if (octets) {
      await made.requestOctetStream(order.action, octets);
    } else {
      await made.request(order.action, order.body);
    }
    print(seen);
  }
}

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => ({ calls, sign })[process.argv[2]](JSON.parse(input)));
