"""The official Python SDK as a client of the emulator and as a second opinion on signatures.

usage: sdk.py calls HOST:PORT        one JSON line per call made
       sdk.py signatures COUNT SEED  one JSON line per request signed
"""

import base64
import json
import random
import sys
import time

from tencentcloud.common import credential
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.essbasic.v20210526 import essbasic_client, models


def profile(endpoint, method="POST", unsigned=False):
    http = HttpProfile(endpoint=endpoint, reqMethod=method, protocol="http", reqTimeout=20)
    made = ClientProfile(httpProfile=http)
    made.unsignedPayload = unsigned
    return made


def report(name, call):
    """Runs a call and prints what a user of the SDK would see of it."""
    try:
        answer = call()
        if not isinstance(answer, dict):
            answer = json.loads(answer.to_json_string())
        line = {"name": name, "answer": answer.get("Response", answer)}
    except TencentCloudSDKException as error:
        line = {"name": name, "code": error.get_code(), "request_id": error.get_request_id()}
    print(json.dumps(line), flush=True)


def calls(endpoint):
    case = json.load(sys.stdin)
    right = credential.Credential(case["secret_id"], case["secret_key"])
    wrong = credential.Credential(case["secret_id"], "not the key")
    nobody = credential.Credential("AKIDNOBODY", case["secret_key"])
    for name, cred, options in [
        ("post", right, {}),
        ("get", right, {"method": "GET"}),
        ("unsigned payload", right, {"unsigned": True}),
        ("wrong key", wrong, {}),
        ("wrong key by get", wrong, {"method": "GET"}),
        ("unknown id", nobody, {}),
    ]:
        client = essbasic_client.EssbasicClient(cred, "", profile(endpoint, **options))
        for index, body in enumerate(case["requests"]):
            request = models.DescribeResourceUrlsByFlowsRequest()
            request.from_json_string(json.dumps(body))
            report(f"{name} {index}", lambda: client.DescribeResourceUrlsByFlows(request))
    common = CommonClient("essbasic", "2021-05-26", right, "", profile(endpoint))
    report("unknown action", lambda: common.call_json("DescribeNothing", {}))
    report("missing parameter", lambda: common.call_json("DescribeFlowDetailInfo", {}))
    old = CommonClient("essbasic", "2001-01-01", right, "", profile(endpoint))
    report("unknown version", lambda: old.call_json("DescribeFlowDetailInfo", {}))


def text(rng, length):
    """Text with what upsets encoders: spaces, escapes, CJK, astral characters."""
    return "".join(rng.choice("aZ09 _-.~/+%&=\"\\\n\t合同签署é😀") for _ in range(length))


def body(rng, depth=0):
    made = {}
    for _ in range(rng.randrange(5)):
        kind = rng.randrange(6 if depth < 2 else 4)
        made["K" + str(rng.randrange(1000))] = (
            text(rng, rng.randrange(40)) if kind == 0
            else rng.randrange(-(1 << 40), 1 << 40) if kind == 1
            else rng.random() < 0.5 if kind == 2
            else "" if kind == 3
            else [text(rng, 5) for _ in range(rng.randrange(4))] if kind == 4
            else body(rng, depth + 1)
        )
    return made


class Recorded(Exception):
    """Thrown in the place of sending."""


def signatures(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        host = rng.choice(["essbasic.tencentcloudapi.com", "127.0.0.1:18765", "a.example:1"])
        method = rng.choice(["POST", "POST", "GET"])
        unsigned = rng.random() < 0.2
        token = text(rng, 0) if rng.random() < 0.5 else "token"
        key = "".join(rng.choice("abcXYZ0189") for _ in range(rng.randrange(1, 80)))
        cred = credential.Credential("AKID" + str(rng.randrange(100)), key, token or None)
        service = rng.choice(["essbasic", "cvm", "sts"])
        client = CommonClient(service, "2021-05-26", cred, "", profile(host, method, unsigned))
        now = rng.randrange(0, 4_000_000_000)
        time_time, time.time = time.time, lambda: now
        seen = {}

        def stop(req, *_):
            seen["request"] = req
            raise Recorded

        client.request.send_request = stop
        params = body(rng)
        if rng.random() < 0.02:
            params["Big"] = text(rng, 1 << 20) if method == "POST" else text(rng, 1 << 10)
        try:
            client.call("Do" + str(rng.randrange(100)), params)
        except Recorded:
            pass
        finally:
            time.time = time_time
        request = seen["request"]
        payload = request.data if request.method == "POST" else ""
        if isinstance(payload, str):
            payload = payload.encode()
        print(json.dumps({
            "method": request.method,
            "query": request.data if request.method == "GET" else "",
            "content_type": request.header["Content-Type"],
            "host": request.header["Host"],
            "payload": base64.b64encode(payload).decode(),
            "unsigned": unsigned,
            "service": service,
            "timestamp": now,
            "secret_id": cred.secret_id,
            "secret_key": key,
            "authorization": request.header["Authorization"],
        }))


if __name__ == "__main__":
    if sys.argv[1] == "calls":
        calls(sys.argv[2])
    else:
        signatures(int(sys.argv[2]), int(sys.argv[3]))
