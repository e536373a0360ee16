"""Keys that are hard to carry, by path and by host, over a real socket: written, read, listed, copied and deleted."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config

from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.feature("s3.objects")]

KEYS = (
    "a b", "a+b", "a%b", "a%2Fb", "%2e%2e", "a//b", "//", "/lead", "trail/", "trail ", " ", "../up", "./dot", ".", "..",
    "a/./b", "a/../b", "é/ü", "e\u0301", "ключ", "😀", "a&b<c>", "?q#f", "quote'\"", "a;b=c,d", "*~+", "a\tb", "a\nb",
    "\u2028", "x" * 1024, "é" * 512,
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with Process(None, tmp_path_factory.mktemp("keys") / "log") as process:
        process.client("s3").create_bucket(Bucket="keys")
        yield process


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key[:10]))
def test_key(server: Process, key: str, style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: resolve("127.0.0.1", *rest))
    options = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    config = Config(s3={"addressing_style": style}, retries={"total_max_attempts": 1})
    s3 = boto3.client("s3", endpoint_url=f"http://s3.localhost:{server.port}", config=config, **options)
    at = {"Bucket": "keys", "Key": key}
    s3.put_object(**at, Body=key.encode())
    assert s3.get_object(**at)["Body"].read() == key.encode()
    for listing in (s3.list_objects, s3.list_objects_v2):
        assert [entry["Key"] for entry in listing(Bucket="keys", Prefix=key)["Contents"]] == [key]
    assert [entry["Key"] for entry in s3.list_object_versions(Bucket="keys", Prefix=key)["Versions"]] == [key]
    s3.copy_object(Bucket="keys", Key="copy", CopySource=at)
    assert s3.get_object(Bucket="keys", Key="copy")["Body"].read() == key.encode()
    deleted = s3.delete_objects(Bucket="keys", Delete={"Objects": [{"Key": key}, {"Key": "copy"}]})["Deleted"]
    assert [entry["Key"] for entry in deleted] == [key, "copy"]
    assert "Contents" not in s3.list_objects_v2(Bucket="keys")


def ask(server: Process, method: str, target: str, host: str = "localhost") -> Any:
    """The answer to a request whose target goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Host": f"{host}:{server.port}", "Authorization": "AWS test:test"}
    connection.request(method, target, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), body


def test_targets_are_not_tidied(server: Process) -> None:
    """Dots, double slashes and escapes in the target of a request are part of the key."""
    for target, key in (("a/../b", "a/../b"), ("a//b", "a//b"), ("a%2F..%2Fb", "a/../b"), ("/x", "/x"), ("+", "+")):
        assert ask(server, "PUT", f"/keys/{target}")[0] == 200
        assert ask(server, "HEAD", f"/{quote(key, safe='')}", host="keys.s3.localhost")[0] == 200
        assert ask(server, "DELETE", f"/keys/{quote(key)}")[0] == 204
        assert ask(server, "HEAD", f"/keys/{target}")[0] == 404


def test_headers_of_answers_without_body(server: Process) -> None:
    status, headers, body = ask(server, "PUT", "/keys/empty")
    assert (status, headers["Content-Length"], body) == (200, "0", b"") and "Content-Type" not in headers
    assert headers["Server"] == "AmazonS3" and {"Date", "x-amz-request-id", "x-amz-id-2"} <= headers.keys()
    status, headers, body = ask(server, "HEAD", "/keys/none")
    assert (status, headers["Content-Type"], body) == (404, "application/xml", b"")
    assert ask(server, "DELETE", "/keys/empty")[::2] == (204, b"")
