"""The official command line, tccli, as a client of the emulator: each call from its arguments.

usage: command.py calls < INPUT   one JSON line per call

All commands run in this process, which saves the imports. `HOME` contains the settings of the command line.
"""

import io
import json
import os
import re
import sys
import time

from tccli import main
from tccli.action_caller import GenericActionCaller
from tccli.loaders import Loader

# A command spends most of its time on copying the list of all services 500 times, so it is cached.
SERVICES = Loader().get_available_services()
Loader.get_available_services = lambda self: SERVICES


def describe(action):
    """Adds an action to the description of the API unless it is already there, as in a newer version."""
    read = Loader.get_service_model

    def model(self, service, version):
        described = read(self, service, version)
        if service == "essbasic":
            caller = GenericActionCaller(service, action)
            described["actions"].setdefault(action, {"name": action, "action_caller": caller})
        return described

    Loader.get_service_model = model


class Captured(io.BytesIO):
    """A buffer that survives close(): the command line wraps its output repeatedly, and each wrapper closes it."""

    def close(self):
        pass


def run(*arguments):
    """Runs the command line and returns what it wrote to stdout and stderr."""
    sys.argv = ["tccli", *arguments]
    wrote, error, real = Captured(), io.StringIO(), (sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = io.TextIOWrapper(wrote, encoding="utf-8"), error
    try:
        main.main()
    except SystemExit:
        pass
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = real
    return wrote.getvalue().decode(), error.getvalue()


ERROR = re.compile(r"\[TencentCloudSDKException\] code:(\S+) message:.* requestId:(\S+)")


def calls(given):
    if given["now"]:
        time.time = lambda: given["now"]
    endpoint = "http://" + given["host"]
    run("configure", "set", "region", "ap-guangzhou", "output", "json",
        "essbasic.endpoint", endpoint)
    for call in given["calls"]:
        if not call["described"]:
            describe(call["action"])
        file = os.path.join(os.environ["HOME"], "body.json")
        with open(file, "w") as body:
            json.dump(call["body"], body)
        wrote, error = run(
            "essbasic", call["action"], "--version", call["version"],
            "--cli-input-json", "file://" + file,
            "--secretId", call["secret_id"], "--secretKey", call["secret_key"])
        line = {"name": call["name"]}
        refused = ERROR.match(error)
        if refused:
            line.update(code=refused[1], request_id=refused[2])
        elif error:
            line["failed"] = error
        else:
            line["response"] = json.loads(wrote)
        print(json.dumps(line))


if __name__ == "__main__":
    {"calls": calls}[sys.argv[1]](json.load(sys.stdin))
