"""HTTPS on the port of HTTP, and the certificates for it."""

from __future__ import annotations

import asyncio
import gc
import http.client
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hodei.gateway import realtime, tls
from hodei.protocol.http import Request, Response

pytestmark = pytest.mark.socket


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("tls")
    tls.context(made)
    return made


@pytest.fixture
def trusting(directory) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tls.ca_path(directory)))


async def read(request: Request) -> Response:
    size = 0
    async for chunk in request.body:
        size += len(chunk)
    return Response(200, [], str(size).encode())


def app(request: Request):
    if request.path == "/read":
        return read(request)
    return Response(200, [("X-Scheme", request.scheme)], request.path.encode())


@pytest.fixture
def server(serve, directory):
    return serve(app, tls=lambda: tls.context(directory))


def connect(server, context: ssl.SSLContext, name: str = "localhost") -> ssl.SSLSocket:
    return context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 5), server_hostname=name)


def test_http_and_https_share_the_port(server, wire, trusting):
    assert wire(server).get("/a").response()[1]["x-scheme"] == "http"
    client = http.client.HTTPSConnection("localhost", server.port, context=trusting)
    for path in ("/a%2Fb", "/c"):
        client.request("GET", path)
        response = client.getresponse()
        assert (response.headers["x-scheme"], response.read()) == ("https", path.encode())
    client.close()


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "127.0.0.1",
        "::1",
        "bucket.localhost",
        "bucket.s3.localhost",
        "a.b.s3.localhost",
        "localhost.localstack.cloud",
        "sqs.us-east-1.localhost.localstack.cloud",
        "s3.eu-west-1.amazonaws.com",
    ],
)
def test_clients_that_trust_the_authority_verify_every_name(server, trusting, name):
    for _ in range(2):
        with connect(server, trusting, name) as client:
            assert client.version() in ("TLSv1.2", "TLSv1.3")


def test_a_client_that_does_not_trust_it_refuses(server):
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(server, ssl.create_default_context())


def test_http2_is_negotiated(server, trusting):
    with httpx.Client(http2=True, verify=trusting, base_url=f"https://localhost:{server.port}") as client:
        response = client.get("/a")
        assert (response.http_version, response.headers["x-scheme"]) == ("HTTP/2", "https")
        assert client.put("/read", content=bytes(2_000_000)).text == "2000000"
    trusting.set_alpn_protocols(["http/1.1"])
    with connect(server, trusting) as client:
        assert client.selected_alpn_protocol() == "http/1.1"


def test_large_bodies_both_ways(serve, directory, trusting):
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(100):
            yield bytes([number]) * 50_000

    def large(request: Request):
        return read(request) if request.method == "PUT" else Response(200, [], chunks())

    server = serve(large, tls=lambda: tls.context(directory))
    client = http.client.HTTPSConnection("localhost", server.port, context=trusting)
    client.request("PUT", "/", bytes(5_000_000))
    assert client.getresponse().read() == b"5000000"
    client.request("GET", "/")
    assert client.getresponse().read() == b"".join(bytes([number]) * 50_000 for number in range(100))
    client.close()


def test_an_answer_before_the_body_arrives_and_the_end_is_proper(server, trusting):
    with connect(server, trusting) as client:
        client.sendall(b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + bytes(1_000_000))
        data = b""
        while part := client.recv(65536):  # without a close_notify this would raise SSLEOFError
            data += part
        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert data.endswith(b"/a")


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00\x05hello", b"\x16" * 100, b"\x16"])
def test_a_broken_handshake_closes(serve, directory, wire, data):
    server = serve(app, tls=lambda: tls.context(directory), header_timeout=0.05)
    client = wire(server).send(data)
    client.rest()
    assert not server.server.connections


def test_without_tls_a_handshake_is_a_bad_request(serve, wire):
    client = wire(serve(app)).send(b"\x16\x03\x01\x00\x05hello\r\n\r\n")
    assert client.response()[0] == 400


def test_a_context_that_cannot_be_made_closes_and_is_logged(serve, wire, caplog):
    def broken() -> ssl.SSLContext:
        raise OSError("read-only file system")

    assert wire(serve(app, tls=broken)).send(b"\x16\x03\x01").closed()
    assert "read-only file system" in caplog.text


def test_a_client_that_leaves_cancels_the_app(serve, directory, trusting, eventually):
    cancelled: list[str] = []
    started: list[str] = []

    async def hold(request: Request) -> Response:
        started.append(request.path)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(request.path)
            raise
        raise AssertionError

    server = serve(hold, tls=lambda: tls.context(directory))
    for path in ("/polite", "/abrupt"):
        client = connect(server, trusting)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        eventually(lambda path=path: path in started)
        if path == "/polite":
            client = client.unwrap()
        client.close()
        eventually(lambda path=path: path in cancelled)
    del client
    gc.collect()


def test_stop_closes_idle_connections(server, trusting):
    with connect(server, trusting) as client:
        client.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(65536)
        server.stop(5)
        assert client.recv(1) == b""


# Certificates


def test_the_keys_are_private_and_the_authority_stays(tmp_path):
    tls.context(tmp_path / "new" / "folder")
    directory = tmp_path / "new" / "folder"
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "leaf.pem": 0o600}
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    tls.context(directory)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_a_leaf_that_runs_out_is_issued_again_by_the_same_authority(tmp_path, monkeypatch):
    tls.context(tmp_path)
    authority, leaf = tls.ca_path(tmp_path).read_bytes(), (tmp_path / "leaf.pem").read_bytes()
    later = realtime.now() + timedelta(days=380)
    monkeypatch.setattr(realtime, "now", lambda: later)
    tls.context(tmp_path)
    assert tls.ca_path(tmp_path).read_bytes() == authority
    assert (tmp_path / "leaf.pem").read_bytes() != leaf


@pytest.mark.parametrize("damage", ["ca.key", "ca.pem", "leaf.pem"])
def test_what_is_missing_or_of_another_authority_is_made_again(tmp_path, damage):
    tls.context(tmp_path)
    (tmp_path / damage).unlink()
    context = tls.context(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tls.ca_path(tmp_path)))
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
    client = trusting.wrap_bio(client_in, client_out, server_hostname="localhost")
    served = context.wrap_bio(server_in, server_out, server_side=True)
    for _ in range(3):
        for end, out, other in ((client, client_out, server_in), (served, server_out, client_in)):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
            other.write(out.read())
    assert client.getpeercert()["subject"] == ((("commonName", "Hodei"),),)
