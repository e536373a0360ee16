"""Whatever bytes arrive, parsing ends in parameters or in a ProtocolError."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hodei.protocol.codec import ProtocolError, codec_for, detect_protocol, find_operation
from hodei.protocol.http import Body, Headers, Request
from hodei.protocol.model import load_model
from hodei.protocol.validate import aggregated_message, validator_for

CBOR = b"\xbfiNamespaceanjMetricData\x81\xbfjMetricNameamiTimestamp\xc1\x1ae\x93\x80\x00eValue\xfb?\xf8\x00\x00\x00\x00\x00\x00\xff\xff"

REQUESTS = {
    "json": ("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.PutItem"}, b'{"TableName":"t","Item":{"a":{"M":{"b":{"L":[{"B":"aGk="},{"NS":["1"]}]}}}},"ConditionalOperator":"AND"}'),
    "query": ("sqs", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, b"Action=SendMessage&QueueUrl=q&DelaySeconds=3&MessageAttribute.1.Name=n&MessageAttribute.1.Value.BinaryValue=aGk%3D"),
    "ec2": ("ec2", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, b"Action=RunInstances&MaxCount=1&BlockDeviceMapping.1.Ebs.VolumeSize=3&TagSpecification.1.Tag.1.Key=a&DryRun=true"),
    "rest-json": ("lambda", "POST", "/2015-03-31/functions", {"content-type": "application/json"}, b'{"FunctionName":"f","Code":{"ZipFile":"aGk="},"Timeout":3,"Environment":{"Variables":{"a":"b"}},"Layers":["x"]}'),
    "rest-xml": ("s3", "PUT", "/b?lifecycle", {"content-md5": "x"}, b"<LifecycleConfiguration><Rule><ID>a</ID><Filter><And><Tag><Key>k</Key></Tag></And></Filter><Expiration><Days>3</Days><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>"),
    "cbor": ("cloudwatch", "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", {"smithy-protocol": "rpc-v2-cbor"}, CBOR),
}  # fmt: skip


def attempt(service: str, request: Request) -> dict[str, Any] | None:
    """Parameters, or None for a clean refusal. Anything else that is raised fails the test."""
    model = load_model(service)
    try:
        protocol = detect_protocol(model, request)
        operation, uri_params = find_operation(model, protocol, request)
        params = codec_for(model, protocol).parse(operation, request, request.body, uri_params)
    except ProtocolError:
        return None
    if violations := validator_for(operation)(params):
        assert "validation error" in aggregated_message(violations)
    return params


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_requests_are_good_ones(kind: str) -> None:
    service, method, target, headers, body = REQUESTS[kind]
    assert attempt(service, Request(method, target, Headers(list(headers.items())), Body(body)))


@pytest.mark.parametrize("kind", REQUESTS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_random_bodies(kind: str, data: st.DataObject) -> None:
    service, method, target, headers, _ = REQUESTS[kind]
    body = data.draw(st.binary(max_size=200))
    attempt(service, Request(method, target, Headers(list(headers.items())), Body(body)))


@pytest.mark.parametrize("kind", REQUESTS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_mutated_bodies(kind: str, data: st.DataObject) -> None:
    service, method, target, headers, body = REQUESTS[kind]
    mutated = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        length = data.draw(st.integers(0, 6))
        mutated[at : at + length] = data.draw(
            st.binary(max_size=6)
            | st.sampled_from([b"null", b"{}", b"[", b"-1", b"1e400", b"\xc2", b"%FF", b".1.", b"<a/>"])
        )
    attempt(service, Request(method, target, Headers(list(headers.items())), Body(bytes(mutated))))


@settings(max_examples=300, deadline=None)
@given(target=st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=60), values=st.lists(st.tuples(st.sampled_from(["range", "x-amz-copy-source", "content-length", "x-amz-object-lock-retain-until-date", "if-modified-since", "x-amz-meta-a", "x-amz-optional-object-attributes"]), st.text(max_size=20)), max_size=3), method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]))  # fmt: skip
def test_random_targets_and_headers(target: str, values: list[tuple[str, str]], method: str) -> None:
    for service in ("s3", "lambda", "apigateway"):
        attempt(service, Request(method, "/" + target, Headers(values), Body(b"")))


BOMBS = {
    "cbor nesting": ("cbor", b"\x81" * 100_000),
    "cbor length": ("cbor", b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff" + b"x"),
    "cbor cycle": ("cbor", b"\xd8\x1c\x81\xd8\x1d\x00"),
    "cbor keys": ("cbor", b"\xa1\xa1\x01\x02\x03"),
    "json nesting": ("json", b'{"Item":' * 100_000),
    "json surrogate": ("json", b'{"TableName":"\\ud800"}'),
    "json number": ("json", b'{"TableName":"t","Item":' + b"9" * 5000 + b"}"),
    "form nesting": ("query", b"Action=SendMessage&" + b"MessageAttribute." * 20_000 + b"=1"),
    "form index": ("query", b"Action=SendMessage&MessageAttribute.99999999999999999999.Name=a"),
    "form number": ("query", b"Action=SendMessage&DelaySeconds=" + b"9" * 10_000),
    "form both": ("query", b"Action=SendMessage&QueueUrl.a=1&QueueUrl=2&QueueUrl.b.c=1"),
    "xml nesting": ("rest-xml", b"<LifecycleConfiguration>" + b"<Rule>" * 100_000),
    "xml laughs": ("rest-xml", b'<!DOCTYPE a [<!ENTITY b "cc">]><LifecycleConfiguration>&b;</LifecycleConfiguration>'),
    "xml date": ("rest-xml", b"<LifecycleConfiguration><Rule><Expiration><Date>9999-12-31T23:59:59-14:00</Date></Expiration></Rule></LifecycleConfiguration>"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    kind, body = BOMBS[name]
    service, method, target, headers, _ = REQUESTS[kind]
    attempt(service, Request(method, target, Headers(list(headers.items())), Body(body)))
