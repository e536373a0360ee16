"""Writing container images, for tests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"
TAG = "org.opencontainers.image.ref.name"

Change = Callable[[tarfile.TarInfo], None]


class Layer:
    """A tar file that is being written."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w")  # noqa: SIM115
        self._there: set[str] = set()

    def file(self, name: str, content: bytes | str = b"", mode: int = 0o755) -> Layer:
        data = content.encode() if isinstance(content, str) else content
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), mode
        self._tar.addfile(member, io.BytesIO(data))
        return self

    def folder(self, name: str, mode: int = 0o755) -> Layer:
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(member)
        return self

    def link(self, name: str, target: str, *, hard: bool = False) -> Layer:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, target
        self._tar.addfile(member)
        return self

    def of_this_machine(self, *programs: str) -> Layer:
        """Programs with the libraries that they need, each where it lies here."""
        for program in programs:
            found = shutil.which(program) or program
            for path in [found, *_libraries(found)]:
                if path not in self._there:
                    self._there.add(path)
                    self.file(path.lstrip("/"), Path(path).read_bytes())
        return self

    def tree(self, source: Path, name: str, leave: Iterable[str] = ()) -> Layer:
        """A folder of this machine, without those parts of it."""

        def chosen(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
            return None if set(Path(member.name).parts) & set(leave) else member

        self._tar.add(source, name.lstrip("/"), filter=chosen)
        return self

    def bytes(self) -> bytes:
        self._tar.close()
        return self._bytes.getvalue()


def _libraries(program: str) -> list[str]:
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return sorted({path for path in re.findall(r"(/\S+) \(0x", told) if os.path.exists(path)})


class Layout:
    """An OCI layout in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._index: list[dict[str, Any]] = []

    def blob(self, content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    def image(self, *layers: Layer, tag: str = "", zipped: bool = True, **config: Any) -> str:
        """Its digest. `config` is what runs: Entrypoint, Cmd, Env, WorkingDir."""
        tars = [layer.bytes() for layer in layers]
        described = {
            "architecture": "amd64",
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]},
        }
        kind = f"{OCI}.layer.v1.tar{'+gzip' if zipped else ''}"
        manifest = {
            "schemaVersion": 2,
            "config": self.blob(json.dumps(described).encode(), f"{OCI}.config.v1+json"),
            "layers": [self.blob(gzip.compress(tar, 1) if zipped else tar, kind) for tar in tars],
        }
        return self.manifest(manifest, f"{OCI}.manifest.v1+json", tag)

    def manifest(self, content: dict[str, Any], kind: str, tag: str = "") -> str:
        descriptor = self.blob(json.dumps(content).encode(), kind)
        self._index.append({**descriptor, **({"annotations": {TAG: tag}} if tag else {})})
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": self._index}))
        digest: str = descriptor["digest"]
        return digest

    def archive(self, path: Path) -> Path:
        with tarfile.open(path, "w") as tar:
            tar.add(self.folder, ".")
        return path


def docker_archive(path: Path, layers: list[Layer], name: str, **config: Any) -> Path:
    """As `docker save` wrote them before version 25."""
    tars = [layer.bytes() for layer in layers]
    digests = [hashlib.sha256(tar).hexdigest() for tar in tars]
    described = json.dumps({"config": config, "rootfs": {"diff_ids": [f"sha256:{one}" for one in digests]}}).encode()
    names = [f"{digest}/layer.tar" for digest in digests]
    made = Layer().file("config.json", described)
    made.file("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": names}]))
    for name_, tar in zip(names, tars):
        made.file(name_, tar)
    path.write_bytes(made.bytes())
    return path


# It speaks HTTP by itself: there is nothing in the image but bash and cat.
BASH = r"""#!/bin/bash
echo starting in "$PWD" with "$@"
IFS=: read -r host port <<< "$AWS_LAMBDA_RUNTIME_API"
path=/2018-06-01/runtime/invocation
while true; do
  exec 3<>"/dev/tcp/$host/$port"
  printf 'GET %s/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$path" >&3
  id="" length=0
  while IFS=$'\r' read -r -u 3 line && [ -n "$line" ]; do
    case "${line,,}" in
      lambda-runtime-aws-request-id:*) id=${line#*: } ;;
      content-length:*) length=${line#*: } ;;
    esac
  done
  read -r -N "$length" -u 3 event
  exec 3<&-
  body="{\"event\": $event, \"arguments\": \"$*\", \"cwd\": \"$PWD\", \"colour\": \"$COLOUR\", \"shape\": \"$SHAPE\", \"files\": \"$(echo /*)\"}"
  if touch /file 2>/dev/null || ! touch "/tmp/$id"; then body='"the root can be written to, or /tmp cannot"'; fi
  exec 3<>"/dev/tcp/$host/$port"
  printf 'POST %s/%s/response HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' "$path" "$id" "${#body}" "$body" >&3
  cat <&3 >/dev/null
  exec 3<&-
done
"""


def bash_layer() -> Layer:
    return (
        Layer()
        .of_this_machine("bash", "cat", "touch")
        .link("bin/bash", str(shutil.which("bash")))
        .file("entry.sh", BASH)
    )


def python_layer() -> Layer:
    """This machine's Python with its standard library."""
    import sysconfig

    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    layer = Layer().of_this_machine(os.path.realpath(sys.executable))
    for extension in sorted((library / "lib-dynload").glob("*.so")):
        layer.of_this_machine(str(extension))
    leave = ("test", "idlelib", "tkinter", "ensurepip", "__pycache__", "site-packages", "lib-dynload", "dist-packages")
    return layer.tree(library, str(library), leave)
