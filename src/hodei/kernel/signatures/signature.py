"""What a request says of its signature, and what the two families of services make of it."""

from __future__ import annotations

import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from hodei.kernel.errors import AwsError
from hodei.kernel.signatures.keys import ECDSA, TERMINATOR
from hodei.protocol.http import Request
from hodei.protocol.timestamps import from_epoch, parse_timestamp

SKEW = 900  # seconds that the caller's clock may be off
LONG_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII).fullmatch
UNSIGNED = "UNSIGNED-PAYLOAD"
VERSION_2 = "AWS"  # the algorithm of version 2, HMAC-SHA1, has no name but that of its header


class Signature(NamedTuple):
    """A signature as it stands in a request's header, query or form. Nothing of it is verified.

    `begins` is when it was made, `ends` when it expires: epoch seconds. Version 2 knows no scope (`date` to `service`
    are empty), and in a query only when it ends.
    """

    dialect: Dialect
    algorithm: str
    access_key: str
    date: str  # YYYYMMDD
    region: str  # of SigV4a the region set: names and patterns, separated by commas
    service: str
    headers: tuple[str, ...]  # those signed, in lower case
    value: str
    timestamp: str  # as it is signed
    begins: float | None
    ends: float | None = None
    presigned: bool = False

    @property
    def scope(self) -> str:
        region = "" if self.algorithm == ECDSA else f"{self.region}/"
        return f"{self.date}/{region}{self.service}/{TERMINATOR}"

    def string_to_sign(self, canonical_sha256: str) -> str:
        return f"{self.algorithm}\n{self.timestamp}\n{self.scope}\n{canonical_sha256}"


class Dialect(ABC):
    """How one service reads signatures. `service` is its signing name."""

    query_marks = frozenset({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"})  # any one: it is presigned
    unsigned_parameters = frozenset({"X-Amz-Signature"})

    def __init__(self, service: str) -> None:
        self.service = service

    @abstractmethod
    def from_header(self, request: Request, authorization: str) -> Signature: ...

    @abstractmethod
    def from_query(self, request: Request, query: Mapping[str, str]) -> Signature: ...

    @abstractmethod
    def check(self, signature: Signature, request: Request, region: str, now: float) -> None:
        """Judge what needs no secret: scope, time, and that what must be signed is."""

    @abstractmethod
    def check_token(self, signature: Signature, sent: str, token: str) -> None:
        """The session token that was sent must be that of the credentials ("": they have none)."""

    @abstractmethod
    def path(self, raw: str) -> str:
        """The canonical form of a path."""

    @abstractmethod
    def payloads(
        self, signature: Signature, request: Request, body: bytes | None, may_be_unsigned: bool
    ) -> tuple[str, ...]:
        """What may stand for the body in the canonical request."""

    @abstractmethod
    def check_body(self, payload: str, body: bytes) -> None:
        """The body must be what stood for it."""

    @abstractmethod
    def mismatch(self, signature: Signature, string_to_sign: str, canonical: str = "") -> AwsError: ...


@functools.lru_cache(maxsize=1024)
def moment(timestamp: str) -> float | None:
    """Epoch seconds of 20130524T000000Z; None if it is not of that form."""
    match = LONG_DATE(timestamp)
    if match is None:
        return None
    try:
        return datetime(*map(int, match.groups()), tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]
    except ValueError:
        return None


def long_date(seconds: float) -> str:
    """20130524T000000Z"""
    return from_epoch(seconds).strftime("%Y%m%dT%H%M%SZ")


def date_of(request: Request) -> str:
    """The time of a request signed in its header, as it is signed: "" if it names none, as sent if it is none."""
    if text := request.headers.get("x-amz-date").strip():
        return text
    text = request.headers.get("date").strip()
    try:
        return text if not text or LONG_DATE(text) else long_date(parse_timestamp(text).timestamp())
    except (ValueError, OverflowError):
        return text


def session_token(request: Request, query: Mapping[str, str]) -> str:
    """`query` with names in lower case."""
    return request.headers.get("x-amz-security-token") or query.get("x-amz-security-token", "")
