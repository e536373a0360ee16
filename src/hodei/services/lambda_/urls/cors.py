"""Pages of other origins that call a URL, as its configuration lets them.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.protocol.http import Request, Response

Cors = Mapping[str, Any]
Headers = list[tuple[str, str]]


def is_preflight(request: Request) -> bool:
    headers = request.headers
    return request.method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(cors: Cors, request: Request) -> Response:
    """The function is not asked. Origins that are not allowed get an answer that says nothing."""
    headers = _of_origin(cors, request)
    if headers:
        for what in ("Methods", "Headers"):
            if cors.get(f"Allow{what}"):
                headers.append((f"access-control-allow-{what.lower()}", ",".join(cors[f"Allow{what}"])))
        if "MaxAge" in cors:
            headers.append(("access-control-max-age", str(cors["MaxAge"])))
    return Response(200, [("content-type", "application/json"), *headers])


def let_read(cors: Cors, request: Request, response: Response) -> None:
    """What the configuration says comes before what the function says."""
    added = _of_origin(cors, request)
    if added and cors.get("ExposeHeaders"):
        added.append(("access-control-expose-headers", ",".join(cors["ExposeHeaders"])))
    names = {name for name, _ in added} - {"vary"}
    response.headers = [*(header for header in response.headers if header[0].lower() not in names), *added]


def _of_origin(cors: Cors, request: Request) -> Headers:
    """Nothing, if the origin is not allowed. With credentials it has to be named, as browsers take no "*" then."""
    origin, allowed = request.headers.get("origin"), cors.get("AllowOrigins", ())
    if not origin or ("*" not in allowed and origin not in allowed):
        return []
    if cors.get("AllowCredentials"):
        return [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("vary", "Origin"),
        ]
    if "*" in allowed:
        return [("access-control-allow-origin", "*")]
    return [("access-control-allow-origin", origin), ("vary", "Origin")]
