"""What the client of a URL gets of what its function answers.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from hodei.kernel.errors import AwsError
from hodei.protocol.http import ConnectionBroken, Response
from hodei.protocol.model import ServiceModel
from hodei.services.lambda_.invoking.invoke import SYNCHRONOUS
from hodei.services.lambda_.invoking.streaming import Streamed
from hodei.services.lambda_.runtime.invocation import Outcome

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
WITH_PRELUDE = "application/vnd.awslambda.http-integration-response"
DELIMITER = b"\0" * 8
LARGEST_PRELUDE = 16 * 1024  # bytes, as of those that API Gateway takes
JSON, BYTES = "application/json", "application/octet-stream"
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
REMAPPED = frozenset(  # what a function says of these reaches the client by another name
    (
        "connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding", "upgrade",
        "www-authenticate",
    )
)  # fmt: skip


class Malformed(Exception):
    """It is no answer."""


def forbidden() -> Response:
    return _told(403, "AccessDeniedException", {"Message": FORBIDDEN})


def too_large() -> Response:
    message = f"Request must be smaller than {SYNCHRONOUS} bytes for the InvokeFunction operation"
    return _told(413, "RequestEntityTooLargeException", {"Message": message})


def refused(model: ServiceModel, error: AwsError) -> Response:
    """What Lambda's API refuses too."""
    shape = model.error_shape(error.code)
    status = error.status or (shape.error_status if shape else 400)
    members = {name: error.fields[name] for name in ("Reason", "Type") if name in error.fields}
    response = _told(status, error.code, members | {"message": error.message})
    response.headers += error.headers.items()
    return response


def _told(status: int, kind: str, body: dict[str, Any]) -> Response:
    return Response(status, [("content-type", JSON), ("x-amzn-ErrorType", kind)], msgspec.json.encode(body))


def failed() -> Response:
    """Of a function that fails, or gives what is no answer."""
    return Response(502, [("content-type", JSON)], b"Internal Server Error")


def buffered(outcome: Outcome) -> Response:
    try:
        return failed() if outcome.error else _answer(outcome.payload)
    except Malformed:
        return failed()


def _answer(payload: bytes) -> Response:
    """What has no status is the body itself. Raises: Malformed."""
    answer = _decoded(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response(200, [("content-type", JSON)], payload)
    status, headers = _head(answer, JSON)
    body = answer.get("body") or ""
    text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    if not answer.get("isBase64Encoded"):
        return Response(status, headers, text.encode())
    try:
        return Response(status, headers, base64.b64decode(text, validate=True))
    except ValueError as error:
        raise Malformed from error


def _decoded(text: bytes) -> Any:
    """Raises: Malformed."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed from error


def _head(answer: Any, content_type: str) -> tuple[int, list[tuple[str, str]]]:
    """The status and the headers, with a content type at least. Raises: Malformed."""
    if not isinstance(answer, dict):
        raise Malformed
    status, given, cookies = answer.get("statusCode", 200), answer.get("headers") or {}, answer.get("cookies") or []
    if not str(status).isdecimal() or not 200 <= int(status) <= 599:
        raise Malformed
    if not isinstance(given, dict) or not isinstance(cookies, list):
        raise Malformed
    headers = [_header(name, value) for name, value in given.items() if value is not None]
    headers += [("set-cookie", str(cookie)) for cookie in cookies]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", content_type))
    return int(status), headers


def _header(name: str, value: Any) -> tuple[str, str]:
    """Raises: Malformed."""
    if not TOKEN.fullmatch(name) or isinstance(value, dict | list):
        raise Malformed
    text = str(value).lower() if isinstance(value, bool) else str(value)
    lower = name.lower()
    return (f"x-amzn-remapped-{lower}" if lower in REMAPPED else lower), text


async def streamed(answer: Streamed) -> Response:
    """Begins with the first part. Of one that fails before that there is nothing but the failure; one that fails later
    is broken off. Raises as `Streamed.begun`."""
    await answer.begun()
    try:
        if answer.content_type.partition(";")[0].lower() == WITH_PRELUDE:
            prelude, first = await _prelude(answer)
            status, headers = _head(_decoded(prelude), BYTES)
        else:
            status, headers = 200, [("content-type", answer.content_type or BYTES)]
            first = await anext(answer, b"")
    except Malformed:
        return failed()
    if not first and answer.over and (await answer.outcome()).error:
        return failed()
    return Response(status, headers, _rest(first, answer))


async def _prelude(answer: Streamed) -> tuple[bytes, bytes]:
    """What stands before the body, and what has come of that. Raises: Malformed."""
    found = b""
    async for part in answer:
        found += part
        prelude, delimiter, rest = found.partition(DELIMITER)
        if delimiter:
            return prelude, rest
        if len(found) > LARGEST_PRELUDE:
            break
    raise Malformed


async def _rest(first: bytes, answer: Streamed) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for part in answer:
        yield part
    try:
        error = (await answer.outcome()).error
    except AwsError as broken_off:
        error = broken_off.code
    if error:
        raise ConnectionBroken(error)
