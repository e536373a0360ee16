from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud


class Queue:
    """A queue and the client to use it with."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs = sqs
        self.url = url

    def send(self, body: str = "body", **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)
        return answer

    def receive(self, most: int = 10, **more: Any) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most, **more)
        assert answer.get("Messages") != []  # AWS leaves the member out
        return list(answer.get("Messages", []))

    def bodies(self, most: int = 10, **more: Any) -> list[str]:
        return [message["Body"] for message in self.receive(most, **more)]

    def one(self, **more: Any) -> dict[str, Any]:
        (message,) = self.receive(1, **more)
        return message

    def delete(self, message: dict[str, Any]) -> None:
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def hide(self, message: dict[str, Any], seconds: int) -> None:
        self.sqs.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
        )

    def set(self, **attributes: str) -> None:
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes=attributes)

    def attributes(self, *names: str) -> dict[str, str]:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(names or ["All"]))
        return dict(answer.get("Attributes", {}))

    @property
    def arn(self) -> str:
        return self.attributes("QueueArn")["QueueArn"]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        found = self.attributes()
        names = "", "NotVisible", "Delayed"
        visible, in_flight, delayed = (int(found[f"ApproximateNumberOfMessages{name}"]) for name in names)
        return visible, in_flight, delayed


@pytest.fixture
def sqs(cloud: Cloud) -> Any:
    return cloud.client("sqs")


@pytest.fixture
def make(sqs: Any) -> Callable[..., Queue]:
    """Make a queue; `fifo=True` gives it the suffix and the attribute."""

    def make(name: str = "queue", *, fifo: bool = False, **attributes: str) -> Queue:
        if fifo:
            name, attributes = f"{name}.fifo", {"FifoQueue": "true", **attributes}
        return Queue(sqs, sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    return make


@pytest.fixture
def query(cloud: Cloud) -> Callable[..., tuple[int, ET.Element]]:
    """Post a form in the query protocol; the status and the XML, its namespace left out."""

    def query(action: str, path: str = "/", **fields: str) -> tuple[int, ET.Element]:
        form = urlencode({"Action": action, "Version": "2012-11-05"} | fields).encode()
        credential = "test/20260101/us-east-1/sqs/aws4_request"
        headers = Headers(
            [
                ("Host", "sqs.us-east-1.localhost:4566"),
                ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("Authorization", f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
            ]
        )
        response = cloud.send(Request("POST", path, headers, Body(form)))
        assert isinstance(response.body, bytes)
        root = ET.fromstring(response.body)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return response.status, root

    return query
