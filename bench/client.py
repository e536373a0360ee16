"""A client that costs little: one keep-alive connection, the same bytes for every server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from bench.servers import Server, scope


class Client:
    """A connection to one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
        self.connection.request(method, path, body or None, headers)
        response = self.connection.getresponse()
        data = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{self.server.name}: {method} {path}: {response.status} {data[:300]!r}")
        return data

    def sqs(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = scope("sqs") | {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{operation}",
        }
        answer = self.send("POST", "/", headers, json.dumps(members).encode())
        found: dict[str, Any] = json.loads(answer) if answer else {}
        return found

    def dynamodb(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = scope("dynamodb") | {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        }
        found: dict[str, Any] = json.loads(self.send("POST", "/", headers, json.dumps(members).encode()))
        return found

    def logs(self, operation: str, **members: Any) -> dict[str, Any]:
        headers = scope("logs") | {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Logs_20140328.{operation}",
        }
        answer = self.send("POST", "/", headers, json.dumps(members).encode())
        found: dict[str, Any] = json.loads(answer) if answer else {}
        return found

    def iam(self, action: str, **members: str) -> bytes:
        headers = scope("iam") | {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send(
            "POST", "/", headers, urlencode({"Action": action, "Version": "2010-05-08", **members}).encode()
        )

    def function(self, method: str, path: str, members: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call of Lambda's API, but Invoke."""
        body = json.dumps(members).encode() if members else b""
        found: dict[str, Any] = json.loads(self.send(method, f"/2015-03-31/{path}", scope("lambda"), body))
        return found

    def invoke(self, path: str, payload: bytes) -> bytes:
        return self.send("POST", f"/2015-03-31/{path}", scope("lambda"), payload)

    def s3(self, method: str, path: str, body: bytes = b"") -> bytes:
        return self.send(method, path, scope("s3"), body)


Call = Callable[[], None]
