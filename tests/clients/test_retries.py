"""The SDKs' own retries and timeouts against slow answers, broken connections and a server that goes and comes back."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from hostile.process import Process

pytestmark = pytest.mark.socket

MODES = ("legacy", "standard", "adaptive")
ATTEMPTS = 8  # the SDK's back-off in `standard` mode waits for a second or so at most between them


@pytest.fixture
def queue(connect: Callable[..., Any]) -> Iterator[str]:
    sqs = connect("sqs")
    url: str = sqs.create_queue(QueueName="retries", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize("mode", MODES)
def test_a_read_timeout_amid_a_long_poll_loses_nothing(connect: Callable[..., Any], queue: str, mode: str) -> None:
    """The SDK gives the poll up and asks again; a message that comes later goes to a poll that is still there."""
    impatient = connect("sqs", read_timeout=0.5, retries={"mode": mode, "total_max_attempts": 2})
    begun = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        impatient.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
    assert 1 <= time.monotonic() - begun < 5, "it timed out twice"
    time.sleep(0.2)  # until the server has seen the connection close
    sqs = connect("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="kept")
    (message,) = sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["ApproximateReceiveCount"])[
        "Messages"
    ]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("kept", "1")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.parametrize("mode", MODES)
def test_a_retried_long_poll_gets_the_message_once(connect: Callable[..., Any], queue: str, mode: str) -> None:
    impatient = connect("sqs", read_timeout=0.5, retries={"mode": mode, "total_max_attempts": ATTEMPTS})
    sqs = connect("sqs")
    with ThreadPoolExecutor(1) as thread:
        poll = thread.submit(impatient.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        while not poll.done():  # the SDK may be between two attempts, in which nobody is waiting
            attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
            if attributes["ApproximateNumberOfMessages"] == attributes["ApproximateNumberOfMessagesNotVisible"] == "0":
                time.sleep(0.8)
                sqs.send_message(QueueUrl=queue, MessageBody="one")
    answer = poll.result()
    assert answer["ResponseMetadata"]["RetryAttempts"] >= 1
    assert [message["Body"] for message in answer["Messages"]] == ["one"]
    count = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=count)["Attributes"]
    assert sorted(left.values()) == ["0", "1"], "the one in flight"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=answer["Messages"][0]["ReceiptHandle"])
    time.sleep(2.2)  # its visibility timeout: it does not come again
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def patient(url: str, service: str, mode: str) -> Any:
    config = Config(retries={"mode": mode, "total_max_attempts": ATTEMPTS}, connect_timeout=2, read_timeout=30)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", config=config, **keys)


@pytest.mark.feature("cloud.durability")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_is_bridged_by_retries(tmp_path: Path, mode: str, end: str) -> None:
    """A poll that is open when the server goes, and sends while it is away: all succeed once it is back."""
    with Process(tmp_path / "data", tmp_path / "log") as first:
        queue = patient(first.url, "sqs", mode).create_queue(QueueName="orders")["QueueUrl"]
        port = first.port
        with ThreadPoolExecutor(2) as threads:
            poll = threads.submit(patient(first.url, "sqs", mode).receive_message, QueueUrl=queue, WaitTimeSeconds=20)
            time.sleep(0.3)
            getattr(first, end)()
            sent = threads.submit(patient(first.url, "sqs", mode).send_message, QueueUrl=queue, MessageBody="through")
            time.sleep(0.3)
            with Process(tmp_path / "data", tmp_path / "log", port) as again:
                assert again.url == first.url
                answer, message = poll.result(), sent.result()
    assert [found["MessageId"] for found in answer["Messages"]] == [message["MessageId"]]
    assert answer["ResponseMetadata"]["RetryAttempts"] >= 1
    assert message["ResponseMetadata"]["RetryAttempts"] >= 1


def test_a_connection_that_breaks_amid_an_upload_is_tried_again(server: Process, connect: Callable[..., Any]) -> None:
    """A proxy that cuts the first connection after a megabyte of the body."""
    connect("s3").create_bucket(Bucket="retries")
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        Thread(target=cut_once, args=(proxy, server.port, 2**20), daemon=True).start()
        s3 = connect("s3", url=f"http://127.0.0.1:{proxy.getsockname()[1]}")
        answer = s3.put_object(Bucket="retries", Key="key", Body=b"x" * 4 * 2**20)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert connect("s3").head_object(Bucket="retries", Key="key")["ContentLength"] == 4 * 2**20


def cut_once(proxy: socket.socket, port: int, after: int) -> None:
    """Close the first connection after so many bytes; pass all of the second on."""
    for limit in (after, None):
        client, _ = proxy.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            Thread(target=pump, args=(server, client, None), daemon=True).start()
            pump(client, server, limit)
            server.shutdown(socket.SHUT_WR)


def pump(source: socket.socket, target: socket.socket, limit: int | None) -> None:
    passed = 0
    with suppress(OSError):
        while (limit is None or passed < limit) and (data := source.recv(65536)):
            target.sendall(data)
            passed += len(data)
