"""Deployment packages on the disk: each unpacked once, for all environments that run it. What is there is a cache."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO


def unpack(package: BinaryIO, folder: Path) -> None:
    """Lay a zip file over a folder. Names that lead out of it are left out, as uploads are checked; links are made when
    all else is there, so that nothing is written through them: where they lead counts in the function's sandbox."""
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            name, mode = os.path.normpath(entry.filename), entry.external_attr >> 16
            if name.startswith(("/", "..")):
                continue
            place = folder / name
            _unlink(folder, place)
            if stat.S_ISLNK(mode):
                links.append((place, archive.read(entry).decode(errors="surrogateescape")))
            elif entry.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            else:
                _extract(archive, entry, place, 0o755 if mode & 0o111 else 0o644)
    for place, target in links:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)


def lay(source: Path, folder: Path) -> None:
    """Lay a folder over another one. Links stay links."""
    for above, folders, files in os.walk(source):
        below = folder / os.path.relpath(above, source)
        _unlink(folder, below)
        below.mkdir(parents=True, exist_ok=True)
        links = [name for name in folders if os.path.islink(os.path.join(above, name))]
        for name in [*files, *links]:
            place = below / name
            _unlink(folder, place)
            shutil.copy2(Path(above, name), place, follow_symlinks=False)


def _unlink(folder: Path, place: Path) -> None:
    """Remove the links on the way to a place, which a layer below has left: nothing is written through them."""
    for above in [place, *place.parents]:
        if above == folder:
            return
        if above.is_symlink():
            above.unlink()


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, mode: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, place.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    place.chmod(mode)


def unpacked(cache: Path, key: str, packages: Sequence[Path]) -> Path:
    """The folder with the contents of the packages (zip files, folders), one over the other. Blocking."""
    folder = cache / key
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=cache))
    for package in packages:
        if package.is_dir():
            lay(package, making)
            continue
        with package.open("rb") as file:
            unpack(file, making)
    for directory, _, _ in os.walk(making):
        os.chmod(directory, 0o755)
    try:
        making.rename(folder)
    except OSError:  # somebody else was faster
        shutil.rmtree(making)
    return folder
