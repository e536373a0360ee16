"""Zip files as they come: looked at by their directory, never unpacked here."""

from __future__ import annotations

import base64
import hashlib
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ENCRYPTED = 0x1  # of a member's flags


class NotAnArchive(Exception):
    """What cannot be unpacked: no zip file, a broken or encrypted one, one with names that lead out of its folder."""


class Archive(NamedTuple):
    sha256: str  # in base64
    size: int
    unpacked: int  # bytes of what its directory says is in it: no more is ever unpacked


def read(path: Path) -> Archive:
    """Blocking: for a thread. Raises: NotAnArchive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        raise NotAnArchive from None
    for member in members:
        _check(member)
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
