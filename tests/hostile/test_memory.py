"""Bodies stream: however large an object is, the server's memory stays flat.

HODEI_STREAM_MB makes it larger than what every run moves, 5120 being what S3 takes in one PUT;
`--log-cli-level=info` shows how fast it went.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hostile.process import Process

pytestmark = [pytest.mark.socket, pytest.mark.slow]

log = logging.getLogger(__name__)

MB = 2**20
SIZE = int(os.environ.get("HODEI_STREAM_MB", "300")) * MB
PART = 64 * MB
MORE = 40 * MB  # what it may take besides, at its peak
BLOCK = bytes(range(256)) * (MB // 256)
HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
}


def content(start: int, end: int) -> Iterator[bytes]:
    """The bytes [start, end) of a body in which no two MiB are the same; both are whole MiB."""
    for number in range(start // MB, end // MB):
        yield number.to_bytes(8) + BLOCK[8:]


def digest(start: int, end: int) -> bytes:
    md5 = hashlib.md5()
    for block in content(start, end):
        md5.update(block)
    return md5.digest()


class Client:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, method: str, path: str, body: bytes | Iterator[bytes] = b"", length: int = 0) -> tuple[str, bytes]:
        """The ETag and the body of a success."""
        headers = {**HEADERS, "Content-Length": str(length or len(body))}  # type: ignore[arg-type]
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        return response.headers.get("ETag", "").strip('"'), answer

    def download(self, path: str) -> bytes:
        """The MD5 of what comes."""
        self._connection.request("GET", path, headers=HEADERS)
        response = self._connection.getresponse()
        assert (response.status, response.length) == (200, SIZE)
        md5 = hashlib.md5()
        while piece := response.read(MB):
            md5.update(piece)
        return md5.digest()


def upload_in_parts(client: Client) -> str:
    """The ETag."""
    upload = re.search(b"<UploadId>(.*)</UploadId>", client.call("POST", "/bucket/parts?uploads")[1])
    assert upload
    target = f"/bucket/parts?uploadId={upload[1].decode()}"
    parts = ""
    for number, start in enumerate(range(0, SIZE, PART), 1):
        end = min(start + PART, SIZE)
        etag, _ = client.call("PUT", f"{target}&partNumber={number}", content(start, end), end - start)
        parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    done = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    found = re.search(b"<ETag>&quot;(.*)&quot;</ETag>", client.call("POST", target, done)[1])
    assert found
    return found[1].decode()


@pytest.mark.feature("s3.objects")
def test_large_objects_take_no_memory(tmp_path: Path) -> None:
    whole = digest(0, SIZE)
    parts = b"".join(digest(start, min(start + PART, SIZE)) for start in range(0, SIZE, PART))
    with Process(tmp_path / "data", tmp_path / "log") as process:
        client = Client(process.port)
        client.call("PUT", "/bucket")
        client.call("PUT", "/bucket/warm", BLOCK * 8)
        client.call("GET", "/bucket/warm")
        before = process.resident

        def measured(what: str, call: Callable[[], object], expected: object) -> None:
            began = time.perf_counter()
            assert call() == expected
            speed = SIZE / MB / (time.perf_counter() - began)
            grown = (process.peak - before) / MB
            log.info(
                f"{what} of {SIZE // MB} MiB: {speed:.0f} MiB/s, {grown:+.1f} MiB over {before / MB:.0f} at the peak"
            )
            assert process.peak - before < MORE, what

        measured("PUT", lambda: client.call("PUT", "/bucket/one", content(0, SIZE), SIZE)[0], whole.hex())
        measured("GET", lambda: client.download("/bucket/one"), whole)
        etag = f"{hashlib.md5(parts).hexdigest()}-{len(parts) // 16}"
        measured("multipart", lambda: upload_in_parts(client), etag)
        measured("GET of parts", lambda: client.download("/bucket/parts"), whole)
