"""Functions that run until they are let go, for tests of what may run at a time."""

from __future__ import annotations

import json
import socket
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .functions import PYTHON, zipped

CODE = """
import os, socket
served = 0

def handler(event, context):
    global served
    served += 1
    if "port" in event:
        socket.create_connection(("127.0.0.1", event["port"])).recv(1)
    if "exit" in event:
        os._exit(1)
    return {"kind": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "served": served}
"""
PATIENCE = 20  # seconds
Answer = dict[str, Any]


def make(cloud: Cloud, role: str, name: str, code: str = CODE, **options: Any) -> str:
    """A function whose version 1 is published. Its name."""
    given = {"Runtime": PYTHON, "Handler": "app.handler", "MemorySize": 512, "Timeout": 20, "Publish": True, **options}
    package = {"ZipFile": zipped(app__py=code)}
    cloud.client("lambda").create_function(FunctionName=name, Role=role, Code=package, **given)
    return name


class Gate:
    """Invokes that last until the gate opens."""

    def __init__(self, cloud: Cloud) -> None:
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=50)
        self.client = cloud.client("lambda", config=config)
        self._threads = ThreadPoolExecutor(50)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE)
        self._held: list[socket.socket] = []
        self._answers: list[Future[Answer]] = []

    def call(self, name: str, event: Any = None, **options: Any) -> Answer:
        """Invoke at once."""
        response = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
        answer: Answer = json.loads(response["Payload"].read())
        return answer

    def begin(self, name: str, **options: Any) -> None:
        """An invoke that may run, or be refused."""
        event = {"port": self._socket.getsockname()[1]}
        self._answers.append(self._threads.submit(self.call, name, event, **options))

    def accept(self, count: int) -> None:
        """Wait until so many more run."""
        self._held += [self._socket.accept()[0] for _ in range(count)]

    def hold(self, name: str, count: int = 1, **options: Any) -> None:
        """Begin invokes; on return all run."""
        for _ in range(count):
            self.begin(name, **options)
        self.accept(count)

    def open(self, *, errors: bool = False) -> list[Answer]:
        """What has come of those that were begun; with `errors` the responses to those that were refused too, which are
        waited for."""
        while errors and sum(one.done() for one in self._answers) < len(self._answers) - len(self._held):
            wait([one for one in self._answers if not one.done()], PATIENCE, FIRST_COMPLETED)
        for one in self._held:
            one.close()
        self._held.clear()
        answers = [_answer(one, errors) for one in self._answers]
        self._answers.clear()
        return answers

    def __enter__(self) -> Gate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._held:
            one.close()
        self._socket.close()
        self._threads.shutdown()


def _answer(invoke: Future[Answer], errors: bool) -> Answer:
    try:
        return invoke.result(PATIENCE)
    except ClientError as error:
        if not errors:
            raise
        return dict(error.response)
