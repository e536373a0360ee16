"""What the servers are asked of CloudWatch Logs: events put, searched for and counted among many."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator

from bench.client import Call, Client

BATCH = 5000  # events of a PutLogEvents that fills
STREAMS = 8
HOURS = 12
PATIENCE = 60
filled: dict[str, int] = {}  # events by server


def group(client: Client, name: str, streams: int = 1) -> None:
    client.logs("CreateLogGroup", logGroupName=name)
    for number in range(streams):
        client.logs("CreateLogStream", logGroupName=name, logStreamName=f"s{number}")


def message(chance: random.Random, number: int) -> str:
    """Of a service that mostly writes JSON."""
    if number % 5 == 0:
        return f"REPORT RequestId: {chance.getrandbits(128):032x}\tDuration: {chance.expovariate(0.03):.2f} ms"
    level = chance.choices(["INFO", "WARN", "ERROR"], [94, 5, 1])[0]
    path = f"/{chance.choice(['orders', 'users', 'items'])}/{chance.randrange(100_000)}"
    status = 500 if level == "ERROR" else chance.choice([200, 200, 201, 404])
    return json.dumps({
        "level": level, "path": path, "status": status, "ms": round(chance.expovariate(0.03), 2),
        "requestId": f"{chance.getrandbits(128):032x}", "user": {"id": chance.randrange(5000), "plan": "free"},
    })  # fmt: skip


def fill(client: Client, count: int, seconds: float) -> int:
    """Put up to `count` events of the last twelve hours within `seconds`, once a server; how many there are."""
    client.connection.close()
    if client.server.name in filled:
        return filled[client.server.name]
    group(client, "many", STREAMS)
    chance, started = random.Random(1), time.perf_counter()
    begin, step = int(time.time() * 1000) - HOURS * 3_600_000, HOURS * 3_600_000 / count
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        events = [{"timestamp": int(begin + n * step), "message": message(chance, n)} for n in numbers]
        client.logs("PutLogEvents", logGroupName="many", logStreamName=f"s{first // BATCH % STREAMS}", logEvents=events)
        filled[client.server.name] = first + len(events)
        if time.perf_counter() - started > seconds:
            break
    return filled[client.server.name]


def put(client: Client) -> Iterator[Call]:
    """A hundred events."""
    group(client, "put")
    chance, numbers = random.Random(2), itertools.count()

    def call() -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": message(chance, next(numbers))} for _ in range(100)]
        client.logs("PutLogEvents", logGroupName="put", logStreamName="s0", logEvents=events)

    while True:
        yield call


def search(pattern: str) -> Callable[[Client], Iterator[Call]]:
    """Events that are not there, among all."""

    def workload(client: Client) -> Iterator[Call]:
        def call() -> None:
            token: dict[str, str] = {}
            while True:  # where a server gives up and says that there may be more
                answer = client.logs("FilterLogEvents", logGroupName="many", filterPattern=pattern, **token)
                assert not answer["events"]
                if "nextToken" not in answer:
                    return
                token = {"nextToken": answer["nextToken"]}

        while True:
            yield call

    return workload


def query(text: str) -> Callable[[Client], Iterator[Call]]:
    def workload(client: Client) -> Iterator[Call]:
        def call() -> None:
            now = int(time.time())
            times = {"startTime": now - (HOURS + 1) * 3600, "endTime": now}
            id = client.logs("StartQuery", logGroupName="many", queryString=text, **times)["queryId"]
            until = time.monotonic() + PATIENCE
            while (answer := client.logs("GetQueryResults", queryId=id))["status"] in ("Scheduled", "Running"):
                if time.monotonic() > until:
                    raise RuntimeError(f"not there after {PATIENCE} seconds")
                time.sleep(0.01)
            assert answer["status"] == "Complete"
            assert answer["results"]

        while True:
            yield call

    return workload
