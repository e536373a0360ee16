"""Images in a folder or an archive: the layout of the Open Container Initiative, and what `docker save` writes.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

INDEX, DOCKER = "index.json", "manifest.json"
TAG, NAME = "org.opencontainers.image.ref.name", "io.containerd.image.name"  # annotations
MANIFESTS = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
LAYERS = frozenset(
    {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    }
)
LARGEST = 4 << 20  # bytes of an index, a manifest or a configuration


class NoImage(Exception):
    """There is none by that tag or digest."""


class Unsupported(Exception):
    """An image of many platforms, of other media types, or a broken one."""


class Source:
    """The files of a layout folder, or of an archive of one."""

    def __init__(self, path: Path) -> None:
        """Raises: NoImage, if there is neither."""
        self._folder = path if path.is_dir() else None
        self._members: dict[str, tarfile.TarInfo] = {}
        if self._folder:
            return
        try:
            self._archive = tarfile.open(path)  # noqa: SIM115  # it is open as long as this is
            self._members = {os.path.normpath(member.name): member for member in self._archive}
        except (OSError, EOFError, tarfile.TarError):
            raise NoImage(str(path)) from None

    def close(self) -> None:
        if not self._folder:
            self._archive.close()

    def has(self, name: str) -> bool:
        return (self._folder / name).is_file() if self._folder else name in self._members

    def open(self, name: str) -> BinaryIO:
        """Raises: Unsupported, if it is not there."""
        try:
            if self._folder:
                return (self._folder / name).open("rb")
            if file := self._archive.extractfile(self._members[name]):
                return file  # type: ignore[return-value]  # it is one in all but name
        except (OSError, KeyError):
            pass
        raise Unsupported(f"the image has no {name}")

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            found = file.read(LARGEST + 1)
        if len(found) > LARGEST:
            raise Unsupported(f"{name} is too large")
        return found

    def size(self, name: str) -> int:
        with self.open(name) as file:
            return file.seek(0, os.SEEK_END)


@dataclass(frozen=True)
class Blob:
    """`name` is the file of the source that it is, `digest` that of its content ("sha256:...")."""

    digest: str
    name: str


@dataclass(frozen=True)
class Image:
    """`config` is what its configuration says of how it runs (Entrypoint, Cmd, Env, WorkingDir), the first of the
    `layers` the lowest."""

    digest: str
    manifest: bytes
    configuration: Blob
    config: Mapping[str, Any]
    layers: Sequence[Blob]


def find(source: Source, *, tag: str = "", digest: str = "", only: bool = False) -> Image:
    """An image by its digest or its tag; with `only` one without a tag too, if there is no other.

    Raises: NoImage, Unsupported.
    """
    if source.has(INDEX):
        return _by_index(source, tag, digest, only=only)
    if source.has(DOCKER):
        return _saved(source, tag, digest, only=only)
    raise NoImage


def _by_index(source: Source, tag: str, digest: str, *, only: bool) -> Image:
    there = _json(source.read(INDEX)).get("manifests", [])
    if digest:
        chosen = [one for one in there if one.get("digest") == digest]
    else:
        chosen = [one for one in there if _tagged(one.get("annotations") or {}, tag)]
        chosen = chosen or (there if only and len(there) == 1 else [])
    if not chosen:
        raise NoImage
    chosen.sort(key=lambda one: (one.get("platform") or {}).get("architecture") != "amd64")
    manifest = source.read(_blob(chosen[0], MANIFESTS).name)
    described = _json(manifest)
    layers = [_blob(layer, LAYERS) for layer in described.get("layers", [])]
    return _image(source, manifest, _blob(described.get("config", {}), CONFIGS), layers)


def _tagged(annotations: Mapping[str, str], tag: str) -> bool:
    names = [annotations.get(TAG, ""), annotations.get(NAME, "")]
    return any(name == tag or name.endswith(f":{tag}") for name in names)


def _blob(descriptor: Mapping[str, Any], kinds: frozenset[str]) -> Blob:
    if descriptor.get("mediaType") not in kinds:
        raise Unsupported(f"media type {descriptor.get('mediaType')}")
    kind, _, value = str(descriptor.get("digest")).partition(":")
    if kind != "sha256" or len(value) != 64 or not value.isalnum():
        raise Unsupported(f"digest {descriptor.get('digest')}")
    return Blob(f"{kind}:{value}", f"blobs/{kind}/{value}")


def _saved(source: Source, tag: str, digest: str, *, only: bool) -> Image:
    """Of an archive of `docker save` before version 25: its images have no manifests, so one is made."""
    there = _json(source.read(DOCKER), list)
    for one in there:
        if digest or any(name.endswith(f":{tag}") for name in one.get("RepoTags") or ()) or (only and len(there) == 1):
            image = _of_docker(source, one)
            if digest in ("", image.digest):
                return image
    raise NoImage


def _of_docker(source: Source, entry: Mapping[str, Any]) -> Image:
    config = source.read(entry["Config"])
    digests = _json(config).get("rootfs", {}).get("diff_ids", [])
    names = [os.path.normpath(name) for name in entry.get("Layers", [])]
    if len(digests) != len(names):
        raise Unsupported("the image has other layers than its configuration says")
    layers = [Blob(digest, name) for digest, name in zip(digests, names)]
    configuration = Blob(_digest(config), entry["Config"])
    kind = "application/vnd.docker.image.rootfs.diff.tar"
    described = [{"mediaType": kind, "size": source.size(one.name), "digest": one.digest} for one in layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(config),
            "digest": configuration.digest,
        },
        "layers": described,
    }
    return _image(source, json.dumps(manifest).encode(), configuration, layers)


def _image(source: Source, manifest: bytes, configuration: Blob, layers: Sequence[Blob]) -> Image:
    for layer in layers:
        if not source.has(layer.name):
            raise Unsupported(f"the image has no layer {layer.digest}")
    config = _json(source.read(configuration.name))
    return Image(_digest(manifest), manifest, configuration, config.get("config") or {}, layers)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(content: bytes, kind: type = dict) -> Any:
    try:
        found = json.loads(content)
    except ValueError:
        raise Unsupported("the image is broken") from None
    if not isinstance(found, kind):
        raise Unsupported("the image is broken")
    return found
