"""Layers of images, laid over one another in a folder. Nothing is ever written outside of it.

https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

import os
import shutil
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

REMOVED, OPAQUE = ".wh.", ".wh..wh..opq"  # names that say what of the layers below is not there any more
GZIP = b"\x1f\x8b"
HEADER = 512  # bytes that each file takes besides its content
MOST_LINKS = 40  # on the way to a file, as for Linux


class BadLayer(Exception):
    """No tar file, plain or by gzip, or one with names that lead out of the folder."""


class TooLarge(Exception):
    """All layers together."""


class Tree:
    """A folder that layers are laid over; `room` is how many bytes they may take."""

    def __init__(self, root: Path, room: int) -> None:
        self._root = root
        self._room = room
        self._own: set[Path] = set()  # what the layer has brought that is just laid, and the folders above that

    def lay(self, layer: BinaryIO) -> None:
        """Blocking. Raises: BadLayer, TooLarge."""
        self._own = set()
        try:
            with _opened(layer) as archive:
                for member in archive:
                    self._take(archive, member)
        except (tarfile.TarError, EOFError, zlib.error, UnicodeError, ValueError) as error:
            raise BadLayer(str(error)) from None

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        self._room -= HEADER + (member.size if member.isfile() else 0)
        if self._room < 0:
            raise TooLarge
        parts = _parts(member.name)
        if not parts:
            return
        above, name = self._folder(parts[:-1]), parts[-1]
        if name == OPAQUE:
            self._clear(above)
        elif name.startswith(REMOVED):
            self._hide(above / name[len(REMOVED) :])
        else:
            self._put(archive, member, above / name)

    def _put(self, archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        if member.isdir():
            if place.is_symlink() or not place.is_dir():
                _remove(place)
                place.mkdir()
            place.chmod(member.mode & 0o777 | 0o700)
        elif member.isfile():
            _remove(place)
            source = archive.extractfile(member)
            assert source
            with place.open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            place.chmod(member.mode & 0o777)
        elif member.issym():
            _remove(place)
            place.symlink_to(member.linkname)
        elif member.islnk():
            self._link(member, place)
        else:
            return  # devices and the like are those of the machine
        self._own |= {place, *place.parents}

    def _link(self, member: tarfile.TarInfo, place: Path) -> None:
        parts = _parts(member.linkname)
        source = self._folder(parts[:-1]) / parts[-1] if parts else self._root
        if source == place:
            return
        if not os.path.lexists(source) or (source.is_dir() and not source.is_symlink()):
            raise BadLayer(f"{member.name} is a link to {member.linkname}, which is not there")
        _remove(place)
        os.link(source, place, follow_symlinks=False)

    def _folder(self, parts: Sequence[str]) -> Path:
        """The folder by that way, made where it is not there; links are followed as the image sees them."""
        place, rest, links = self._root, list(reversed(parts)), 0
        while rest:
            part = rest.pop()
            if part == "..":
                place = place.parent if place != self._root else place
                continue
            below = place / part
            if below.is_symlink():
                if (links := links + 1) > MOST_LINKS:
                    raise BadLayer(f"too many links on the way to {'/'.join(parts)}")
                target = os.readlink(below)
                place = self._root if target.startswith("/") else place
                rest += [one for one in reversed(target.split("/")) if one not in ("", ".")]
                continue
            if not below.is_dir():
                _remove(below)
                below.mkdir()
            place = below
        return place

    def _hide(self, place: Path) -> None:
        if place.name in ("", ".", ".."):
            raise BadLayer(f"{place.name!r} cannot be removed")
        if place not in self._own:
            _remove(place)

    def _clear(self, folder: Path) -> None:
        """Leave in a folder only what this layer has brought."""
        for place in list(folder.iterdir()):
            if place not in self._own:
                _remove(place)
            elif place.is_dir() and not place.is_symlink():
                self._clear(place)


def _opened(layer: BinaryIO) -> tarfile.TarFile:
    compressed = layer.read(len(GZIP)) == GZIP
    layer.seek(0)
    return tarfile.open(fileobj=layer, mode="r|gz" if compressed else "r|")


def _parts(name: str) -> list[str]:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadLayer(f"{name} leads out of the image")
    return parts


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
