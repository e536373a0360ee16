"""Botocore's protocol vectors: what its client sends is parsed by us, what it expects is what we send.

They are read from `HODEI_VECTORS`, by default ../shared/vectors beside the checkout.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import botocore.model
import botocore.parsers
import cbor2
import orjson
import pytest
from botocore.awsrequest import HeadersDict
from botocore.eventstream import EventStream

from hodei.protocol.codec import codec_for, detect_protocol, find_operation
from hodei.protocol.http import Body, Headers, Request, Response
from hodei.protocol.model import OperationModel, ServiceModel, Shape

ROOT = Path(os.environ.get("HODEI_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors") / "protocols"
needs_vectors = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no protocol test vectors in {ROOT} (set HODEI_VECTORS)")

# What a vector's request does not tell a server, by the words in its name, and why.
TOKEN = "the client fills the token in"
NO_BODY = "the vector leaves out the compressed body (test_codec.py has one)"
NOTHING_SENT = "nothing and an empty value look alike on the wire"
TWICE = "the client was given one query parameter twice, bound and in the map"
NOT_FOR_SERVERS = {
    "Idempotency token auto fill": TOKEN,
    "IdempotencyTokenAutoFill": TOKEN,
    "SDKAppliedContentEncoding": NO_BODY,
    "SDKAppendsGzip": NO_BODY,
    "SDKAppendedGzip": NO_BODY,
    "EmptyQueryLists": NOTHING_SENT,
    "EmptyQueryMaps": NOTHING_SENT,
    "PrefixHeadersAreNotPresent": NOTHING_SENT,
    "NullAndEmptyHeaders": NOTHING_SENT,
    "OmitsEmptyListQueryValues": NOTHING_SENT,
    "EmptyStructurePayload": NOTHING_SENT,
    "HeadersButNoPayload": NOTHING_SENT,
    "Structure payload-13-1": NOTHING_SENT,
    "Content-Type and JSON body-25-2": NOTHING_SENT,
    "Content-Type and JSON body-25-4": NOTHING_SENT,
    "List in header-26-1": NOTHING_SENT,
    "Content-Type and JSON body-25-7": "the client adds a Content-Type of its own",
    "rest-json/RestJsonAllQueryStringTypes": TWICE,
    "rest-xml/AllQueryStringTypes": TWICE,
    "RestJsonQueryStringEscaping": TWICE,
    "RestJsonSupportsNaNFloatQueryValues": TWICE,
    "RestJsonSupportsInfinityFloatQueryValues": TWICE,
    "RestJsonSupportsNegativeInfinityFloatQueryValues": TWICE,
    "RestJsonZeroAndFalseQueryValues": TWICE,
    "QueryPrecedence": TWICE,
    "RestJsonHostWithPath": "the path belongs to the endpoint, not to the operation",
    "MediaTypeHeaderInputBase64": "its value is the JSON's text; boto3 takes the value itself",
    "rest-xml/BodyWithXmlName": "the model hides the name on the wire behind the reference's",
}

# Responses that test a client's leniency: servers write another form. Ours is still read back by botocore.
LENIENT = {
    "HandlesUnexpectedJsonOutput": "a body where none is expected",
    "handles_unexpected_json_output": "a body where none is expected",
    "QueryEmptyInputAndEmptyOutput": "an empty body, which no query service sends",
    "QueryNoInputAnd": "an empty body, which no query service sends",
    "ExtraFieldsInTheBodyShouldBeSkipped": "members that the model lacks",
    "RestXmlHttpPayloadWithUnion": "the root's name, which the model hides behind the member's",
    "HttpPayloadWithXmlName": "the root's name, which the model hides behind the member's",
}
NOT_FROM_SERVERS = {
    "XmlLists": "a flattened list with two names; botocore takes the other, no model has both",
    "PayloadWithUnsetUnion": "botocore refuses a union without a member",
    "DeserializesDenseSetMapAndSkipsNull": "null in a list that may hold none",
    "legacy/json/Lists-3-1": "null in a list that may hold none",
    "MediaTypeHeaderOutputBase64": "its value is the JSON's text; boto3 gives the value itself",
    "rest-xml/BodyWithXmlName": "botocore cannot read its own vector",
    "Tagged Unions-17-2": "a union member the model lacks",
    "Unions-16-2": "a union member the model lacks",
}
CHARACTER = "shapes of type character, which no model has"
NOT_FROM_SERVERS |= {
    f"legacy/{name}": CHARACTER for name in ("ec2/Scalar members", "query/Scalar members", "rest-xml/Scalar members")
}
LENIENT |= {
    "DateTimeWithNegativeOffset": "servers write UTC",
    "DateTimeWithPositiveOffset": "servers write UTC",
    "DeserializeIgnoreType": "a __type within a structure",
}


def skip_reason(table: dict[str, str], name: str) -> str | None:
    return next((reason for words, reason in table.items() if words in name), None)


def suites(direction: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for folder in (ROOT / direction, ROOT / "legacy" / direction):
        for path in sorted(folder.glob("*.json")) if ROOT.is_dir() else ():
            for number, suite in enumerate(orjson.loads(path.read_bytes())):
                for index, case in enumerate(suite["cases"]):
                    name = case.get("id") or f"{suite['description']}-{number}-{index}"
                    yield f"{folder.parent.name}/{path.stem}/{name}", suite, case


def parametrize(direction: str) -> Any:
    cases = [pytest.param(name, suite, case, id=name) for name, suite, case in suites(direction)]
    return pytest.mark.parametrize(("name", "suite", "case"), cases)


def model_of(suite: dict[str, Any], case: dict[str, Any]) -> tuple[ServiceModel, OperationModel]:
    given = {"name": "OperationName", "http": {"method": "POST", "requestUri": "/"}} | case["given"]
    if "requestUri" not in given["http"]:
        given["http"] = {"requestUri": "/"} | given["http"]
    errors = [ref["shape"] for ref in given.get("errors", ())]
    shapes = {name: raw | ({"exception": True} if name in errors else {}) for name, raw in suite["shapes"].items()}
    metadata = {"apiVersion": "2014-01-01"} | suite["metadata"]
    model = ServiceModel("vectors", {"metadata": metadata, "operations": {given["name"]: given}, "shapes": shapes})
    return model, model.operations[given["name"]]


def boto_form(shape: Shape, value: Any) -> Any:
    """The vectors' notation of a value to what boto3 takes and gives."""
    if value is None:
        return None
    match shape.type:
        case "structure" if shape.eventstream and isinstance(value, list):
            return [boto_form(shape, event) for event in value]
        case "structure" if not shape.document:
            return {k: boto_form(shape.members[k], v) for k, v in value.items() if v is not None}
        case "list":
            return [boto_form(shape.member, item) for item in value]
        case "map":
            return {key: boto_form(shape.value, item) for key, item in value.items()}
        case "timestamp":
            return datetime.fromtimestamp(value, UTC)
        case "blob" if isinstance(value, str):
            return value.encode()
        case "float" | "double":
            return float(value)
    return value


