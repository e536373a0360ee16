"""Amazon S3's own wording of requests and answers: by their parts in HTTP.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.ledger.audit import Event
from hodei.protocol.http import parse_query
from hodei.protocol.model import OperationModel, Shape

OBJECT = "AWS::S3::Object"
URI = {"Bucket": "bucketName", "Key": "key"}


def request_parameters(event: Event, operation: OperationModel) -> dict[str, Any] | None:
    found: dict[str, Any] = dict(parse_query(operation.uri.partition("?")[2]))
    if operation.input and event.params:
        found |= _parts(operation.input, event.params)
    if event.host:
        found["Host"] = event.host
    return found or None


def response_elements(event: Event, operation: OperationModel) -> dict[str, Any] | None:
    if operation.output is None or not event.result:
        return None
    return dict(_parts(operation.output, event.result)) or None


def additional(event: Event) -> dict[str, Any]:
    version, _, method = event.signed.partition(" ")
    return {"SignatureVersion": version, "AuthenticationMethod": method} if event.signed else {}


def objects(arn: str, account: str) -> list[dict[str, Any]]:
    """What a data event is about, an object or all those of a bucket, with its bucket."""
    bucket, _, key = arn.partition("/")
    named = {"ARN": arn} if key else {"ARNPrefix": f"{bucket}/"}
    return [{"type": OBJECT, **named}, {"accountId": account, "type": "AWS::S3::Bucket", "ARN": bucket}]


def _parts(shape: Shape, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Members by their names in the URI, the query, the headers and the body."""
    for name, value in values.items():
        if (member := shape.members.get(name)) is None:  # of a request that was refused
            continue
        wire = member.wire_name(name)
        if member.location == "uri":
            yield URI.get(name, wire), value
        elif member.location == "headers" and isinstance(value, Mapping):
            yield from ((f"{wire}{key}", one) for key, one in value.items())
        elif member.location in ("header", "querystring"):
            yield wire, _text(value)
        else:
            yield wire, _element(member, value)


def _element(shape: Shape, value: Any) -> Any:
    if shape.type == "structure" and isinstance(value, Mapping):
        known = shape.members
        return {known[name].wire_name(name): _element(known[name], one) for name, one in value.items() if name in known}
    if shape.type == "list" and isinstance(value, list):
        items = [_element(shape.member, one) for one in value]
        return items if shape.flattened else {shape.member.wire_name("member"): items}
    return _text(value)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str | int | float) else str(value)
