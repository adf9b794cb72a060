// Makes calls with the official Node SDK's common client; bench/src/measure.rs defines the output.
//
// usage: node sdk.cjs ENDPOINT CALLS CONCURRENCY

const { CommonClient } = require("tencentcloud-sdk-nodejs-common");

const FLOWS = 50;

const [endpoint, calls, concurrency] = process.argv.slice(2);

const client = new CommonClient(endpoint.replace("http://", ""), "2021-05-26", {
  credential: { secretId: "AKIDBENCH", secretKey: "BenchBenchBenchBenchBenchBenchBe" },
  region: "",
  profile: { httpProfile: { reqMethod: "POST", reqTimeout: 60, protocol: "http://" } },
});

const request = {
  Agent: {
    AppId: "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi",
    ProxyOrganizationOpenId: "org_dianziqian",
    ProxyOperator: { OpenId: "n9527" },
  },
  FlowIds: Array.from({ length: FLOWS }, (_, index) => `yDwhsUUckp3gl8j5UuFX33LSNo${String(index).padStart(6, "0")}`),
};

async function inFlight(count) {
  let left = count;
  const caller = async () => {
    while (left-- > 0) {
      const response = await client.request("DescribeResourceUrlsByFlows", request);
      if (response.FlowResourceUrlInfos.length !== FLOWS) throw new Error("unexpected response");
    }
  };
  await Promise.all(Array.from({ length: Number(concurrency) }, caller));
}

(async () => {
  await inFlight(Math.ceil(calls / 5) + Number(concurrency));
  const cpu = process.cpuUsage();
  const wall = performance.now();
  await inFlight(Number(calls));
  const seconds = (performance.now() - wall) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cost = {
    calls: Number(calls),
    wall_seconds: seconds,
    cpu_seconds: (user + system) / 1e6,
    allocations_per_call: null,
    peak_kib: process.resourceUsage().maxRSS,
  };
  process.stdout.write(JSON.stringify(cost) + "\n");
})();
