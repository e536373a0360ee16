"""Deployment packages on the disk: each unpacked once, for all environments that run it. What is there is a cache."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO


def unpack(package: BinaryIO, folder: Path) -> None:
    """Lay a zip file over a folder. Names that lead out of it, and links, are left out, as uploads are checked."""
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            name = os.path.normpath(entry.filename)
            if name.startswith(("/", "..")) or (mode := entry.external_attr >> 16) & 0o170000 == 0o120000:
                continue
            place = folder / name
            if entry.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, place.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            place.chmod(0o755 if mode & 0o111 else 0o644)


def unpacked(cache: Path, key: str, packages: Sequence[Path]) -> Path:
    """The folder with the contents of the packages, one over the other. Blocking."""
    folder = cache / key
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=cache))
    for package in packages:
        with package.open("rb") as file:
            unpack(file, making)
    for directory, _, _ in os.walk(making):
        os.chmod(directory, 0o755)
    try:
        making.rename(folder)
    except OSError:  # somebody else was faster
        shutil.rmtree(making)
    return folder
