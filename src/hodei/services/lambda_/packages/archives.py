"""Zip files as they come: looked at, never unpacked here."""

from __future__ import annotations

import base64
import hashlib
import lzma
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ENCRYPTED = 0x1  # of a member's flags


class NotAnArchive(Exception):
    """What cannot be unpacked: no zip file, a broken or encrypted one, one with names that lead out of its folder or
    with other content than its directory says."""


class Archive(NamedTuple):
    sha256: str  # in base64
    size: int
    unpacked: int  # bytes of what its directory says is in it: no more is ever unpacked


def read(path: Path, most: int) -> Archive:
    """What is to have `most` bytes or more when it is unpacked is not looked into. Blocking. Raises: NotAnArchive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                _check(member)
            if sum(member.file_size for member in members) < most and archive.testzip():
                raise NotAnArchive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, NotImplementedError, OSError, EOFError):
        raise NotAnArchive from None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return Archive(base64.b64encode(digest).decode(), path.stat().st_size, sum(m.file_size for m in members))


def _check(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(member.external_attr >> 16)
    outside = name.startswith("/") or ".." in parts or "\0" in name
    if outside or member.flag_bits & ENCRYPTED or kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        raise NotAnArchive
