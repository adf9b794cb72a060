"""The official Python SDK as a client of the emulator and for comparison of signatures.

usage: sdk.py calls < INPUT   one JSON line per call
       sdk.py sign < INPUT    one JSON line per signed request
       sdk.py pages < INPUT   one JSON line per list: the items of all pages
       sdk.py streams < INPUT one JSON line per streamed call
"""

import base64
import json
import sys
import time
import warnings

from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.essbasic.v20210526 import essbasic_client, models


def profile(host, order):
    http = HttpProfile(endpoint=host, reqMethod=order["method"], protocol="http", reqTimeout=20)
    made = ClientProfile(httpProfile=http)
    made.unsignedPayload = order["unsigned"]
    return made


def typed(client, action, body):
    """Makes a call with the types of the SDK; returns the response as decoded by them."""
    request = getattr(models, action + "Request")()
    request.from_json_string(json.dumps(body))
    return json.loads(getattr(client, action)(request).to_json_string())


def call(host, order):
    cred = credential.Credential(order["secret_id"], order["secret_key"])
    action, body = order["action"], order["body"]
    if order["described"]:
        return typed(essbasic_client.EssbasicClient(cred, "", profile(host, order)), action, body)
    client = CommonClient("essbasic", order["version"], cred, "", profile(host, order))
    return client.call_json(action, body)["Response"]


def calls(given):
    if given["now"]:
        time.time = lambda: given["now"]
    for order in given["calls"]:
        line = {"name": order["name"]}
        # The SDK warns about fields that its models do not have, and drops them.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            try:
                line["response"] = call(given["host"], order)
            except TencentCloudSDKException as error:
                line.update(code=error.get_code(), request_id=error.get_request_id())
        line["warnings"] = [str(w.message) for w in caught if w.category is UserWarning]
        print(json.dumps(line))


def streams(given):
    for order in given["calls"]:
        cred = credential.Credential(order["secret_id"], order["secret_key"])
        client = CommonClient(
            order["service"], order["version"], cred, "", profile(order["host"], order))
        line = {"events": []}
        try:
            for event in client.call_sse(order["action"], order["body"]):
                # The SDK also returns an event without data for each further empty line.
                if "data" in event:
                    line["events"].append([event.get("event", ""), event["data"]])
        except TencentCloudSDKException as error:
            line.update(code=error.get_code(), request_id=error.get_request_id())
        print(json.dumps(line))


class Recorded(Exception):
    """Raised instead of sending."""


def sign(given):
    for order in given["requests"]:
        cred = credential.Credential(order["secret_id"], order["secret_key"], order["token"])
        client = CommonClient(
            order["service"], order["version"], cred, "", profile(order["host"], order))
        seen = []

        def record(request, *_):
            seen.append(request)
            raise Recorded

        client.request.send_request = record
        real, time.time = time.time, lambda: order["timestamp"]
        try:
            if order["octets"] is None:
                client.call(order["action"], order["body"])
            else:
                client.call_octet_stream(
                    order["action"], {}, base64.b64decode(order["octets"]))
        except Recorded:
            pass
        finally:
            time.time = real
        [request] = seen
        get = request.method == "GET"
        payload = "" if get else request.data
        payload = payload.encode() if isinstance(payload, str) else payload
        print(json.dumps({
            "method": request.method,
            "path": request.uri,
            "query": request.data if get else "",
            "headers": {name.lower(): value for name, value in request.header.items()},
            "payload": base64.b64encode(payload).decode(),
        }))


def at(response, path):
    """Returns a field of a response, or of an object in it."""
    for name in path.split("."):
        response = (response or {}).get(name)
    return response


def walk(client, order):
    """Requests a list page by page, as a user of the SDK does who has read the documentation of the action."""
    body, items = dict(order["body"]), []
    while True:
        response = client.call_json(order["action"], body)["Response"]
        page = at(response, order["items"]) or []
        items += page
        if order["kind"] == "token":
            if at(response, order["more"]) == order["ends"]:
                return items
            position = at(response, order["next"])
        elif not page:
            return items
        elif order["kind"] == "offset":
            position = len(items)
        else:
            position = int(body.get(order["position"], order["first"])) + 1
        body[order["position"]] = str(position) if order["text"] else position


def pages(given):
    cred = credential.Credential("AKIDEXAMPLE", "SECRETEXAMPLE")
    for order in given["lists"]:
        made = profile(given["host"], {"method": "POST", "unsigned": False})
        client = CommonClient("paged", "2020-01-02", cred, "", made)
        print(json.dumps({"action": order["action"], "items": walk(client, order)}))


if __name__ == "__main__":
    commands = {"calls": calls, "sign": sign, "pages": pages, "streams": streams}
    commands[sys.argv[1]](json.load(sys.stdin))
