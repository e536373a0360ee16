"""What functions leave behind when the cloud has ended, however it ends: nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from hodei.testing import Cloud
from hostile.leftovers import cgroups, descendants, files, folders, mounts, soon
from hostile.process import Process
from hostile.runaways import CODE, call, functions
from services.lambda_.functions import PYTHON, role_of, zipped

pytestmark = [
    pytest.mark.feature("lambda.invoke"),
    pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc"),
]
HANDLERS = ("handler", "daemon", "deaf", "forks")


def test_a_cloud_in_a_test(tmp_path: Path) -> None:
    with Cloud():  # what is loaded once stays
        pass
    before = descendants(os.getpid()), cgroups(os.getpid()), mounts(), folders(os.getpid()), files(os.getpid())
    for directory in (None, tmp_path):
        with Cloud(directory=directory, seed=None) as cloud:
            function = functions(cloud)
            for handler in HANDLERS:
                function(handler, Timeout=2)
            going = [threading.Thread(target=call, args=(cloud, handler)) for handler in HANDLERS]
            for one in going:
                one.start()
            for one in going:
                one.join()
            fn = cloud.client("lambda")
            fn.put_provisioned_concurrency_config(
                FunctionName="handler", Qualifier="1", ProvisionedConcurrentExecutions=3
            )
            fn.invoke(FunctionName="deaf", InvocationType="Event")
            assert descendants(os.getpid()) > before[0]
    assert soon(lambda: descendants(os.getpid()) == before[0])
    assert (cgroups(os.getpid()), mounts(), folders(os.getpid())) == before[1:4]
    assert files(os.getpid()) <= before[4] + 2
    assert not list((tmp_path / "sandboxes").iterdir())


def prepared(process: Process) -> Any:
    """A client of Lambda for functions that are there and have run."""

    role, fn = role_of(process), process.client("lambda")
    package = {"ZipFile": zipped(app__py=CODE)}
    for handler in HANDLERS:
        given = {"Runtime": PYTHON, "Handler": f"app.{handler}", "MemorySize": 512, "Timeout": 20, "Publish": True}
        fn.create_function(FunctionName=handler, Role=role, Code=package, **given)
    for handler in ("handler", "daemon"):
        fn.invoke(FunctionName=handler)
    fn.put_provisioned_concurrency_config(FunctionName="handler", Qualifier="1", ProvisionedConcurrentExecutions=2)
    return fn


def attempt(fn: Any, name: str) -> None:
    try:
        fn.invoke(FunctionName=name)
    except (ClientError, BotoCoreError):
        return


@pytest.mark.socket
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_server(tmp_path: Path, number: signal.Signals) -> None:
    process = Process(tmp_path / "data", tmp_path / "log")
    fn, pid = prepared(process), process.popen.pid
    going = [threading.Thread(target=attempt, args=(fn, name)) for name in ("deaf", "forks", "deaf")]
    for one in going:
        one.start()
    assert soon(lambda: len(descendants(pid)) > 20)
    there = descendants(pid)
    process.popen.send_signal(number)
    process.popen.communicate(timeout=20)
    for one in going:
        one.join()
    assert soon(lambda: not any(alive(one) for one in there))
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log and " ERROR " not in log, log
    if number == signal.SIGKILL:  # what a dead process cannot tidy up the next one does
        with Process(tmp_path / "data", tmp_path / "log") as again:
            again.client("lambda").invoke(FunctionName="handler")
            assert not cgroups(pid)
    assert not cgroups(pid)
    assert not list((tmp_path / "data" / "sandboxes").iterdir())


@pytest.mark.socket
def test_who_waits_for_a_function_when_the_cloud_stops_is_told(tmp_path: Path) -> None:
    with Process(None, tmp_path / "log") as process:
        fn, package = process.client("lambda"), {"ZipFile": zipped(app__py=CODE)}
        fn.create_function(
            FunctionName="deaf", Role=role_of(process), Code=package, Runtime=PYTHON, Handler="app.deaf", Timeout=120
        )
        with ThreadPoolExecutor() as threads:
            calls = (fn.invoke, fn.invoke_with_response_stream)
            waiting = [threads.submit(call, FunctionName="deaf") for call in calls]
            assert soon(lambda: len(cgroups(process.popen.pid)) >= len(waiting))
            process.stop()
            for one in waiting:
                with pytest.raises(ClientError, match="ServiceUnavailable"):
                    one.result()


def alive(pid: int) -> bool:
    """Whether it runs: neither gone nor a zombie that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