def same(a: Any, b: Any) -> bool:
    """Equality in which NaN is NaN, and header names have no case."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


@needs_vectors
@parametrize("input")
def test_input(name: str, suite: dict[str, Any], case: dict[str, Any]) -> None:
    if reason := skip_reason(NOT_FOR_SERVERS, name):
        pytest.skip(reason)
    model, operation = model_of(suite, case)
    sent = case["serialized"]
    protocol = suite["metadata"]["protocol"]
    body = sent.get("body") or ""
    data = base64.b64decode(body) if "cbor" in protocol else body.encode()
    if isinstance(body, dict):
        raise AssertionError("a body of this kind is new")
    headers = Headers(list(sent.get("headers", {}).items()))
    request = Request(sent.get("method") or operation.http_method, sent["uri"], headers, Body(data))
    assert detect_protocol(model, request) == protocol
    if protocol in ("query", "ec2", "rest-json", "rest-xml") or "x-amz-target" in headers or "cbor" in protocol:
        found, uri_params = find_operation(model, protocol, request)
        assert found is operation
    else:
        uri_params = {}
    parsed = codec_for(model, protocol).parse(operation, request, request.body, uri_params)
    if operation.streaming_input and isinstance(parsed.get(operation.streaming_input), Body):
        parsed[operation.streaming_input] = parsed[operation.streaming_input].data
    expected = boto_form(operation.input, case["params"]) if operation.input else {}
    assert same(parsed, expected), (parsed, expected)


def wire_form(protocol: str, body: bytes) -> Any:
    """A body with what does not matter taken away."""
    if not body:
        return None
    if "cbor" in protocol:
        return without_null(cbor2.loads(body)) or None
    if "json" in protocol:
        try:
            return without_null(orjson.loads(body)) or None
        except orjson.JSONDecodeError:
            return body
    try:
        return element_form(ElementTree.fromstring(body))
    except ElementTree.ParseError:
        return body


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def element_form(element: ElementTree.Element) -> Any:
    children = sorted((element_form(child) for child in element if not is_metadata(child)), key=repr)
    tag = element.tag.rpartition("}")[2]
    return tag, sorted(element.attrib.items()), children or (element.text or "").strip()


def is_metadata(element: ElementTree.Element) -> bool:
    return element.tag.rpartition("}")[2] in ("ResponseMetadata", "requestId", "RequestId")


def botocore_parse(suite: dict[str, Any], case: dict[str, Any], response: dict[str, Any], *, ours: bool) -> Any:
    """What boto3 would return. Only in the legacy vectors do models of the query protocol name no wrapper and mean it."""
    protocol, ref = suite["metadata"]["protocol"], case["given"].get("output")
    if protocol == "query" and ref and (ours or "protocols" in suite["metadata"]):
        ref = {"resultWrapper": f"{case['given'].get('name', 'OperationName')}Result"} | ref
    shape = botocore.model.ShapeResolver(suite["shapes"]).resolve_shape_ref(ref) if ref else None
    if not ours and not response["body"] and "rest" not in protocol:
        return {}
    if shape is not None and any(member.serialization.get("eventstream") for member in shape.members.values()):
        body = Stream(response["body"])
        response = response | {"body": body, "context": {"operation_name": case["given"].get("name")}}
    parser = botocore.parsers.create_parser(protocol)
    parsed = parser.parse(response, shape)
    parsed.pop("ResponseMetadata", None)
    for name, value in parsed.items():
        if isinstance(value, EventStream):
            parsed[name] = list(value)
        elif hasattr(value, "read"):
            parsed[name] = value.read()
    return parsed


class Stream:
    """A body as botocore's event streams want it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        yield self._data

    def close(self) -> None: ...


