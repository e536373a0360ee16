"""Requests that might come: parameters from the models (good, on the edge, wrong), sent as botocore sends them, then broken."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from botocore import serialize
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.model import ServiceModel as BotocoreModel
from hypothesis import strategies as st

from hodei.kernel.service import load_service
from hodei.protocol.model import OperationModel, ServiceModel, Shape, load_model

HOST = "localhost:4566"
REGION = "us-east-1"
DEEP = 4  # levels of structures that are filled at random; below them only what is required

TEXTS = [
    "", " ", "a", "x" * 255, "x" * 256, "y" * 1025, "../..", "a/b//c/", "%", "%2F", "a%00b", "\x00", "\x01", "\x7f", "\ufffe",
    "é~ñ", "日本", "\U0001f600", "'\"<&>]]>", "a\r\nSet-Cookie: b", "null", "-1", "0", "1e400", "NaN", "true", "{}", "[]",
    "{name}", "%s", "*", "arn:aws:sqs:us-east-1:000000000000:orders", "arn:", "a" * 64, "=", "a=b&c=d", "2020-01-01T00:00:00Z",
]  # fmt: skip
NUMBERS = [0, 1, -1, 2, 10, 11, 1000, 1001, 43200, 43201, 2**31 - 1, 2**31, 2**63, -(2**63) - 1, 10**30]
TIMES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2096, 2, 29, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
]
BODIES = [b"", b"x", b"\x00\xff" * 40, b"text\r\n", b"a" * 70_000]
KINDS: dict[str, Any] = {
    "integer": int,
    "boolean": bool,
    "list": list,
    "map": dict,
    "structure": dict,
    "blob": bytes,
    "timestamp": datetime,
}
CHECKSUMS = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"]


@dataclass(frozen=True)
class Sent:
    """A request before it goes out."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def __repr__(self) -> str:
        return f"{self.method} {self.target[:2000]} {dict(self.headers)} {self.body[:2000]!r} ({len(self.body)} bytes)"

    def header(self, name: str, value: str | None) -> Sent:
        """With a header set anew, or with None without it."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))


@dataclass(frozen=True, repr=False)
class Pools:
    """What exists, by the name of the member that could name it."""

    names: Mapping[str, list[Any]] = field(default_factory=dict)


def fits(shape: Shape, value: Any) -> bool:
    """Whether botocore can write the value as that shape."""
    if not isinstance(value, KINDS.get(shape.type, str)):
        return False
    match shape.type:
        case "structure":
            return value.keys() <= shape.members.keys() and all(
                fits(shape.members[name], value[name]) for name in value
            )
        case "list":
            return all(fits(shape.member, one) for one in value)
        case "map":
            return all(fits(shape.value, one) for one in value.values())
    return True


class Values:
    """Draws a value for a shape. `careful`: as a client would that means to succeed."""

    def __init__(self, draw: Callable[[Any], Any], pools: Pools) -> None:
        self._draw = draw
        self._pools = pools.names
        self.careful = False

    def odds(self, percent: int) -> bool:
        return bool(self._draw(st.integers(0, 99)) < percent)

    def one_of(self, values: Any) -> Any:
        return self._draw(st.sampled_from(list(values)))

    def good(self, pool: list[Any]) -> Any:
        """One of a pool, whose first half is good."""
        return self.one_of(pool[: (len(pool) + 1) // 2] if self.careful else pool)

    def of(self, shape: Shape, name: str = "", depth: int = 0) -> Any:
        pool = [value for value in self._pools.get(name, ()) if fits(shape, value)]
        if pool and self.odds(100 if self.careful else 50 if shape.type == "structure" else 90):
            return self.good(pool)
        return getattr(self, f"_{shape.type}", self._string)(shape, name, depth)

    def _structure(self, shape: Shape, name: str, depth: int) -> Any:
        if shape.raw.get("union"):
            name = self.one_of(shape.members)
            return {name: self.of(shape.members[name], name, depth + 1)}
        optional = (30, 60, 45, 30)[depth] if depth < DEEP else 0
        if self.careful:
            optional = 5 if depth == 0 else optional
        chosen = []
        for member in shape.members:
            likely = member in shape.required or member == shape.payload
            if self.careful and not likely and member.startswith(("ContentMD5", "Checksum")):
                continue
            sure = shape.members[member].location == "uri" or (likely and self.careful)
            if sure or self.odds(97 if likely else optional):
                chosen.append(member)
        return {member: self.of(shape.members[member], member, depth + 1) for member in chosen}

    def _list(self, shape: Shape, name: str, depth: int) -> list[Any]:
        size = self.one_of([1, 1, 2] if self.careful else [1, 1, 2, 3, 0, 11]) if depth < DEEP else 1
        return [self.of(shape.member, name.removesuffix("s"), depth + 1) for _ in range(size)]

    def _map(self, shape: Shape, name: str, depth: int) -> dict[str, Any]:
        size = self.one_of([1, 1, 2] if self.careful else [1, 1, 2, 3, 0, 11])
        keys = self._pools.get(f"{name} key")
        made = {}
        for _ in range(size):
            key = self.good(keys) if keys and self.odds(95) else self.of(shape.key, "", depth + 1)
            if shape.location == "headers":  # botocore makes them header names
                key = "".join(letter for letter in key if letter.isascii() and letter.isalnum()) or "k"
            values = self._pools.get(f"{name} {key}")
            made[key] = (
                self.good(values) if values and self.odds(80) else self.of(shape.value, f"{name} value", depth + 1)
            )
        return made

    def _string(self, shape: Shape, name: str, depth: int) -> str:
        if shape.enum and (self.careful or self.odds(90)):
            return str(self.one_of(shape.enum))
        if self.careful:
            return "word"
        text = str(self.one_of(TEXTS))
        low, high = shape.raw.get("min"), shape.raw.get("max")
        if self.odds(25) and (low or high):
            size = self.one_of([low or 0, max((low or 0) - 1, 0), min(high or 50, 3000), min((high or 50) + 1, 3000)])
            text = "a" * size
        if shape.location in ("header", "headers"):  # what an HTTP client lets through
            text = text.replace("\r", "").replace("\n", "").encode("ascii", "ignore").decode().strip()
        if shape.location == "uri":
            text = text or "a"
        return text

    def _integer(self, shape: Shape, name: str, depth: int) -> int:
        low, high = shape.raw.get("min", 0), shape.raw.get("max", 10)
        if self.careful:
            return int(self.one_of([low, min(low + 1, high)]))
        numbers = NUMBERS[:-1] if "smithy-rpc-v2-cbor" in shape.service.protocols else NUMBERS  # CBOR's have 64 bits
        return int(self.one_of([low, high, low, high, low - 1, high + 1, *numbers]))

    _long = _integer

    def _double(self, shape: Shape, name: str, depth: int) -> float:
        return float(self.one_of([0.0, 1.5, -1.0, 1e300]))

    _float = _double

    def _boolean(self, shape: Shape, name: str, depth: int) -> bool:
        return self.odds(50)

    def _blob(self, shape: Shape, name: str, depth: int) -> bytes:
        return bytes(self.one_of(BODIES))

    def _timestamp(self, shape: Shape, name: str, depth: int) -> datetime:
        return self.one_of(TIMES[2:3] if self.careful else TIMES)  # type: ignore[no-any-return]


@functools.cache
def _serializer(service: str, protocol: str) -> tuple[Any, BotocoreModel]:
    """botocore's own, over the model with our overlay: that is where the protocols which botocore has given up stand."""
    model: ServiceModel = load_model(service).for_protocol(protocol)
    document = {**model._document, "shapes": model._shapes, "metadata": {**model.metadata, "protocol": protocol}}
    # Without what stands before the host: there botocore lets nothing bad pass.
    document["operations"] = {name: {**one, "endpoint": {}} for name, one in document["operations"].items()}
    return serialize.create_serializer(protocol, include_validation=False), BotocoreModel(document, service)


