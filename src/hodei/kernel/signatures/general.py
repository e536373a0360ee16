"""Signatures as all services but S3 take them.

The messages are documented at https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html;
their exact wording is from answers that people have reported.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NoReturn

from hodei.kernel.errors import AwsError
from hodei.kernel.signatures import canonical, errors
from hodei.kernel.signatures.keys import ECDSA, HMAC, TERMINATOR
from hodei.kernel.signatures.signature import SKEW, UNSIGNED, Dialect, Signature, date_of, long_date, moment
from hodei.protocol.http import Request

SEPARATOR = re.compile(r"[,\s]+")
QUERY_PARAMETERS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
TOKEN_IS_NOT_SIGNED = {"iotdevicegateway"}  # it is added to the URL once that is signed
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class General(Dialect):
    def __init__(self, service: str) -> None:
        super().__init__(service)
        if service in TOKEN_IS_NOT_SIGNED:
            self.unsigned_parameters = self.unsigned_parameters | {"X-Amz-Security-Token"}

    def from_header(self, request: Request, authorization: str) -> Signature:
        """Raises: IncompleteSignature."""
        algorithm, _, rest = authorization.strip().partition(" ")
        given: dict[str, str] = {}
        for parameter in SEPARATOR.split(rest.strip()):
            name, equals, value = parameter.partition("=")
            if not equals and parameter:
                raise errors.IncompleteSignature(
                    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and "
                    f"encoded with Base64): '{_hashed(authorization)}'."
                )
            given[name] = value
        timestamp = date_of(request)
        missing = [
            f"Authorization header requires '{name}' parameter."
            for name in ("Credential", "Signature", "SignedHeaders")
            if not given.get(name)
        ]
        if not timestamp:
            missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        if missing:
            hashed = f"(Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(authorization)}"
            raise errors.IncompleteSignature(" ".join([*missing, hashed]))
        region_set = request.headers.get("x-amz-region-set")
        return self._signature(
            algorithm, given["Credential"], given["SignedHeaders"], given["Signature"], timestamp, region_set
        )

    def from_query(self, request: Request, query: Mapping[str, str]) -> Signature:
        """Raises: IncompleteSignature."""
        missing = [name for name in QUERY_PARAMETERS if not query.get(name)]
        if missing:
            reasons = "".join(f"AWS query-string parameters must include '{name}'. " for name in missing)
            raise errors.IncompleteSignature(f"{reasons}Re-examine the query-string parameters.")
        algorithm, credential, value, names, timestamp = (query[name] for name in QUERY_PARAMETERS)
        signature = self._signature(algorithm, credential, names, value, timestamp, query.get("X-Amz-Region-Set", ""))
        return signature._replace(presigned=True)

    def _signature(
        self, algorithm: str, credential: str, names: str, value: str, timestamp: str, region_set: str
    ) -> Signature:
        if algorithm not in (HMAC, ECDSA):
            raise errors.IncompleteSignature(f"Unsupported AWS 'algorithm': '{algorithm}'.")
        begins = moment(timestamp)
        if begins is None:
            raise errors.IncompleteSignature(
                f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601"
            )
        access_key, date, region, service = _scope(algorithm, credential, region_set)
        headers = tuple(names.lower().split(";"))
        return Signature(self, algorithm, access_key, date, region, service, headers, value, timestamp, begins)

    def check(self, signature: Signature, request: Request, region: str, now: float) -> None:
        """Raises: SignatureDoesNotMatch."""
        wrong = []
        if region and not covers(signature, region):
            wrong.append("Credential should be scoped to a valid region. ")
        if signature.service != self.service:
            wrong.append(f"Credential should be scoped to correct service: '{self.service}'. ")
        if wrong:
            _refuse("".join(wrong))
        timestamp = signature.timestamp
        if timestamp[:8] != signature.date:
            _refuse(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                f"'{signature.date}' != '{timestamp[:8]}', from '{timestamp}'."
            )
        self._check_time(signature, now)
        if "host" not in signature.headers:
            _refuse("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")

    @staticmethod
    def _check_time(signature: Signature, now: float) -> None:
        """Presigned or not, it holds for 15 minutes: only S3 heeds X-Amz-Expires.

        https://github.com/kubernetes-sigs/aws-iam-authenticator says so of STS.
        """
        assert signature.begins is not None
        if now > signature.begins + SKEW:
            _refuse(
                f"Signature expired: {signature.timestamp} is now earlier than {long_date(now - SKEW)} "
                f"({long_date(now)} - 15 min.)"
            )
        if now < signature.begins - SKEW:
            _refuse(
                f"Signature not yet current: {signature.timestamp} is still later than {long_date(now + SKEW)} "
                f"({long_date(now)} + 15 min.)"
            )

    def check_token(self, signature: Signature, sent: str, token: str) -> None:
        """Raises: InvalidClientTokenId."""
        if not hmac.compare_digest(sent.encode(), token.encode()):
            raise errors.InvalidClientTokenId()

    def path(self, raw: str) -> str:
        return canonical.encoded_twice(raw)

    def payloads(
        self, signature: Signature, request: Request, body: bytes | None, may_be_unsigned: bool
    ) -> tuple[str, ...]:
        assert body is not None, "only S3 takes a body before its signature is verified"
        digest = canonical.sha256(body)
        return (digest, UNSIGNED) if may_be_unsigned else (digest,)

    def check_body(self, payload: str, body: bytes) -> None:
        """Its hash has been computed: the signature covers it."""

    def mismatch(self, signature: Signature, string_to_sign: str, canonical: str = "") -> AwsError:
        return errors.SignatureDoesNotMatch(
            f"{MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
            f"The String-to-Sign should have been\n'{string_to_sign}'\n"
        )


def covers(signature: Signature, region: str) -> bool:
    """Whether it was made for this region. A region set has patterns: `us-*`."""
    if signature.algorithm != ECDSA:
        return signature.region == region
    return any(fnmatchcase(region, pattern.strip()) for pattern in signature.region.split(","))


def _scope(algorithm: str, credential: str, region_set: str) -> tuple[str, str, str, str]:
    """Access key, date, region and service. SigV4a has the regions in a header of its own."""
    form = "keyid/date/service/term" if algorithm == ECDSA else "keyid/date/region/service/term"
    parts = credential.split("/")
    if len(parts) != form.count("/") + 1:
        raise errors.IncompleteSignature(
            f"Credential must have exactly {form.count('/') + 1} slash-delimited elements, e.g. {form}, "
            f"got '{credential}'"
        )
    access_key, date, *between, terminator = parts
    if terminator != TERMINATOR:
        _refuse(f"Credential should be scoped with a valid terminator: '{TERMINATOR}'. ")
    region, service = between if algorithm == HMAC else (region_set, between[0])
    return access_key, date, region, service


def _hashed(authorization: str) -> str:
    return base64.b64encode(hashlib.sha256(authorization.encode()).digest()).decode()


def _refuse(message: str) -> NoReturn:
    raise errors.SignatureDoesNotMatch(message)
