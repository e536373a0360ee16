"""Images as functions take them: found by their URI, and kept whole, so that a function runs on what it was given."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from hodei.engines.oci.images import Image, NoImage, Source, Unsupported, find
from hodei.engines.oci.layers import BadLayer, TooLarge
from hodei.kernel.blobs import BlobWriter
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import rules
from hodei.services.lambda_.images import places, unpacking
from hodei.services.lambda_.runtime.pool import pool_of
from hodei.services.lambda_.state import Code

CHUNK = 4 << 20
BLOCK = 512  # bytes that what is in a tar file is a multiple of
INDEX_KIND = "application/vnd.oci.image.manifest.v1+json"
MEMBERS = ("Entrypoint", "Cmd", "Env", "WorkingDir")


async def take(ctx: Context, uri: str) -> Code:
    """The image of a URI. Its blob is to be kept or discarded. Raises: InvalidParameterValueException."""
    scheme = urlsplit(uri).scheme
    if scheme == "s3":
        return await _from_s3(ctx, uri)
    if scheme == "file":
        return await _taken(ctx, uri, [(Path(unquote(urlsplit(uri).path)), True)])
    if (reference := places.read(uri)) is None:
        raise rules.invalid(f"Source image {uri} is not valid. Provide a valid source image.")
    images = ctx.setting("images")
    found = list(places.candidates(Path(images), reference)) if images else []
    return await _taken(ctx, uri, found, reference.tag, reference.digest)


async def _from_s3(ctx: Context, uri: str) -> Code:
    place = urlsplit(uri)
    try:
        answer = await ctx.call("s3", "GetObject", Bucket=place.netloc, Key=unquote(place.path[1:]))
    except AwsError as error:
        if error.is_transient:
            raise
        raise _missing(uri) from None
    body: AsyncIterator[bytes] = answer["Body"]
    async with ctx.blobs.writer() as writer:
        async for chunk in body:
            await writer.write(chunk)
        archive = await writer.close()
    try:
        return await _taken(ctx, uri, [(ctx.blobs.path(archive), True)])
    finally:
        ctx.blobs.discard(archive)


async def _taken(ctx: Context, uri: str, candidates: list[tuple[Path, bool]], tag: str = "", digest: str = "") -> Code:
    for path, only in candidates:
        try:
            source = await ctx.offload(Source, path)
        except NoImage:
            continue
        with closing(source):
            try:
                image = await ctx.offload(lambda: find(source, tag=tag, digest=digest, only=only))  # noqa: B023
                return await _kept(ctx, uri, source, image)
            except NoImage:
                continue
            except (Unsupported, BadLayer):
                raise rules.invalid(
                    f"The image manifest, config or layer media type for the source image {uri} is not supported."
                ) from None
            except TooLarge:
                raise rules.invalid(
                    f"The source image {uri} is too large: its layers take more than {unpacking.LARGEST} bytes."
                ) from None
    raise _missing(uri)


def _missing(uri: str) -> AwsError:
    return rules.invalid(f"Source image {uri} does not exist. Provide a valid source image.")


async def _kept(ctx: Context, uri: str, source: Source, image: Image) -> Code:
    """An archive of this image alone, once it has proved to be one. Raises: Unsupported, BadLayer, TooLarge."""
    async with ctx.blobs.writer() as writer:
        await _archive(ctx, writer, source, image)
        blob = await writer.close()
    try:
        digest = image.digest.removeprefix("sha256:")
        await unpacking.root(ctx, pool_of(ctx.world).scratch, digest, blob)
    except BaseException:
        ctx.blobs.discard(blob)
        raise
    config = {name: image.config[name] for name in MEMBERS if image.config.get(name)}
    return Code(blob=blob, sha256=digest, image=uri, config=config)


async def _archive(ctx: Context, writer: BlobWriter, source: Source, image: Image) -> None:
    """An OCI layout as a tar file. Raises: Unsupported for content that is not what its digest says."""
    descriptor = {"mediaType": INDEX_KIND, "digest": image.digest, "size": len(image.manifest)}
    index = json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode()
    for name, content in (
        ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
        ("index.json", index),
        (_place(image.digest), image.manifest),
    ):
        await writer.write(_header(name, len(content)) + content + _padding(len(content)))
    for blob in dict.fromkeys([image.configuration, *image.layers]):
        size = source.size(blob.name)
        await writer.write(_header(_place(blob.digest), size))
        with source.open(blob.name) as file:
            await _copied(ctx, writer, file, blob.digest)
        await writer.write(_padding(size))
    await writer.write(bytes(2 * BLOCK))


async def _copied(ctx: Context, writer: BlobWriter, file: BinaryIO, digest: str) -> None:
    made = hashlib.sha256()
    while chunk := await ctx.offload(file.read, CHUNK):
        made.update(chunk)
        await writer.write(chunk)
    if f"sha256:{made.hexdigest()}" != digest:
        raise Unsupported(f"the content of {digest} is another")


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)
