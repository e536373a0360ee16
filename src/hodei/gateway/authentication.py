"""Who calls: keys that IAM or STS has issued stand for whom they were issued to, others for the root of an account."""

from __future__ import annotations

from hodei.gateway.credentials import Credential, principal_of
from hodei.kernel.context import ANONYMOUS, Principal
from hodei.kernel.errors import AwsError, declare
from hodei.kernel.iam.keys import AccessKey, keys
from hodei.kernel.service import Service
from hodei.kernel.tables import Place
from hodei.kernel.world import World
from hodei.protocol.http import Request

TOKEN = "x-amz-security-token"

_Refusals = tuple[type[AwsError], type[AwsError]]  # of an unknown key or token, of an expired one

_S3: _Refusals = (
    declare("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", status=403),
    declare("ExpiredToken", "The provided token has expired.", status=400),
)
_QUERY: _Refusals = (
    declare("InvalidClientTokenId", "The security token included in the request is invalid.", status=403),
    declare("ExpiredToken", "The security token included in the request is expired", status=403),
)
_JSON: _Refusals = (
    declare("UnrecognizedClientException", "The security token included in the request is invalid.", status=400),
    declare("ExpiredTokenException", "The security token included in the request is expired", status=400),
)
_REST_JSON: _Refusals = (
    declare("UnrecognizedClientException", "The security token included in the request is invalid.", status=403),
    declare("ExpiredTokenException", "The security token included in the request is expired", status=403),
)
_BY_PROTOCOL = {"query": _QUERY, "ec2": _QUERY, "rest-xml": _QUERY, "rest-json": _REST_JSON}


class Authenticator:
    def __init__(self, world: World) -> None:
        self._world = world
        self._place = Place(world.store)

    def caller(self, service: Service, request: Request, credential: Credential | None, region: str) -> Principal:
        """Raises: an AwsError for a key that is not active or has expired, for a token that is not the key's."""
        if credential is None:
            return ANONYMOUS
        key = keys.get(self._place, credential.access_key)
        if key is None:
            if self._world.strict_auth:
                raise _refusals(service)[0]()
            return principal_of(credential, region)
        invalid, expired = _refusals(service)
        if not key.active or key.token != _token(request):
            raise invalid()
        if key.expires and self._world.clock.now() >= key.expires:
            raise expired()
        return _principal(key)


def _refusals(service: Service) -> _Refusals:
    if service.name == "s3":
        return _S3
    return _BY_PROTOCOL.get(service.model.metadata["protocol"], _JSON)


def _token(request: Request) -> str:
    if found := request.headers.get(TOKEN):
        return found
    return next((value for name, value in request.query_pairs() if name.lower() == TOKEN), "") if request.query else ""


def _principal(key: AccessKey) -> Principal:
    return Principal(
        account=key.account, arn=key.arn, access_key=key.access_key, kind=key.kind, id=key.id, session=key.session
    )
