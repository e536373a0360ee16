"""Images on the disk: each unpacked once, for all environments that run it. What is there is a cache."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from hodei.engines.oci.images import Source, find
from hodei.engines.oci.layers import Tree
from hodei.kernel.context import Context

LARGEST = 10 << 30  # bytes of all layers of an image, not compressed
MOUNTED = ("dev", "proc", "sys", "tmp")  # folders that a sandbox lays its own over
FILES = ("etc/hosts", "etc/resolv.conf")


async def root(ctx: Context, scratch: Path, digest: str, blob: str) -> Path:
    """The root of the file system that an image is; `digest` is in hexadecimal digits. Raises: BadLayer, TooLarge."""
    folder = scratch / f"image-{digest}"
    if not folder.exists():
        await ctx.offload(_unpack, ctx.blobs.path(blob), folder, f"sha256:{digest}")
    return folder


def _unpack(archive: Path, folder: Path, digest: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        making.chmod(0o755)
        tree = Tree(making, LARGEST)
        with closing(Source(archive)) as source:
            for layer in find(source, digest=digest).layers:
                with source.open(layer.name) as file:
                    tree.lay(file)
        _prepare(making)
        making.rename(folder)
    except BaseException as error:
        shutil.rmtree(making, ignore_errors=True)
        if not (isinstance(error, OSError) and folder.exists()):  # somebody else was faster
            raise


def _prepare(folder: Path) -> None:
    """Make the places that a sandbox needs: folders and files of its own, and no links that lead elsewhere."""
    for name in (*MOUNTED, "etc"):
        place = folder / name
        if place.is_symlink() or not place.is_dir():
            place.unlink(missing_ok=True)
            place.mkdir()
    for name in FILES:
        place = folder / name
        if place.is_symlink() or not place.is_file():
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            place.unlink(missing_ok=True)
            place.touch()
