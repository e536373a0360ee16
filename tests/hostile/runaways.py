"""Functions that do what they should not, for tests: each is a handler of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.config import Config

from hodei.testing import Cloud
from services.lambda_.functions import role_of
from services.lambda_.parallel import make

CODE = """
import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time

def handler(event, context):
    return "served"

def forks(event, context):
    made = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
    except OSError as error:
        return [made, error.strerror]

def daemon(event, context):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(3):
                os.close(descriptor)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(300)
        os._exit(0)
    return "gone"

def deaf(event, context):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(300)

def fills(event, context):
    written = 0
    try:
        with open("/tmp/x", "wb", buffering=0) as file:
            while True:
                written += file.write(bytes(1 << 20))
    except OSError as error:
        return [written >> 20, error.strerror]

def prints(event, context):
    line = "x" * 100 + "\\n"
    while True:
        sys.stdout.write(line)

def one_line(event, context):
    while True:
        os.write(1, b"x" * 65536)

def eats(event, context):
    data = []
    while True:
        data.append(bytearray(os.urandom(1 << 20) * 4))

def spins(event, context):
    while True:
        pass

def opens(event, context):
    files = []
    try:
        while True:
            files.append(open("/dev/null"))
    except OSError as error:
        return [len(files), error.strerror]

def deep(event, context):
    return event

def dies(event, context):
    os.kill(os.getpid(), signal.SIGKILL)

def tries(event, context):
    told = {}
    for name, code in event.items():
        try:
            told[name] = eval(code)
        except BaseException as error:
            told[name] = type(error).__name__
    return told
"""


def functions(cloud: Cloud) -> Callable[..., str]:
    """Makes functions of CODE, by their handlers; their names are those."""
    role = role_of(cloud, "service-role/AWSLambdaBasicExecutionRole")

    def function(handler: str, code: str = CODE, **options: Any) -> str:
        return make(cloud, role, handler, code, **{"Handler": f"app.{handler}", "Timeout": 10, **options})

    return function


def call(cloud: Cloud, name: str, event: Any = None) -> Any:
    config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    response = cloud.client("lambda", config=config).invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return json.loads(response["Payload"].read())
