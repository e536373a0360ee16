"""What functions have of memory, and of files in /tmp, which are none; with control groups and without."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.engines.sandbox import cgroups
from hodei.testing import Cloud

from .functions import function_of, role_of, zipped

pytestmark = pytest.mark.feature("lambda.memory")
MEGABYTE = 1 << 20
# modules are loaded with whole processors, which handlers of little memory do not have
CODE = """
import mmap, multiprocessing, os, time

def stored(megabytes, to="/tmp/x"):
    with open(to, "ab", buffering=0) as file:
        for _ in range(megabytes):
            file.write(bytes(1 << 20))

def waits():
    time.sleep(20)

stored({stored})
taken = []

def handler(event, context):
    {body}
"""


@pytest.fixture(params=["groups", "no groups"])
def made(request: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes functions of 128 MB from the body of a handler, on machines with and without control groups."""
    if request.param == "no groups":
        monkeypatch.setattr(cgroups, "ROOT", Path("/nonexistent"))
    group = cgroups.Cgroup(MEGABYTE)
    counts = group.counts
    group.remove()
    if counts == (request.param == "no groups"):
        pytest.skip("this machine has no control groups to give")
    role = role_of(cloud)

    def make(body: str, stored: int = 0, **options: Any) -> str:
        code = zipped(app__py=CODE.format(stored=stored, body=body))
        return function_of(cloud, role, "app.handler", code, **{"MemorySize": 128, "Timeout": 60, **options})

    return make


def invoke(cloud: Cloud, name: str) -> tuple[Any, str]:
    """What has come of it, and the most memory that it had, as the report says."""
    answer = cloud.client("lambda").invoke(FunctionName=name, LogType="Tail")
    report = re.search(r"Max Memory Used: (\d+ MB)", base64.b64decode(answer["LogResult"]).decode())
    assert report
    return json.loads(answer["Payload"].read()), report[1]


def test_files_are_no_memory(cloud: Cloud, made: Any) -> None:
    name = made("stored(20); return sum(os.path.getsize(f'/tmp/{name}') for name in os.listdir('/tmp')) >> 20", 300)
    for size in (320, 340):
        found, most = invoke(cloud, name)
        assert found == size and 1 < int(most.split()[0]) < 100


def test_files_have_their_own_limit(cloud: Cloud, made: Any) -> None:
    body = """
    try:
        stored(20)
    except OSError as error:
        return [os.path.getsize("/tmp/x") >> 20, error.strerror]"""
    assert invoke(cloud, made(body, 505))[0] == [512, "No space left on device"]


@pytest.mark.parametrize(
    ("stored", "body"),
    [
        (300, "taken.append(b'x' * (200 << 20)); waits()"),
        (0, "taken.append(mmap.mmap(-1, 200 << 20)); taken[0].write(b'x' * (150 << 20)); waits()"),
        (0, "while True: taken.append(b'x' * (1 << 20))"),
    ],
    ids=["beside files", "shared", "bit by bit"],
)
def test_out_of_memory(cloud: Cloud, made: Any, stored: int, body: str) -> None:
    found, most = invoke(cloud, made(body, stored))
    assert found["errorType"] == "Runtime.OutOfMemory" and most == "128 MB"
    assert re.fullmatch(r"RequestId: \S+ Error: Runtime exited with error: signal: killed", found["errorMessage"])


def test_memory_that_comes_and_goes(cloud: Cloud, made: Any) -> None:
    """The report knows of it however short it was."""
    found, most = invoke(cloud, made("return len(b'x' * (300 << 20)) >> 20", 100, MemorySize=1769))
    assert found == 300 and 300 <= int(most.split()[0]) < 400


def test_the_largest_is_killed(cloud: Cloud, made: Any) -> None:
    """A process that takes too much memory ends, and not who has started it."""
    body = """
    child = multiprocessing.Process(target=lambda: (taken.append(b"x" * (500 << 20)), waits()))
    child.start()
    child.join()
    return child.exitcode"""
    assert invoke(cloud, made(body, 100, MemorySize=256))[0] == -9


def test_what_forks_share_counts_once(cloud: Cloud, made: Any) -> None:
    body = """
    taken.append(b"x" * (200 << 20))
    children = [multiprocessing.Process(target=time.sleep, args=(0.5,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [child.exitcode for child in children]"""
    assert invoke(cloud, made(body, MemorySize=1024))[0] == [0, 0, 0, 0]
