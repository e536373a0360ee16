"""Who signs a request: read from the Authorization header or the presigned query, not yet verified."""

from __future__ import annotations

import functools
from typing import NamedTuple
from urllib.parse import unquote

from hodei.kernel.iam.callers import DEFAULT_ACCOUNT as DEFAULT_ACCOUNT
from hodei.protocol.http import Request

DEFAULT_REGION = "us-east-1"


class Credential(NamedTuple):
    """The credential scope of a signature. `region` and `service` are empty where the scheme has none."""

    access_key: str
    region: str = ""
    service: str = ""


def read_credential(request: Request) -> Credential | None:
    """The credential of a SigV4, SigV4a or SigV2 signature, in the header or in the query; None if unsigned."""
    authorization = request.headers.get("authorization")
    if authorization.startswith("AWS4-"):
        _, _, rest = authorization.partition("Credential=")
        return _scope(rest.partition(",")[0].strip())
    if authorization.startswith("AWS "):
        return Credential(authorization[4:].partition(":")[0])
    if "X-Amz-Credential=" in request.query or "AWSAccessKeyId=" in request.query:
        for part in request.query.split("&"):
            name, _, value = part.partition("=")
            if name == "X-Amz-Credential":
                return _scope(unquote(value))
            if name == "AWSAccessKeyId":
                return Credential(unquote(value))
    return None


@functools.lru_cache(maxsize=1024)
def _scope(text: str) -> Credential | None:
    parts = text.split("/")
    if parts[-1] != "aws4_request":
        return Credential(parts[0]) if parts[0] else None
    if len(parts) >= 5:  # access key (which may hold '/'), date, region, service
        return Credential("/".join(parts[:-4]), parts[-3], parts[-2])
    return Credential(parts[0], "", parts[-2])  # SigV4a: no region
