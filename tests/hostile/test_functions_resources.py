"""Functions that want more than there is: processes, memory, disk, processors, files, room in the log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hodei.testing import Cloud
from hostile.leftovers import descendants, soon
from hostile.runaways import call, functions

pytestmark = pytest.mark.feature("lambda.invoke")
groups = pytest.mark.skipif(
    not any(os.access(f"/sys/fs/cgroup{group}", os.W_OK) for group in ("", "/memory")),
    reason="this machine has no control groups to give",
)


@pytest.fixture
def function(cloud: Cloud) -> Callable[..., str]:
    return functions(cloud)


def resident() -> int:
    """Bytes of memory of this process, in which the cloud is."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS"))


@groups
def test_processes(cloud: Cloud, function: Any) -> None:
    function("forks", MemorySize=1769, Timeout=60)
    function("handler")
    made, why = call(cloud, "forks")
    assert 900 < made < 1024 and why == "Resource temporarily unavailable"
    assert call(cloud, "handler") == "served"


def test_processes_that_are_left_end_with_their_environment(cloud: Cloud, function: Any) -> None:
    call(cloud, function("handler"))
    before = len(descendants(os.getpid()))
    assert call(cloud, function("daemon")) == "gone"
    assert len(descendants(os.getpid())) > before
    cloud.client("lambda").delete_function(FunctionName="daemon")
    cloud.settle()
    assert soon(lambda: len(descendants(os.getpid())) == before)


def test_signals_that_are_ignored(cloud: Cloud, function: Any) -> None:
    call(cloud, function("handler"))
    before = len(descendants(os.getpid()))
    assert call(cloud, function("deaf", Timeout=1))["errorType"] == "Sandbox.Timedout"
    assert soon(lambda: len(descendants(os.getpid())) == before)


@pytest.mark.parametrize("memory", [256, 1024])
def test_the_temporary_folder(cloud: Cloud, function: Any, memory: int) -> None:
    """It is no part of the memory."""
    function("fills", MemorySize=memory, Timeout=60)
    assert call(cloud, "fills") == [512, "No space left on device"]


@pytest.mark.parametrize("handler", ["prints", "one_line"])
def test_output_without_an_end(cloud: Cloud, function: Any, handler: str) -> None:
    function("handler")
    call(cloud, "handler")
    before, slowest = resident(), 0.0
    function(handler, Timeout=3, MemorySize=1769)
    going = threading.Thread(target=call, args=(cloud, handler))
    going.start()
    while going.is_alive():
        began = time.monotonic()
        assert call(cloud, "handler") == "served"
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.05)
    going.join()
    assert resident() - before < 200 << 20
    assert slowest < 2
    events = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{handler}", limit=10)["events"]
    assert events and max(len(event["message"]) for event in events) <= 256 * 1024


@pytest.mark.feature("lambda.memory")
def test_memory(cloud: Cloud, function: Any) -> None:
    function("eats", MemorySize=128, Timeout=30)
    function("handler")
    assert call(cloud, "eats")["errorType"] == "Runtime.OutOfMemory"
    assert call(cloud, "handler") == "served"


def test_processors(cloud: Cloud, function: Any) -> None:
    """Who spins leaves the others their time."""
    function("spins", Timeout=4, MemorySize=1769)
    function("handler", MemorySize=1769)
    call(cloud, "handler")
    spinning = [threading.Thread(target=call, args=(cloud, "spins")) for _ in range(6)]
    for one in spinning:
        one.start()
    time.sleep(1)
    taken = []
    for _ in range(20):
        began = time.monotonic()
        cloud.client("sts").get_caller_identity()
        taken.append(time.monotonic() - began)
    for one in spinning:
        one.join()
    assert sorted(taken)[len(taken) // 2] < 0.5


def test_files(cloud: Cloud, function: Any) -> None:
    count, why = call(cloud, function("opens"))
    assert 900 < count < 1024 and why == "Too many open files"


@pytest.mark.parametrize("depth", [500, 1000, 100_000])
def test_events_that_are_deep(cloud: Cloud, function: Any, depth: int) -> None:
    function("deep")
    function("handler")
    client, event = cloud.client("lambda"), b"[" * depth + b"]" * depth
    try:
        answer = client.invoke(FunctionName="deep", Payload=event)
        assert answer["Payload"].read().replace(b" ", b"") == event or answer["FunctionError"] == "Unhandled"
    except client.exceptions.InvalidRequestContentException:
        assert depth > 900
    client.invoke(FunctionName="deep", Payload=b'"' + b"[" * depth + b'"')
    assert call(cloud, "handler") == "served"


def test_events_that_are_no_text(cloud: Cloud, function: Any) -> None:
    client = cloud.client("lambda")
    for event in (b'"\xff\xfe"', b"\xed\xa0\x80", b'{"a": "\x00"}', b"\x00", b'"\xc3'):
        with pytest.raises(client.exceptions.InvalidRequestContentException):
            client.invoke(FunctionName=function("deep"), Payload=event)
        client.delete_function(FunctionName="deep")
