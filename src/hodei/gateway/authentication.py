"""Who calls: keys that IAM or STS has issued stand for whom they were issued to, others for the root of an account."""

from __future__ import annotations

from hodei.gateway.credentials import Credential
from hodei.kernel import signatures
from hodei.kernel.context import ANONYMOUS, Principal
from hodei.kernel.errors import AwsError, declare
from hodei.kernel.iam import callers
from hodei.kernel.iam.keys import AccessKey, keys
from hodei.kernel.service import Service
from hodei.kernel.tables import Place
from hodei.kernel.world import World
from hodei.protocol.http import Body, Request
from hodei.protocol.model import OperationModel

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
_JSON_CODES = {
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}
_BY_PROTOCOL = {"query": _QUERY, "ec2": _QUERY, "rest-xml": _QUERY, "rest-json": _REST_JSON}


class Authenticator:
    def __init__(self, world: World) -> None:
        self._world = world
        self._place = Place(world.store)

    def caller(
        self,
        service: Service,
        request: Request,
        credential: Credential | None,
        region: str,
        body: bytes | Body | None,
        operation: OperationModel | None = None,
        skew: float = 0.0,
    ) -> Principal:
        """`skew`: seconds by which a fault has put the clock ahead; then unknown keys have to sign in time too.

        Raises: an AwsError for a key that is not active or has expired, or a signature that it has not made.
        """
        if credential is None:
            return ANONYMOUS
        key = keys.get(self._place, credential.access_key)
        if key is None:
            if self._world.strict_auth:
                raise _refusals(service)[0]()
            if skew:
                self._verify(service, request, None, None, False, skew)
            return callers.stranger(credential.access_key, region)
        invalid, expired = _refusals(service)
        if not key.active:
            raise invalid()
        unsigned = operation is not None and operation.unsigned_payload
        self._verify(service, request, key, body if isinstance(body, bytes) else None, unsigned, skew)
        if key.expires and self._world.clock.now() >= key.expires:
            raise expired()
        return callers.holder(key)

    def _verify(
        self,
        service: Service,
        request: Request,
        key: AccessKey | None,
        body: bytes | None,
        may_be_unsigned: bool,
        skew: float,
    ) -> None:
        """Whether the signature is of now and, where the key is known, whether the key has made it."""
        try:
            signature = signatures.read(request, service.model.signing_name)
            if signature is None:
                return
            signatures.check(signature, request, now=self._now(signature) + skew)
            if key is not None:
                request.chunk_signatures = signatures.verify(
                    signature, request, key.secret, body, token=key.token, may_be_unsigned=may_be_unsigned
                )
        except AwsError as error:
            raise _worded(service, error) from None

    def _now(self, signature: signatures.Signature) -> float:
        """Signatures are as old as real time says; what passes until a presigned request comes is time of the cloud."""
        clock = self._world.clock
        if signature.presigned and signature.begins is not None:
            return signature.begins + clock.now() - clock.virtual_at(signature.begins)
        return clock.real()


def _refusals(service: Service) -> _Refusals:
    if service.name == "s3":
        return _S3
    return _BY_PROTOCOL.get(service.model.metadata["protocol"], _JSON)


def _worded(service: Service, error: AwsError) -> AwsError:
    """A refusal as the protocol has it: signatures are judged in the words of the query protocol, or S3's own."""
    protocol = service.model.metadata["protocol"]
    code = _JSON_CODES.get(error.code)
    if service.name == "s3" or (protocol in _BY_PROTOCOL and protocol != "rest-json") or code is None:
        return error
    return declare(code, status=403 if protocol == "rest-json" else 400)(error.message)
