"""Pages that call the APIs from a browser. What AWS answers them was read from its answers: the same for all services
but S3, whose buckets have rules of their own.

AWS lets pages of any origin in, since they have no key unless given one. Here any key will do, and a service may run
what it is given: so only pages of this machine are let in, as at the local routes.
"""

from __future__ import annotations

from hodei.gateway.local import LOCAL_HOSTS, hostname
from hodei.gateway.routing import FALLBACK, Host
from hodei.protocol.http import Request, Response

ALLOWED = ("Access-Control-Allow-Origin", "*")
EXPOSED = ("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
MAX_AGE = ("Access-Control-Max-Age", "172800")


def preflight(request: Request, host: Host, url: str) -> Response | None:
    """The answer to OPTIONS; None if it is S3's to answer, or nobody's. `url` is the cloud's."""
    method = request.headers.get("access-control-request-method")
    if not method or _is_of_s3(request, method, host) or not welcome(request, url):
        return None
    headers = [ALLOWED, ("Access-Control-Allow-Methods", method), EXPOSED, MAX_AGE]
    if wanted := request.headers.get("access-control-request-headers"):
        headers.append(("Access-Control-Allow-Headers", wanted))
    return Response(200, headers)


def let_read(request: Request, response: Response, url: str) -> None:
    """Let the page that sent the request read the answer."""
    if welcome(request, url):
        response.headers += [ALLOWED, EXPOSED]


def welcome(request: Request, url: str) -> bool:
    name = hostname(request.headers.get("origin"))
    return name in LOCAL_HOSTS or name.endswith(".localhost") or (name != "" and name == hostname(url))


def _is_of_s3(request: Request, method: str, host: Host) -> bool:
    """A preflight is not signed: only its host, and what the request to come will have, tell the services apart."""
    if host.prefix not in ("", FALLBACK):
        return False
    if "x-amz-target" in request.headers.get("access-control-request-headers").lower():
        return False
    return bool(host.prefix) or request.path != "/" or method != "POST"
