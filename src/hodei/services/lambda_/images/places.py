"""Where the image of a URI lies, as long as there is no registry.

The setting `lambda.images` is a folder that stands for all of them. The image of
`<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>` is there, as an OCI layout or an archive of one, or as
`docker save` writes it:

    <repository>/             one layout with many images  (skopeo copy ... oci:<repository>:<tag>)
    <repository>.tar          one archive with many images
    <repository>/<tag>/       a layout of one image
    <repository>/<tag>.tar    an archive of one image  (docker save, podman save --format oci-archive)

`file:///an/absolute/path` is a layout or an archive of one image anywhere on this machine, `s3://bucket/key` an archive
in S3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPONENT = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
ECR = re.compile(
    r"(?P<registry>\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)"
    rf"/(?P<repository>{COMPONENT}(?:/{COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class Reference:
    """What a URI names: an image of a registry by its tag or digest."""

    registry: str
    repository: str
    tag: str
    digest: str


def read(uri: str) -> Reference | None:
    """None for what is no image in ECR by its tag or digest."""
    found = ECR.fullmatch(uri)
    reference = Reference(**found.groupdict(default="")) if found else None
    return reference if reference and (reference.tag or reference.digest) else None


def candidates(images: Path, reference: Reference) -> Iterator[tuple[Path, bool]]:
    """The files and folders that may have it, and whether each is of one image only."""
    repository = images / reference.repository
    yield repository, False
    yield repository.with_name(f"{repository.name}.tar"), False
    if reference.digest and repository.is_dir():
        yield from ((place, True) for place in sorted(repository.iterdir()))
    elif reference.tag:
        yield repository / reference.tag, True
        yield repository / f"{reference.tag}.tar", True


def resolved(uri: str, digest: str) -> str:
    """The URI of the same image by its digest."""
    reference = read(uri)
    return f"{reference.registry}/{reference.repository}@sha256:{digest}" if reference else f"{uri}@sha256:{digest}"
