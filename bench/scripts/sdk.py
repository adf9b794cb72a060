"""Makes calls with the official Python SDK; bench/src/measure.rs defines the output.

usage: sdk.py ENDPOINT CALLS CONCURRENCY
"""

import json
import resource
import sys
import threading
import time

from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.essbasic.v20210526 import essbasic_client, models

FLOWS = 50


def make_client(endpoint):
    # Connections are not reused by default.
    http = HttpProfile(
        endpoint=endpoint.removeprefix("http://"), protocol="http", reqTimeout=60, keepAlive=True)
    cred = credential.Credential("AKIDBENCH", "BenchBenchBenchBenchBenchBenchBe")
    return essbasic_client.EssbasicClient(cred, "", ClientProfile(httpProfile=http))


def make_request():
    operator = models.UserInfo()
    operator.OpenId = "n9527"
    agent = models.Agent()
    agent.AppId = "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi"
    agent.ProxyOrganizationOpenId = "org_dianziqian"
    agent.ProxyOperator = operator
    request = models.DescribeResourceUrlsByFlowsRequest()
    request.Agent = agent
    request.FlowIds = ["yDwhsUUckp3gl8j5UuFX33LSNo%06d" % index for index in range(FLOWS)]
    return request


def caller(endpoint, calls, barrier):
    client, request = make_client(endpoint), make_request()

    def call():
        response = client.DescribeResourceUrlsByFlows(request)
        assert len(response.FlowResourceUrlInfos) == FLOWS

    for _ in range(calls // 5 + 1):
        call()
    barrier.wait()
    barrier.wait()
    for _ in range(calls):
        call()
    barrier.wait()


def main(endpoint, calls, concurrency):
    each = calls // concurrency
    barrier = threading.Barrier(concurrency + 1)
    threads = [
        threading.Thread(target=caller, args=(endpoint, each, barrier), daemon=True)
        for _ in range(concurrency)
    ]
    for thread in threads:
        thread.start()
    barrier.wait(timeout=120)
    wall, cpu = time.perf_counter(), time.process_time()
    barrier.wait()
    barrier.wait(timeout=600)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({
        "calls": each * concurrency,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "allocations_per_call": None,
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
