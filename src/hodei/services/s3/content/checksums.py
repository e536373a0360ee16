"""Checksums of bodies: every algorithm of the model, how clients send them, how those of parts are put together."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hodei.services.s3 import errors

DEFAULT = "CRC64NVME"  # what S3 computes of an object that came without a checksum


class Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Crc:
    """A CRC as a hasher; `step(data, previous)` gives the next value."""

    def __init__(self, step: Callable[[bytes, int], int], size: int) -> None:
        self._step, self._size, self._value = step, size, 0

    def update(self, data: bytes) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


@dataclass(frozen=True)
class Algorithm:
    """`linear`: the checksum of a whole follows from those of its parts (FULL_OBJECT in multipart uploads)."""

    name: str
    size: int  # bytes of a digest
    make: Callable[[], Hasher]
    linear: bool = False

    @property
    def header(self) -> str:
        return f"x-amz-checksum-{self.name.lower()}"

    @property
    def member(self) -> str:
        return f"Checksum{self.name}"


@functools.cache
def _aws() -> Any:
    import awscrt.checksums  # 10 MB of library: when first used

    return awscrt.checksums


@functools.cache
def _xxhash() -> Any:
    import xxhash

    return xxhash


_ALL = (
    Algorithm("CRC32", 4, lambda: Crc(zlib.crc32, 4), linear=True),
    Algorithm("CRC32C", 4, lambda: Crc(_aws().crc32c, 4), linear=True),
    Algorithm("CRC64NVME", 8, lambda: Crc(_aws().crc64nvme, 8), linear=True),
    Algorithm("SHA1", 20, lambda: hashlib.sha1(usedforsecurity=False)),
    Algorithm("SHA256", 32, hashlib.sha256),
    Algorithm("SHA512", 64, hashlib.sha512),
    Algorithm("MD5", 16, lambda: hashlib.md5(usedforsecurity=False)),
    Algorithm("XXHASH64", 8, lambda: _xxhash().xxh64()),
    Algorithm("XXHASH3", 8, lambda: _xxhash().xxh3_64()),
    Algorithm("XXHASH128", 16, lambda: _xxhash().xxh3_128()),
)
ALGORITHMS = {algorithm.name: algorithm for algorithm in _ALL}
MEMBERS = {algorithm.member: algorithm for algorithm in _ALL}
HEADERS = {algorithm.header: algorithm for algorithm in _ALL}


def members(checksums: Mapping[str, str]) -> dict[str, str]:
    """{"CRC32": ...} as boto3's members: {"ChecksumCRC32": ...}."""
    return {f"Checksum{name}": value for name, value in checksums.items()}


def encode(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Expected:
    """The checksum that a request says its body has: `value` in base64, or to come in the `trailer` of that name."""

    algorithm: str = DEFAULT
    value: str = ""
    trailer: str = ""

    @property
    def given(self) -> bool:
        return bool(self.value or self.trailer)


def expected(given: Mapping[str, Any], trailers: str = "") -> Expected:
    """Read what a request says of its body: its parameters of `ChecksumParams` and its x-amz-trailer header.

    Raises: InvalidRequest.
    """
    trailer = next((name for part in trailers.split(",") if (name := part.strip().lower()) in HEADERS), "")
    found = [(MEMBERS[member], given[member]) for member in given.keys() & MEMBERS.keys()]
    asked = given.get("ChecksumAlgorithm", "")
    if len(found) + bool(trailer) > 1:
        raise errors.InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if not found and not trailer:
        if asked:
            raise errors.InvalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* "
                "or x-amz-trailer headers were found."
            )
        return Expected()
    algorithm = found[0][0] if found else HEADERS[trailer]
    if asked and asked.upper() != algorithm.name:
        raise errors.InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if found:
        check_form(algorithm, found[0][1])
        return Expected(algorithm.name, found[0][1])
    return Expected(algorithm.name, trailer=trailer)


def check_form(algorithm: Algorithm, value: str) -> None:
    """Raises: InvalidRequest if that cannot be a checksum of this kind."""
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        size = -1
    if size != algorithm.size:
        raise errors.InvalidRequest(f"Value for {algorithm.header} header is invalid.")


def check_value(algorithm: str, given: str, calculated: str) -> None:
    if given != calculated:
        raise errors.BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")


def of(algorithm: str, data: bytes) -> str:
    """The checksum of bytes, in base64."""
    hasher = ALGORITHMS[algorithm].make()
    hasher.update(data)
    return encode(hasher.digest())


def combined(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """The FULL_OBJECT checksum of a whole from its parts' (checksum, size). Only for a linear algorithm."""
    combine = getattr(_aws(), f"combine_{algorithm.lower()}")
    total: int | None = None
    for value, size in parts:
        crc = int.from_bytes(base64.b64decode(value), "big")
        total = crc if total is None else combine(total, crc, size)
    return encode((total or 0).to_bytes(ALGORITHMS[algorithm].size, "big"))


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """The COMPOSITE checksum: that of the parts' digests one after the other, with their number behind it."""
    digests = [base64.b64decode(value) for value in parts]
    return f"{of(algorithm, b''.join(digests))}-{len(digests)}"


class Digests:
    """The MD5 (the ETag) and checksums of a body as it passes; SHA-256 too where the request's signature covers it."""

    __slots__ = ("_hashers", "_md5", "_own", "_sha256")

    def __init__(self, *algorithms: str, sha256: bool = False) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256() if sha256 else None
        shared: dict[str, Any] = {"MD5": self._md5, "SHA256": self._sha256}
        names = [name for name in dict.fromkeys(algorithms) if name]
        self._hashers: dict[str, Hasher] = {name: shared.get(name) or ALGORITHMS[name].make() for name in names}
        self._own = [hasher for hasher in self._hashers.values() if hasher not in shared.values()]

    def update(self, data: bytes) -> None:
        self._md5.update(data)
        if self._sha256:
            self._sha256.update(data)
        for hasher in self._own:
            hasher.update(data)

    @property
    def md5(self) -> bytes:
        return self._md5.digest()

    @property
    def sha256(self) -> str:
        """In hexadecimal, as in x-amz-content-sha256."""
        return self._sha256.hexdigest() if self._sha256 else ""

    @property
    def checksums(self) -> dict[str, str]:
        """{algorithm: base64}"""
        return {name: encode(hasher.digest()) for name, hasher in self._hashers.items()}
