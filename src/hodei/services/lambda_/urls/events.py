"""What a function is given of a request to its URL.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from hodei.kernel.context import Context, Principal
from hodei.kernel.iam.controls import table as controls
from hodei.protocol.http import Request
from hodei.services.lambda_.state import Url

TEXT = re.compile(r"text/.+|application/(json|javascript|xml|.+\+(json|xml))")
OF_THE_CONNECTION = frozenset(
    ("connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
PORTS = {"http": "80", "https": "443"}


def event(ctx: Context, url: Url, request: Request, body: bytes, trace: str) -> bytes:
    """Payload format 2.0, in JSON. `ctx` is the caller's: anonymous, unless the URL asks who calls."""
    headers = request.headers.joined()
    cookies, parameters = headers.get("cookie"), _parameters(request)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        **({"cookies": cookies.split("; ")} if cookies else {}),
        "headers": _headers(request, headers, trace),
        **({"queryStringParameters": parameters} if parameters else {}),
        "requestContext": _context(ctx, url, request),
        **_body(headers.get("content-type", ""), body),
    }
    return msgspec.json.encode(made)


def _headers(request: Request, headers: dict[str, str], trace: str) -> dict[str, str]:
    """With what the way to the function adds. Cookies have a member of their own."""
    kept = {name: value for name, value in headers.items() if name not in OF_THE_CONNECTION and name != "cookie"}
    port = request.headers.get("host").rpartition(":")[2]
    before = headers.get("x-forwarded-for")
    return kept | {
        "x-amzn-trace-id": trace,
        "x-forwarded-for": f"{before}, {request.client}" if before else request.client,
        "x-forwarded-port": port if port.isdigit() else PORTS[request.scheme],
        "x-forwarded-proto": request.scheme,
    }


def _parameters(request: Request) -> dict[str, str]:
    """The values of those that come more than once are joined."""
    found: dict[str, str] = {}
    for name, value in request.query_pairs():
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _context(ctx: Context, url: Url, request: Request) -> dict[str, Any]:
    caller, at = ctx.principal, datetime.fromtimestamp(ctx.now, UTC)
    authorizer = {} if caller.anonymous else {"authentication": None, "authorizer": {"iam": _iam(ctx, caller)}}
    return {
        "accountId": "anonymous" if caller.anonymous else caller.account,
        "apiId": url.id,
        **authorizer,
        "domainName": request.host,
        "domainPrefix": url.id,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": f"HTTP/{request.http_version}",
            "sourceIp": request.client,
            "userAgent": request.headers.get("user-agent"),
        },
        "requestId": ctx.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": f"{at:%d/%b/%Y:%H:%M:%S} +0000",
        "timeEpoch": int(ctx.now * 1000),
    }


def _iam(ctx: Context, caller: Principal) -> dict[str, Any]:
    organization, id = controls.get(ctx, caller.account), caller.id or caller.account
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account,
        "callerId": id,
        "cognitoIdentity": None,
        "principalOrgId": organization.organization if organization else None,
        "userArn": caller.arn,
        "userId": id,
    }


def _body(content_type: str, body: bytes) -> dict[str, Any]:
    """In base64, if its type is not known to be a text's."""
    if not body:
        return {"isBase64Encoded": False}
    if TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # not what its type says
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
