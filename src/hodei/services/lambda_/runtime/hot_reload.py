"""Folders that are run as they are: how the files in them look, so that the next invoke sees a change of any.

They are looked at before each invoke, which is right on every file system (mounted ones tell of no changes).
Folders of installed packages count as one file each: who changes what is in them touches them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

PACKAGES = frozenset({"node_modules", "site-packages", ".venv", "venv"})
NOT_CODE = frozenset({"__pycache__", ".git", ".hg", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".idea", ".vscode"})
MOST = 20_000  # files; of a larger folder what comes after them is not looked at


def fingerprint(folders: list[Path]) -> str:
    """Another one after each change: of names, times, sizes, or which files they are. Blocking.

    Raises: FileNotFoundError, NotADirectoryError.
    """
    digest = hashlib.blake2b(digest_size=16)
    for folder in folders:
        for count, line in enumerate(_entries(folder, "")):
            if count == MOST:
                break
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _entries(folder: Path | str, below: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{below}/{entry.name}"
        if entry.name in NOT_CODE:
            continue
        if entry.is_dir() and entry.name not in PACKAGES:
            yield f"{name}/\n"
            yield from _subfolder(entry, name)
        else:
            yield _file(entry, name)


def _subfolder(entry: os.DirEntry[str], name: str) -> Iterator[str]:
    """Links are not followed into folders: they may lead round in circles."""
    if entry.is_symlink():
        yield f"{name} {os.readlink(entry.path)}\n"
        return
    try:
        yield from _entries(entry.path, name)
    except OSError:  # it is just being removed, or nobody may read it
        yield f"{name} -\n"


def _file(entry: os.DirEntry[str], name: str) -> str:
    try:
        found = entry.stat()
    except OSError:  # a link that leads nowhere
        return f"{name} -\n"
    return f"{name} {found.st_mtime_ns} {found.st_size} {found.st_ino}\n"