def sent(operation: OperationModel, protocol: str, params: dict[str, Any], account: str) -> Sent:
    """What a client signs and sends; the signature is not a real one, which nobody verifies."""
    service = operation.service.name
    serializer, model = _serializer(service, protocol)
    made = serializer.serialize_to_request(params, model.operation_model(operation.name))
    prepare_request_dict(made, endpoint_url=f"http://{HOST}")
    prepared = AWSRequest(made["method"], made["url"], made["headers"], made["body"]).prepare()
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes) else body.read()
    headers = [(name, _text(value)) for name, value in prepared.headers.items() if name.lower() != "content-length"]
    signing = model.metadata.get("signingName", model.metadata["endpointPrefix"])
    scope = f"Credential={account}/20260101/{REGION}/{signing}/aws4_request"
    headers += [
        ("Host", HOST),
        ("Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature={'0' * 64}"),
    ]
    if operation.checksum_required:
        headers.append(("Content-MD5", base64.b64encode(hashlib.md5(body).digest()).decode()))
    url = urlsplit(prepared.url)
    return Sent(prepared.method, (url.path or "/") + (f"?{url.query}" if url.query else ""), tuple(headers), body)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# breaking


def truncate(values: Values, one: Sent) -> Sent:
    return replace(one, body=one.body[: values.one_of([0, 1, len(one.body) // 2, max(len(one.body) - 1, 0)])])


def flip(values: Values, one: Sent) -> Sent:
    if not one.body:
        return one
    body = bytearray(one.body)
    for _ in range(values.one_of([1, 1, 3, 10])):
        body[values.one_of(range(min(len(body), 4096)))] ^= values.one_of([1, 32, 128, 255])
    return replace(one, body=bytes(body))


def splice(values: Values, one: Sent) -> Sent:
    at = values.one_of(range(min(len(one.body), 4096) + 1))
    piece = values.one_of(
        [b"null", b"{}", b"[", b'"', b"-1", b"1e400", b"\xc2", b"\x00", b"%FF", b".1.", b"<a/>", b"]]>", b"&", b"\r\n"]
    )
    return replace(one, body=one.body[:at] + piece + one.body[at + values.one_of([0, 1, 4]) :])


def swap_types(values: Values, one: Sent) -> Sent:
    """JSON with one value of another type; of what is not JSON, one text between tags or after an equals sign."""
    other = values.one_of([None, True, 0, -1, 1.5, 10**30, "", "x", [], {}, [[]], {"a": {"b": None}}, ["x"], "\ud800"])
    try:
        document = json.loads(one.body)
    except ValueError:
        word = values.one_of(
            [b"x", b"", b"-1", b"99999999999999999999", b"<x><y/></x>", b"2020", b"true", b"%F0%28", b"1e9"]
        )
        places = [at for at, byte in enumerate(one.body[:4096]) if byte in b">="]
        at = values.one_of(places) + 1 if places else 0
        end = next((end for end in range(at, len(one.body)) if one.body[end] in b"<&"), len(one.body))
        return replace(one, body=one.body[:at] + word + one.body[end:])
    places = list(_places(document))
    if not places:
        return replace(one, body=json.dumps(other).encode())
    holder, key = values.one_of(places)
    holder[key] = other
    return replace(one, body=json.dumps(document).encode())


def _places(node: Any) -> Any:
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _places(node[key])


def drop_header(values: Values, one: Sent) -> Sent:
    return one.header(values.one_of([name for name, _ in one.headers] or ["host"]), None)


def repeat_header(values: Values, one: Sent) -> Sent:
    name, value = values.one_of(one.headers)
    return replace(one, headers=(*one.headers, (name, values.one_of([value, "x", ""]))))


def strange_header(values: Values, one: Sent) -> Sent:
    name = values.one_of(
        ["range", "x-amz-copy-source", "x-amz-copy-source-range", "if-modified-since", "if-unmodified-since", "if-match",
         "if-none-match", "x-amz-meta-a", "x-amz-tagging", "x-amz-content-sha256", "x-amz-decoded-content-length", "expires",
         "content-encoding", "content-length", "content-md5", "x-amz-checksum-crc32", "x-amz-checksum-algorithm",
         "x-amz-sdk-checksum-algorithm", "x-amz-trailer", "x-amz-date", "date", "x-amz-target", "smithy-protocol", "expect",
         "x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm", "x-amz-checksum-type", "host",
         "x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5", "accept", "origin",
         "x-amz-object-lock-retain-until-date", "x-amz-object-lock-mode", "x-amz-object-lock-legal-hold", "x-amz-mp-object-size",
         "x-amz-storage-class", "x-amz-grant-read", "x-amz-acl", "x-amz-website-redirect-location", "authorization",
         "x-amz-write-offset-bytes", "x-amz-expected-bucket-owner", "access-control-request-method", "x-amz-security-token"]
    )  # fmt: skip
    text = values.one_of(
        ["", "x", "bytes=0-1", "bytes=-0", "bytes=5-1,7-9", "bytes=99999999999999999999-", "*", '"', "a=b&a=c", "crc32", "SHA256",
         "-1", "99999999999999999999", "aws-chunked", "gzip", "aws-chunked,gzip", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "é", "AAAAAA==",
         "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "\xff", "UNSIGNED-PAYLOAD", "x-amz-checksum-crc32", "text/xml", "AES256", "aws:kms",
         "Mon, 32 Foo 2020 99:99:99 GMT", "2020-01-01T00:00:00Z", "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request", "AWS :",
         "AWS4-HMAC-SHA256 Credential=//////aws4_request", "[", "b.s3.localhost", "orders.s3-website.localhost", "a" * 9000]
    )  # fmt: skip
    return one.header(name, text)


def content_type(values: Values, one: Sent) -> Sent:
    return one.header(
        "Content-Type",
        values.one_of(
            ["", "text/plain", "application/x-www-form-urlencoded", "application/x-amz-json-1.0", "application/json",
             "application/x-amz-json-1.1", "application/xml", "application/cbor", "multipart/form-data", "multipart/form-data; boundary=x",
             "application/x-www-form-urlencoded; charset=utf-16", "\x01"]
        ),
    )  # fmt: skip


def query(values: Values, one: Sent) -> Sent:
    extra = values.one_of(
        ["acl", "uploads", "uploadId=", "uploadId=x&partNumber=abc", "versionId=null", "versionId=%00", "list-type=2", "list-type=9",
         "max-keys=-1", "max-keys=x", "max-keys=99999999999999999999", "continuation-token=!", "encoding-type=url", "delimiter=%00",
         "marker=%F0%28", "prefix=%ED%A0%80", "Action=Nothing", "Action=", "Action=SendMessage", "%", "&&&", "=", "a=" * 500,
         "X-Amz-Credential=", "X-Amz-Credential=a/20260101/us-east-1/s3/aws4_request&X-Amz-Date=x&X-Amz-Expires=y&X-Amz-Signature=z",
         "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=-1", "AWSAccessKeyId=a&Expires=z&Signature=", "partNumber=0", "website", "tagging",
         "response-content-type=%0d%0aa:b", "response-expires=x", "delete", "restore", "select&select-type=2", "policy", "session", "x-id=PutObject"]
    )  # fmt: skip
    path, _, old = one.target.partition("?")
    return replace(one, target=path + "?" + values.one_of([extra, f"{old}&{extra}", f"{extra}&{old}"]))


def path(values: Values, one: Sent) -> Sent:
    old, mark, rest = one.target.partition("?")
    new = values.one_of(
        ["/", "//", "/%", "/%00", "/%F0%28", old + "/", old + "//..", old.rstrip("/") + "%2F", "*", old + "/" + "k" * 1030, "/orders",
         "/000000000000/orders", "/service/x/operation/y", "/_aws/sqs/messages", "/" + quote("ü" * 600), "http://x/y"]
    )  # fmt: skip
    return replace(one, target=new + mark + rest)


def method(values: Values, one: Sent) -> Sent:
    return replace(one, method=values.one_of(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"]))


def wrong_digest(values: Values, one: Sent) -> Sent:
    name = values.one_of(["Content-MD5", "x-amz-content-sha256", *(f"x-amz-checksum-{name}" for name in CHECKSUMS)])
    return one.header(name, values.one_of(["AAAAAA==", "x", "0" * 64, base64.b64encode(b"0" * 16).decode(), "A" * 44]))


def chunked(values: Values, one: Sent) -> Sent:
    """aws-chunked framing, right or broken, with or without a trailer."""
    trailer, size = values.odds(70), str(len(one.body))
    signature = ";chunk-signature=" + "0" * 64 if values.odds(40) else ""
    crc = base64.b64encode(zlib.crc32(one.body).to_bytes(4)).decode()
    piece = f"{len(one.body):x}{signature}\r\n".encode() + one.body + b"\r\n" if one.body else b""
    body = piece + b"0" + signature.encode() + b"\r\n"
    body += f"x-amz-checksum-crc32:{crc}\r\n\r\n".encode() if trailer else b"\r\n"
    one = replace(one, body=body)
    one = one.header(
        "x-amz-content-sha256",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" if trailer else "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    )
    one = one.header("content-encoding", "aws-chunked").header(
        "x-amz-trailer", "x-amz-checksum-crc32" if trailer else None
    )
    one = one.header("x-amz-decoded-content-length", values.one_of([size, size, size, size, "-1", "x", "99"]))
    return one if values.odds(50) else values.one_of([truncate, flip, splice])(values, one)


def compressed(values: Values, one: Sent) -> Sent:
    body = values.one_of(
        [one.body, b"\x1f\x8b\x08\x00junk", zlib.compress(one.body, wbits=31), zlib.compress(b"0" * 10**6, wbits=31)]
    )
    return replace(one, body=body).header("content-encoding", "gzip")


MUTATIONS = [
    truncate, flip, splice, swap_types, swap_types, swap_types, drop_header, repeat_header, strange_header, strange_header,
    strange_header, content_type, query, query, path, method, wrong_digest, chunked, compressed,
]  # fmt: skip


@st.composite
def requests(draw: Callable[[Any], Any], wanted: OperationModel, pools: Pools, account: str) -> list[tuple[str, Sent]]:
    """Two requests for an operation and one for another of its service in between, each with its operation's name."""
    values = Values(draw, pools)
    operations = wanted.service.operations
    other = operations[values.one_of(sorted(load_service(wanted.service.name).handlers))]
    return [(each.name, request(values, each, account)) for each in (wanted, other, wanted)]


def request(values: Values, operation: OperationModel, account: str) -> Sent:
    """One request for an operation, which about every third time should succeed and every third is broken somewhere."""
    values.careful = values.odds(60)
    protocol = values.one_of([one for one in operation.service.protocols if one != "aws-cbor"])  # unknown to botocore
    shape = operation.service.for_protocol(protocol).operations[operation.name].input
    params = values.of(shape) if shape is not None else {}
    one = sent(operation, protocol, params, account)
    for _ in range(values.one_of([0, 0, 0, 1, 1, 2])):
        one = values.one_of(MUTATIONS)(values, one)
    return one
