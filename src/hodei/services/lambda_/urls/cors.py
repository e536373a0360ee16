"""Pages of other origins that call a URL, as its configuration lets them.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.protocol.http import Request, Response

Cors = Mapping[str, Any]
Headers = list[tuple[str, str]]

OF_PREFLIGHTS = (("AllowMethods", "access-control-allow-methods"), ("AllowHeaders", "access-control-allow-headers"))


def is_preflight(request: Request) -> bool:
    headers = request.headers
    return request.method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def preflight(cors: Cors, request: Request) -> Response:
    """The function is not asked. What all answers say is yet to be added (`let_read`)."""
    headers = [("content-type", "application/json")]
    if _of_origin(cors, request):
        headers += [(name, ",".join(cors[member])) for member, name in OF_PREFLIGHTS if cors.get(member)]
        if "MaxAge" in cors:
            headers.append(("access-control-max-age", str(cors["MaxAge"])))
    return Response(200, headers)


def let_read(cors: Cors, request: Request, response: Response) -> None:
    """AWS adds its headers to those that the function gives, be they the same: browsers do not take both."""
    added = _of_origin(cors, request)
    if added and cors.get("ExposeHeaders"):
        added.append(("access-control-expose-headers", ",".join(cors["ExposeHeaders"])))
    response.headers += added


def _of_origin(cors: Cors, request: Request) -> Headers:
    """Nothing, if the origin is not allowed. With credentials it has to be named, as browsers take no "*" then."""
    origin, allowed = request.headers.get("origin"), cors.get("AllowOrigins", ())
    if not origin or ("*" not in allowed and origin not in allowed):
        return []
    credentials = [("access-control-allow-credentials", "true")] if cors.get("AllowCredentials") else []
    if "*" in allowed and not credentials:
        return [("access-control-allow-origin", "*")]
    return [("access-control-allow-origin", origin), *credentials, ("vary", "Origin")]
