"""What botocore's client sends is what we parse, and what we send is what it reads, for operations of every service.

Parameters and results are generated from the models.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import parsers, serialize
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
from botocore.model import ServiceModel as BotocoreModel

from hodei.protocol.codec import codec_for, detect_protocol, find_operation
from hodei.protocol.http import Body, Headers, Request, Response
from hodei.protocol.model import OperationModel, Shape, load_model, service_index

WHOLE = (
    "s3",
    "sqs",
    "ec2",
    "dynamodb",
    "cloudwatch",
    "route53",
    "lambda",
    "sns",
    "iam",
    "s3control",
    "cloudfront",
    "sts",
)
SAMPLE = 6  # operations of each other service

session = botocore.session.get_session()


def botocore_model(name: str) -> BotocoreModel:
    return BotocoreModel(session.get_component("data_loader").load_service_model(name, "service-2"), name)


class Generator:
    """Random values that fit a shape."""

    def __init__(self, seed: str, *, output: bool) -> None:
        self._random = random.Random(seed)
        self._output = output
        self._open: list[str] = []

    def value(self, shape: Shape) -> Any:
        method = getattr(self, shape.type, None)
        if method is not None:
            return method(shape)
        return self.string(shape)

    def structure(self, shape: Shape) -> Any:
        if shape.document:
            return {"any": ["thing", 1, {"at": True}]}
        if self._open.count(shape.name) > 1 and not shape.raw.get("union"):
            return {}
        self._open.append(shape.name)
        names = [name for name, member in shape.members.items() if not self._left_out(shape, name, member)]
        if shape.raw.get("union"):
            chosen = [self._one_of(shape, names)]
        else:
            chosen = [name for name in names if name in shape.required or self._random.random() < 0.8]
        value = {name: self.value(shape.members[name]) for name in chosen}
        self._open.pop()
        return value

    def _one_of(self, union: Shape, names: list[str]) -> str:
        """One member; deep down one that does not go deeper, if there is any."""
        leaves = [name for name, member in union.members.items() if member.type not in ("structure", "list", "map")]
        return self._random.choice(leaves if leaves and len(self._open) > 4 else names or list(union.members))

    def _left_out(self, shape: Shape, name: str, member: Shape) -> bool:
        if name == "Expires" and member.type == "string":
            return True  # S3's: a timestamp in botocore, text with us, as AWS keeps whatever was sent
        return member.eventstream or (self._open.count(member.name) > 1 and name not in shape.required)

    def list(self, shape: Shape) -> list[Any]:
        if self._open.count(shape.member.name) > 1:
            return []
        # Headers and forms cannot tell no elements from none.
        return [self.value(shape.member) for _ in range(self._random.randint(1, 3))]

    def map(self, shape: Shape) -> dict[str, Any]:
        if self._open.count(shape.value.name) > 1:
            return {}
        prefix = "" if shape.location is None else "k"
        return {
            prefix + self.string(shape.key, plain=True): self.value(shape.value)
            for _ in range(self._random.randint(1, 3))
        }

    def string(self, shape: Shape, *, plain: bool = False) -> str:
        if shape.raw.get("jsonvalue"):
            return "text"
        if shape.enum:
            return self._random.choice(shape.enum)
        if shape.location == "uri":
            return self._random.choice(["a b", "a/b+c%d", "name", "é~x", "a"])
        if shape.location or plain:
            return "".join(self._random.choices("abcdefghij", k=8))
        return self._random.choice(["<&>\"'", "plain", "tab\tline\nend", "日本 ü", " space ", "a,b", "x" * 50])

    def integer(self, shape: Shape) -> int:
        if shape.location == "statusCode":
            return 200
        return self._random.randint(shape.raw.get("min", 0), min(shape.raw.get("max", 10_000), 2**31 - 1))

    def long(self, shape: Shape) -> int:
        return self._random.randint(shape.raw.get("min", 0), min(shape.raw.get("max", 2**45), 2**53))

    def double(self, shape: Shape) -> float:
        return self._random.choice([0.5, 3.0, -2.25, 1e20])

    float = double

    def boolean(self, shape: Shape) -> bool:
        return self._random.random() < 0.5

    def blob(self, shape: Shape) -> bytes:
        return self._random.choice([b"bytes \x00\xff", b"text"])

    def timestamp(self, shape: Shape) -> datetime:
        return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=self._random.randint(0, 10**8))


def operations() -> Iterator[tuple[str, str, str]]:
    for name in sorted(service_index()):
        model = load_model(name)
        names = sorted(model.operations)
        if name not in WHOLE:
            names = random.Random(name).sample(names, min(SAMPLE, len(names)))
        # Protocols of our overlays are none of botocore's.
        for protocol in model.metadata.get("protocols", [model.metadata["protocol"]]):
            yield from ((name, protocol, operation) for operation in names)


def services() -> Iterator[tuple[str, str, list[str]]]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, protocol, operation in operations():
        grouped.setdefault((name, protocol), []).append(operation)
    for (name, protocol), names in grouped.items():
        yield name, protocol, names


CASES = [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in services()]


def send(name: str, protocol: str, theirs: BotocoreModel, operation: str, params: dict[str, Any]) -> Request:
    """The request that botocore's client would send, S3's bucket in the path."""
    serializer = serialize.create_serializer(protocol, include_validation=False)
    sent = serializer.serialize_to_request(params, theirs.operation_model(operation))
    prepare_request_dict(sent, endpoint_url="http://localhost")
    prepared = AWSRequest(method=sent["method"], url=sent["url"], data=sent["body"], headers=sent["headers"]).prepare()
    body = prepared.body or b""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    headers = [
        (key, value.decode() if isinstance(value, bytes) else str(value)) for key, value in prepared.headers.items()
    ]
    parts = urlsplit(prepared.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Request(prepared.method, target, Headers(headers), Body(data))


def whole(params: dict[str, Any], operation: OperationModel) -> dict[str, Any]:
    name = operation.streaming_input
    if name and isinstance(params.get(name), Body):
        data = params[name].data
        return {key: value for key, value in params.items() if key != name} | ({name: data} if data else {})
    return params


def lower_keys(value: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    """HTTP headers have no case: the keys of header maps are compared in lower case."""
    if shape is None:
        return value
    maps = {name for name, member in shape.members.items() if member.location == "headers"}
    return {k: {a.lower(): b for a, b in v.items()} if k in maps else v for k, v in value.items()}


def pruned(value: Any) -> Any:
    """Without empty collections: forms, headers and query strings have no way to say them."""
    if isinstance(value, dict):
        items = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in (pruned(item) for item in value) if item not in ({}, [])]
    return value


@pytest.mark.parametrize(("name", "protocol", "names"), CASES)
def test_requests(name: str, protocol: str, names: list[str]) -> None:
    model, theirs = load_model(name), botocore_model(name)
    codec = codec_for(model, protocol)
    for operation_name in names:
        operation = model.operations[operation_name]
        shape = operation.input
        if operation.event_input or operation.deprecated:
            continue
        params = Generator(f"{name}{operation_name}", output=False).value(shape) if shape else {}
        request = send(name, protocol, theirs, operation_name, params)
        assert detect_protocol(model, request) == protocol, operation_name
        found, uri_params = find_operation(model, protocol, request)
        assert found.name == operation_name or same_route(found, operation), (operation_name, found, request.target)
        parsed = whole(codec.parse(operation, request, request.body, uri_params), operation)
        assert pruned(lower_keys(parsed, shape)) == pruned(params), (operation_name, request)


def same_route(found: OperationModel, wanted: OperationModel) -> bool:
    """Old and new forms of one operation share a route in S3."""
    return (found.http_method, found.uri) == (wanted.http_method, wanted.uri)


def receive(protocol: str, theirs: BotocoreModel, operation: str, response: Response) -> dict[str, Any]:
    headers = HeadersDict()
    for key, value in response.headers:
        headers[key] = value
    body = response.body if isinstance(response.body, bytes) else asyncio.run(drain(response.body))
    raw = {"status_code": response.status, "headers": headers, "body": body, "context": {"operation_name": operation}}
    shape = theirs.operation_model(operation).output_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    blob = payload is not None and shape.members[payload].type_name == "blob"
    if blob:
        raw["body"] = Stream(body)
    parsed = parsers.create_parser(protocol).parse(raw, shape)
    parsed.pop("ResponseMetadata", None)
    if blob and parsed.pop(payload, None) and body:
        parsed[payload] = body
    return parsed


class Stream:
    """What botocore gives out for a body that it does not read itself."""

    def __init__(self, data: bytes) -> None:
        self.data = data


async def drain(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in stream])


@pytest.mark.parametrize(("name", "protocol", "names"), CASES)
def test_responses(name: str, protocol: str, names: list[str]) -> None:
    model, theirs = load_model(name), botocore_model(name)
    codec = codec_for(model, protocol)
    for operation_name in names:
        operation = model.operations[operation_name]
        if operation.event_output or operation.deprecated:
            continue
        result = Generator(f"{name}{operation_name}", output=True).value(operation.output) if operation.output else {}
        response = codec.serialise(operation, result, request_id="request-id")
        parsed = receive(protocol, theirs, operation_name, response)
        status = (
            [n for n, m in operation.output.members.items() if m.location == "statusCode"] if operation.output else []
        )
        result |= dict.fromkeys(status, response.status)
        # Bodies have a type, be it given or not.
        typed = [name for name in parsed if name.lower() == "contenttype" and name not in result]
        parsed = {name: value for name, value in parsed.items() if name not in typed}
        assert pruned(lower_keys(parsed, operation.output)) == pruned(lower_keys(result, operation.output)), (
            operation_name,
            response,
        )
