"""The policy of a browser's form: what its signer allows the form to hold.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.timestamps import parse_timestamp
from hodei.services.s3 import errors

V4_FIELDS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
V2_FIELDS = ("AWSAccessKeyId", "Signature")
UNCOVERED = {"policy", "x-amz-signature", "signature", "awsaccesskeyid", "file"}  # need no condition
SIZE = "content-length-range"


class Range(NamedTuple):
    """Bytes that the file may have, both inclusive."""

    least: int
    most: int | None


def check(ctx: Context, bucket: str, fields: Mapping[str, str]) -> Range:
    """Judge a form by its policy; one without policy and signature is for the anonymous to send, if they may.

    `fields` by their names in lower case, `${filename}` filled in.

    Raises: AccessDenied, InvalidArgument for a field that signing needs, InvalidPolicyDocument.
    """
    signed_v4 = any(name.lower() in fields for name in V4_FIELDS)
    signed = signed_v4 or any(name.lower() in fields for name in V2_FIELDS)
    if not signed and "policy" not in fields:
        return Range(0, None)
    if not signed or "policy" not in fields:
        raise errors.AccessDenied()
    for name in V4_FIELDS if signed_v4 else V2_FIELDS:
        if name.lower() not in fields:
            raise missing(name)
    policy = _decoded(fields["policy"])
    _check_expiration(ctx, policy["expiration"], fields.get("x-amz-date", ""))
    values = {**fields, "bucket": bucket}
    covered, size = set(UNCOVERED), Range(0, None)
    for condition in _conditions(policy["conditions"]):
        operator, name, value = condition
        if operator == SIZE:
            size = _size(condition)
            continue
        name = str(name).removeprefix("$").lower()
        covered.add(name)
        if not _holds(operator, values.get(name, ""), str(value)):
            raise failed(condition)
    for name in fields:
        if name not in covered and not name.startswith("x-ignore-"):
            raise errors.AccessDenied(f"Invalid according to Policy: Extra input fields: {name}")
    return size


def missing(name: str) -> AwsError:
    return errors.InvalidArgument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
        ArgumentName=name,
        ArgumentValue="",
    )


def failed(condition: tuple[Any, Any, Any]) -> AwsError:
    shown = json.dumps([str(part) for part in condition], ensure_ascii=False)
    return errors.AccessDenied(f"Invalid according to Policy: Policy Condition failed: {shown}")


def _decoded(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError):  # of JSON and of UTF-8 too
        policy = None
    if not isinstance(policy, dict):
        raise errors.InvalidPolicyDocument("Invalid Policy: Invalid JSON.")
    for name, kind in (("expiration", str), ("conditions", list)):
        if not isinstance(policy.get(name), kind):
            raise errors.InvalidPolicyDocument(f"Invalid Policy: Policy missing {name}.")
    return policy


def _check_expiration(ctx: Context, text: str, signed: str) -> None:
    """The signer reckons in real time; what passes from signing (known of version 4) to use is time of the cloud."""
    clock = ctx.world.clock
    try:
        ends = parse_timestamp(text).timestamp()
        begins = parse_timestamp(signed).timestamp() if signed else None
    except (ValueError, IndexError):
        raise errors.InvalidPolicyDocument(f"Invalid Policy: Invalid 'expiration' value: '{text}'") from None
    expired = clock.real() > ends if begins is None else ctx.now > clock.virtual_at(begins) + ends - begins
    if expired:
        raise errors.AccessDenied("Invalid according to Policy: Policy expired.")


def _conditions(given: list[Any]) -> list[tuple[Any, Any, Any]]:
    """Each as (operator, name, value); `{"acl": "private"}` is short for ["eq", "$acl", "private"]."""
    conditions: list[tuple[Any, Any, Any]] = []
    for condition in given:
        if isinstance(condition, dict):
            conditions.extend(("eq", f"${name}", value) for name, value in condition.items())
        elif isinstance(condition, list) and len(condition) == 3:
            conditions.append((str(condition[0]).lower(), condition[1], condition[2]))
        else:
            raise errors.InvalidPolicyDocument("Invalid Policy: Invalid Condition.")
    return conditions


def _holds(operator: str, value: str, wanted: str) -> bool:
    if operator == "eq":
        return value == wanted
    if operator == "starts-with":
        return value.startswith(wanted)
    raise errors.InvalidPolicyDocument(f"Invalid Policy: Invalid Condition: unknown operation '{operator}'.")


def _size(condition: tuple[Any, Any, Any]) -> Range:
    try:
        return Range(int(condition[1]), int(condition[2]))
    except (TypeError, ValueError):
        raise failed(condition) from None
