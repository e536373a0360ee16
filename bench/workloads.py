"""What the servers are asked: the same bytes for each, over one keep-alive connection, from this process."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench import dynamodb, functions, logs
from bench.client import Call, Client
from bench.servers import scope

KB, MB = 2**10, 2**20
PART = 16 * MB


@dataclass
class Result:
    """Server CPU in microseconds and latencies in milliseconds, a request."""

    requests: int = 0
    cpu: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def sqs_send(client: Client) -> Iterator[Call]:
    url = client.sqs("CreateQueue", QueueName="send")["QueueUrl"]
    while True:
        yield lambda: client.sqs("SendMessage", QueueUrl=url, MessageBody="x" * 200) and None


def sqs_receive_delete(client: Client) -> Iterator[Call]:
    """Two requests a call."""
    url = client.sqs("CreateQueue", QueueName="receive")["QueueUrl"]
    for _ in range(200):
        entries = [{"Id": str(n), "MessageBody": "x" * 200} for n in range(10)]
        client.sqs("SendMessageBatch", QueueUrl=url, Entries=entries)

    def call() -> None:
        message = client.sqs("ReceiveMessage", QueueUrl=url)["Messages"][0]
        client.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    while True:
        yield call


def bucket(client: Client, name: str) -> None:
    try:
        client.s3("PUT", f"/{name}")
    except RuntimeError as error:
        if "BucketAlready" not in str(error):
            raise


def s3_put(size: int) -> Callable[[Client], Iterator[Call]]:
    def workload(client: Client) -> Iterator[Call]:
        bucket(client, "put")
        body, numbers = b"x" * size, itertools.count()
        while True:
            yield lambda: client.s3("PUT", f"/put/{size}/{next(numbers):08}", body) and None

    return workload


def s3_get(size: int) -> Callable[[Client], Iterator[Call]]:
    def workload(client: Client) -> Iterator[Call]:
        bucket(client, "get")
        client.s3("PUT", f"/get/{size}", b"x" * size)

        def call() -> None:
            assert len(client.s3("GET", f"/get/{size}")) == size

        while True:
            yield call

    return workload


def s3_multipart(client: Client) -> Iterator[Call]:
    """1 GB in parts of 16 MB; one call is the whole upload."""
    bucket(client, "multipart")
    body = b"x" * PART

    def call() -> None:
        answer = client.s3("POST", "/multipart/big?uploads")
        found = re.search(rb"<UploadId>(.*?)</UploadId>", answer)
        assert found
        upload, parts = found[1].decode(), []
        for number in range(1, 1024 * MB // PART + 1):
            path = f"/multipart/big?partNumber={number}&uploadId={upload}"
            client.connection.request("PUT", path, body, scope("s3"))
            response = client.connection.getresponse()
            response.read()
            parts.append(f"<Part><PartNumber>{number}</PartNumber><ETag>{response.headers['ETag']}</ETag></Part>")
        complete = f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>".encode()
        client.s3("POST", f"/multipart/big?uploadId={upload}", complete)

    while True:
        yield call


def fill(client: Client, count: int, seconds: float) -> int:
    """Put up to `count` small objects within `seconds`; how many there are."""
    client.connection.close()
    bucket(client, "list")
    started = time.perf_counter()
    for number in range(count):
        client.s3("PUT", f"/list/key-{number:08}", b"x")
        if number % 1000 == 0 and time.perf_counter() - started > seconds:
            return number + 1
    return count


def s3_list(client: Client) -> Iterator[Call]:
    def call() -> None:
        assert client.s3("GET", "/list?list-type=2&max-keys=1000").count(b"<Key>") == 1000

    while True:
        yield call


@dataclass(frozen=True)
class Workload:
    name: str
    calls: Callable[[Client], Iterator[Call]]
    count: int  # calls a turn
    requests: int = 1  # requests a call


WORKLOADS = [
    Workload("SQS SendMessage", sqs_send, 1500),
    Workload("SQS Receive+Delete", sqs_receive_delete, 500, 2),
    Workload("S3 PUT 1 KB", s3_put(KB), 1000),
    Workload("S3 GET 1 KB", s3_get(KB), 1500),
    Workload("S3 PUT 1 MB", s3_put(MB), 60),
    Workload("S3 GET 1 MB", s3_get(MB), 100),
    Workload("S3 multipart 1 GB", s3_multipart, 1, 66),
    Workload("S3 list 1,000 keys", s3_list, 30),
    Workload("DynamoDB PutItem", dynamodb.put_item, 1000),
    Workload("DynamoDB GetItem", dynamodb.get_item, 1500),
    Workload("DynamoDB UpdateItem if", dynamodb.update_item, 1000),
    Workload("DynamoDB Query 100", dynamodb.query, 300),
    Workload("DynamoDB BatchWrite 25", dynamodb.batch_write, 100),
    Workload("DynamoDB Transact 10", dynamodb.transact_write, 200),
    Workload("DynamoDB Scan page", dynamodb.scan, 30),
    Workload("Lambda warm", functions.warm, 300),
    Workload("Lambda cold", functions.cold, 30),
    Workload("Lambda 1,000 at once", functions.many, 1, functions.AT_ONCE),
    Workload("Lambda from SQS", functions.from_queue, 1, functions.MESSAGES),
    Workload("Logs Put 100", logs.put, 200),
    Workload("Logs Filter term", logs.search("nowhere"), 3),
    Workload("Logs Filter JSON", logs.search("{ $.status = 999 }"), 3),
    Workload("Logs Filter regex", logs.search(r"%orders/\d+x%"), 3),
    Workload("Logs Insights filter", logs.query("filter level = 'ERROR' | stats count(*), avg(ms) by bin(1h)"), 3),
    Workload("Logs Insights stats", logs.query("stats count(*) by bin(1h)"), 3),
]


FILL = {"S3 list 1,000 keys": fill, "DynamoDB Scan page": dynamodb.fill} | {
    workload.name: logs.fill for workload in WORKLOADS if workload.name.startswith(("Logs Filter", "Logs Insights"))
}  # what is there before; how many of it


def measure(client: Client, calls: Iterator[Call], workload: Workload, result: Result) -> None:
    """One turn of a workload, added to `result`."""
    client.connection.close()  # others had their turn meanwhile, and this one may have been closed as idle
    next(calls)()  # warm
    before = client.server.cpu()
    for _ in range(workload.count):
        call = next(calls)
        started = time.perf_counter()
        call()
        result.latencies.append((time.perf_counter() - started) * 1000 / workload.requests)
    result.cpu += (client.server.cpu() - before) * 1e6
    result.requests += workload.count * workload.requests
