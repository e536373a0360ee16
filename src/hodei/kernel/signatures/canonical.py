"""The canonical form of a request, which is what version 4 signs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from urllib.parse import quote, unquote_to_bytes

from hodei.protocol.http import Request

PLAIN = re.compile(r"[A-Za-z0-9._~-]*").fullmatch  # what stays as it is, encoded or not
PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]*)+").fullmatch
NORMAL_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?|/").fullmatch  # no empty segment, none of dots
EMPTY_SHA256 = hashlib.sha256().hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def canonical_request(
    request: Request, path: str, names: Sequence[str], payload: str, unsigned_parameters: Collection[str]
) -> str:
    """`path` is canonical already; `names` are the signed headers, in lower case; `payload` is what stands for the
    body."""
    headers = "".join(f"{name}:{value}\n" for name, value in header_values(request, names).items())
    query = canonical_query(request.query, unsigned_parameters)
    return f"{request.method}\n{path}\n{query}\n{headers}\n{';'.join(sorted(names))}\n{payload}"


def raw_path(request: Request) -> str:
    """The path as it was sent: routing may have moved a bucket from the host into `request.path`."""
    path = request.target.partition("?")[0]
    return path if path.startswith("/") else request.path


def encoded_once(path: str) -> str:
    """S3's: a path is signed as it names the object, neither normalised nor encoded twice."""
    return path if PLAIN_PATH(path) else quote(unquote_to_bytes(_octets(path)), safe="/~") or "/"


def encoded_twice(path: str) -> str:
    """All other services': normalised (RFC 3986, 5.2.4; empty segments go too), and what is encoded is so again."""
    return path if NORMAL_PATH(path) else quote(_octets(_normal(path)), safe="/~")


def canonical_query(query: str, unsigned: Collection[str]) -> str:
    """Sorted and encoded. '+' is a space, as for who reads the parameters; `unsigned` are left out."""
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = _encoded(name)
        if part and name not in unsigned:
            pairs.append((name, _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def header_values(request: Request, names: Sequence[str]) -> dict[str, str]:
    """The values of these headers, sorted by name; "" for one that was not sent."""
    values: dict[str, str | None] = dict.fromkeys(sorted(names))
    for name, value in request.headers.raw:
        key = name.lower()
        if key in values:
            text, before = " ".join(value.split()), values[key]
            values[key] = text if before is None else f"{before},{text}"
    return {name: value or "" for name, value in values.items()}


def _encoded(text: str) -> str:
    return text if PLAIN(text) else quote(unquote_to_bytes(_octets(text).replace(b"+", b" ")), safe="~")


def _octets(text: str) -> bytes:
    """What was sent: HTTP/1 gives each byte as a character."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _normal(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment and segment != ".":
            segments.append(segment)
    end = "/" if segments and path.endswith("/") else ""
    return f"/{'/'.join(segments)}{end}"