def as_dict(response: Response) -> dict[str, Any]:
    headers = HeadersDict()
    for name, value in response.headers:
        if name != "x-amzn-RequestId":
            headers[name] = value
    body = response.body if isinstance(response.body, bytes) else asyncio.run(drain(response.body))
    return {"status_code": response.status, "headers": headers, "body": body}


async def drain(stream: Any) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def events(values: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for value in values:
        yield value


def expected_response(protocol: str, case: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    response = case["response"]
    body = response.get("body") or ""
    binary = "cbor" in protocol or body.startswith("AAA")  # an event stream
    data = base64.b64decode(body) if binary else body.encode()
    return response.get("status_code", 200), response.get("headers", {}), data


@needs_vectors
@parametrize("output")
def test_output(name: str, suite: dict[str, Any], case: dict[str, Any]) -> None:
    if reason := skip_reason(NOT_FROM_SERVERS, name):
        pytest.skip(reason)
    model, operation = model_of(suite, case)
    protocol = suite["metadata"]["protocol"]
    status, headers, data = expected_response(protocol, case)
    if "errorCode" in case or "error" in case or status >= 300:
        check_error(suite, case, model, operation)
        return
    result = case["result"]
    wanted = boto_form(operation.output, result) if operation.output else {}
    wanted = {k: v for k, v in wanted.items() if v is not None}
    if operation.event_output:
        wanted[operation.event_output] = events(wanted[operation.event_output])
    response = codec_for(model, protocol).serialise(operation, wanted, request_id="request-id")
    ours = as_dict(response)
    theirs = {"status_code": status, "headers": HeadersDict(headers), "body": data}
    parsed, expected = botocore_parse(suite, case, ours, ours=True), botocore_parse(suite, case, theirs, ours=False)
    assert same(parsed, expected), (parsed, expected, ours["body"])
    assert response.status == status
    if "protocols" not in suite["metadata"] or skip_reason(LENIENT, name):
        return
    assert same(wire_form(protocol, ours["body"]), wire_form(protocol, data)), (ours["body"], data)
    for header, value in headers.items():
        if header.lower() not in ("x-amz-target", "x-amzn-requestid"):
            assert same_header(ours["headers"].get(header), value) or not ours["body"], header


def same_header(ours: str | None, theirs: str) -> bool:
    return ours is not None and ours.partition(";")[0] == theirs.partition(";")[0]


def check_error(suite: dict[str, Any], case: dict[str, Any], model: ServiceModel, operation: OperationModel) -> None:
    """We send the error; botocore reads code, message and members of it."""
    protocol, code = suite["metadata"]["protocol"], case["errorCode"]
    status, headers, _ = expected_response(protocol, case)
    shape = model.error_shape(code)
    members = boto_form(shape, case.get("error", {})) if shape else {}
    fields = {name: value for name, value in members.items() if name != shape.message_member} if shape else {}
    response = codec_for(model, protocol).error(
        operation,
        code=code,
        message=case.get("errorMessage"),
        status=status,
        sender_fault=status < 500,
        fields=fields,
        request_id="request-id",
        shape=shape.name if shape else None,
    )
    assert response.status == status
    ours = as_dict(response)
    parser = botocore.parsers.create_parser(protocol)
    error = parser.parse(ours, None)["Error"]
    assert error["Code"] == code
    assert (error.get("Message") or "") == (case.get("errorMessage") or "")
    if "x-amzn-query-error" in headers:
        assert ours["headers"]["x-amzn-query-error"] == headers["x-amzn-query-error"]
    if shape is not None and protocol != "ec2":  # whose errors have no members: none is modelled
        named = botocore.model.ShapeResolver(suite["shapes"]).get_shape_by_name(shape.name)
        parsed = parser.parse(ours, named)
        assert {name: parsed.get(name) for name in members} == members
