"""An OpenID Connect provider of the tests: keys, tokens and, where wanted, a server that tells its keys."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
NAMES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


@cache
def private(algorithm: str, id: str = "k1") -> Any:
    if algorithm.startswith("RS"):
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(CURVES[algorithm])


def jwk(algorithm: str = "RS256", id: str = "k1", **more: Any) -> dict[str, Any]:
    public = private(algorithm, id).public_key().public_numbers()
    if algorithm.startswith("RS"):
        return {"kty": "RSA", "kid": id, "n": number(public.n), "e": number(public.e), **more}
    size = (CURVES[algorithm].key_size + 7) // 8
    return {
        "kty": "EC", "kid": id, "crv": NAMES[algorithm], "x": number(public.x, size), "y": number(public.y, size), **more
    }  # fmt: skip


def sign(algorithm: str, signed: bytes, id: str = "k1") -> bytes:
    key, digest = private(algorithm, id), HASHES[algorithm[2:]]
    if algorithm.startswith("RS"):
        return bytes(key.sign(signed, padding.PKCS1v15(), digest))
    size = (CURVES[algorithm].key_size + 7) // 8
    return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(key.sign(signed, ec.ECDSA(digest))))


def token(claims: dict[str, Any], algorithm: str = "RS256", id: str = "k1", **header: Any) -> str:
    head = {"alg": algorithm, "typ": "JWT", "kid": id, **header}
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(sign(algorithm, signed.encode(), id))}"


@contextmanager
def server(answers: dict[str, Any]) -> Iterator[str]:
    """Its address; `answers` are JSON by path, and may be filled in when the address is known."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *args: Any) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://localhost:{listening.server_port}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
