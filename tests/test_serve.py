"""The server process: how it begins, how it ends, and what is left then."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

pytestmark = pytest.mark.socket

START = [sys.executable, "-m", "hodei", "start"]
PATIENCE = 10


class Process:
    """`hodei start` in front, on a free port."""

    def __init__(self, *arguments: str) -> None:
        command = [*START, "--port", "0", *arguments]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.popen.stdout
        self.first_line = self.popen.stdout.readline()
        self.url = self.first_line.partition("answers on ")[2].partition(" ")[0]
        self.port = int(self.url.rpartition(":")[2])

    def client(self, service: str, **config: Any) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", config=Config(**config), **keys)

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def ended(self) -> tuple[int, str]:
        """The exit code and what it said on stderr."""
        _, errors = self.popen.communicate(timeout=PATIENCE)
        return self.popen.returncode, errors


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def run(*arguments: str) -> Process:
        processes.append(Process(*arguments))
        return processes[-1]

    yield run
    for process in processes:
        process.popen.kill()
        process.popen.communicate()


def refused(*arguments: str) -> str:
    """The one line on stderr with which a start is refused."""
    ran = subprocess.run([*START, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("hodei: ")
    assert ran.stderr.count("\n") == 1
    return ran.stderr


@pytest.mark.feature("cloud.durability")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
def test_state_is_back_however_it_ended(start: Callable[..., Process], tmp_path: Path, end: signal.Signals) -> None:
    first = start("--data", str(tmp_path / "data"))
    sqs = first.client("sqs")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="first")
    first.signal(end)
    assert first.ended()[0] == (-end if end is signal.SIGKILL else 0)
    again = start("--data", str(tmp_path / "data")).client("sqs")
    received = again.receive_message(QueueUrl=again.get_queue_url(QueueName="orders")["QueueUrl"])
    assert [message["Body"] for message in received["Messages"]] == ["first"]


def test_an_ephemeral_cloud_leaves_nothing(start: Callable[..., Process]) -> None:
    first = start("--ephemeral")
    first.client("sqs").create_queue(QueueName="orders")
    first.signal(signal.SIGTERM)
    assert first.ended() == (0, "")
    assert "QueueUrls" not in start("--ephemeral").client("sqs").list_queues()


FORM = b"Action=GetCallerIdentity&Version=2011-06-15"


@contextmanager
def open_request(process: Process) -> Iterator[socket.socket]:
    """A request of which the head has arrived and the body, FORM, is still to come."""
    head = [
        "POST / HTTP/1.1",
        "Host: sts.localhost",
        "Content-Type: application/x-www-form-urlencoded",
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sts/aws4_request, Signature=0",
        f"Content-Length: {len(FORM)}",
        "Expect: 100-continue",
    ]
    with socket.create_connection(("127.0.0.1", process.port), PATIENCE) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        yield connection


def test_an_open_request_finishes_before_the_end(start: Callable[..., Process]) -> None:
    process = start("--ephemeral")
    with open_request(process) as connection:
        process.signal(signal.SIGTERM)
        while _accepts(process.port):
            pass
        connection.sendall(FORM)
        answer = b""
        while part := connection.recv(10_000):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"GetCallerIdentityResult" in answer
    assert process.ended() == (0, "")


def test_a_long_poll_is_broken_off_in_a_way_that_clients_meet_by_asking_again(start: Callable[..., Process]) -> None:
    process = start("--ephemeral")
    queue = process.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    once = process.client("sqs", retries={"total_max_attempts": 1})
    with ThreadPoolExecutor(1) as thread:
        poll = thread.submit(once.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        time.sleep(0.5)  # until the request has arrived
        process.signal(signal.SIGTERM)
        assert process.ended() == (0, "")
        error = poll.exception()
    assert isinstance(error, ClientError)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert error.response["Error"]["Code"] == "ServiceUnavailable"


def test_a_second_signal_ends_it_at_once(start: Callable[..., Process]) -> None:
    process = start("--ephemeral")
    with open_request(process):
        process.signal(signal.SIGTERM)
        while _accepts(process.port):
            pass
        process.signal(signal.SIGTERM)
        assert process.ended() == (130, "")


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionError:
        return False
    return True


def test_the_url_is_how_clients_reach_it(start: Callable[..., Process]) -> None:
    process = start("--ephemeral", "--url", "http://hodei.test:1234")
    assert "answers on http://hodei.test:1234 " in process.first_line
    process.popen.send_signal(signal.SIGTERM)


# what keeps it from starting


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        data = str(tmp_path / "data")
        assert f"port {port} on 127.0.0.1 is in use" in refused("--port", str(port), "--data", data)
        assert f"port {port} on 127.0.0.1 is in use" in refused("--port", str(port), "--data", data, "--detach")


def test_no_such_address(tmp_path: Path) -> None:
    assert "cannot listen on 192.0.2.1:4599" in refused("--host", "192.0.2.1", "--port", "4599", "--ephemeral")
    assert "70000 is no port" in refused("--port", "70000", "--ephemeral")


def test_an_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for how in ([], ["--detach"]):
        assert f"the data folder {tmp_path}/file/data cannot be written" in refused(
            "--data", f"{tmp_path}/file/data", *how
        )


def test_a_folder_held_by_another_process(start: Callable[..., Process], tmp_path: Path) -> None:
    holder = start("--data", str(tmp_path))
    for how in ([], ["--detach"]):
        line = refused("--port", "0", "--data", str(tmp_path), *how)
        assert f"the data folder {tmp_path} is in use by process {holder.popen.pid}" in line


@pytest.mark.parametrize("newer", ["the store", "a service"])
def test_data_of_a_newer_version(start: Callable[..., Process], tmp_path: Path, newer: str) -> None:
    first = start("--data", str(tmp_path))
    first.client("sqs").create_queue(QueueName="orders")
    first.signal(signal.SIGTERM)
    assert first.ended() == (0, "")
    if newer == "the store":
        with sqlite3.connect(tmp_path / "hodei.db") as db:
            db.execute("UPDATE meta SET value = 99 WHERE name = 'format'")
        db.close()
    else:
        _raise_schema(tmp_path, "sqs")
    for how in ([], ["--detach"]):
        assert "was written by a newer version of Hodei" in refused("--port", "0", "--data", str(tmp_path), *how)


def _raise_schema(data: Path, service: str) -> None:
    from hodei.kernel import keys
    from hodei.kernel.store import Store

    store = Store.open(data / "hodei.db")
    with store.batch():
        store.put(keys.pack(("", "", "kernel", "schema", service)), keys.pack((99,)))
    store.close()


def test_idle_it_is_small(start: Callable[..., Process]) -> None:
    process = start("--ephemeral")
    process.client("sts").get_caller_identity()
    if not (statm := Path(f"/proc/{process.popen.pid}/statm")).exists():
        pytest.skip("no /proc here")
    resident = int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 50 << 20
