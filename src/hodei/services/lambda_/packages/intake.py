"""Deployment packages as they come: uploaded, from S3, as a container image, or a folder of this machine.

A bucket called "hot-reload", LocalStack's convention, means a folder by its absolute path, whose files run as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, rules
from hodei.services.lambda_.images import intake as images
from hodei.services.lambda_.packages import archives
from hodei.services.lambda_.state import Code, Wire

UPLOADED = 50 * 2**20  # bytes of a zip file that comes with the request
UNPACKED = 262144000
HOT_RELOAD = "hot-reload"
DENIED = (
    "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for "
    "{bucket}/{key}. S3 Error Code: AccessDenied. S3 Error Message: {message}"
)


async def take(ctx: Context, given: Wire) -> Code:
    """The package that Code of CreateFunction, or Content of a layer, means. Its blob is to be kept or discarded.

    Raises: InvalidParameterValueException, RequestEntityTooLargeException, AccessDeniedException of S3.
    """
    rules.refuse(
        S3ObjectStorageMode=given.get("S3ObjectStorageMode") == "REFERENCE",
        SourceKMSKeyArn=given.get("SourceKMSKeyArn"),
    )
    if "ImageUri" in given:
        return await images.take(ctx, given["ImageUri"])
    if "ZipFile" in given:
        if len(given["ZipFile"]) > UPLOADED:
            raise errors.RequestEntityTooLargeException(reason=f"Zipped size must be smaller than {UPLOADED} bytes")
        return await _stored(ctx, given["ZipFile"])
    if "S3Bucket" not in given or "S3Key" not in given:
        raise rules.invalid("Please provide a source for function code.")
    if given["S3Bucket"] == HOT_RELOAD:
        return _folder(given["S3Key"])
    return await _stored(ctx, await _object(ctx, given))


def discard(ctx: Context, code: Code) -> None:
    """A package that is not wanted after all."""
    if code.blob:
        ctx.blobs.discard(code.blob)


def _folder(path: str) -> Code:
    if not path.startswith("/") or not Path(path).is_dir():
        raise rules.invalid(f"{path} is not the absolute path of a folder of this machine.")
    return Code(folder=path, sha256=hashlib.sha256(path.encode()).hexdigest())


async def _object(ctx: Context, given: Wire) -> bytes | AsyncIterator[bytes]:
    version = {"VersionId": given["S3ObjectVersion"]} if "S3ObjectVersion" in given else {}
    try:
        answer = await ctx.call("s3", "GetObject", Bucket=given["S3Bucket"], Key=given["S3Key"], **version)
    except AwsError as error:
        if error.is_transient:
            raise
        if error.code == "AccessDenied":
            reason = DENIED.format(bucket=given["S3Bucket"], key=given["S3Key"], message=error.message)
            raise errors.AccessDeniedException(reason=reason) from None
        raise rules.invalid(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from None
    body: bytes | AsyncIterator[bytes] = answer["Body"]
    return body


async def _stored(ctx: Context, body: bytes | AsyncIterator[bytes]) -> Code:
    async with ctx.blobs.writer() as writer:
        if isinstance(body, bytes):
            await writer.write(body)
        else:
            async for chunk in body:
                await writer.write(chunk)
                if writer.size > UNPACKED:
                    raise _too_large()
        blob = await writer.close()
    try:
        archive = await ctx.offload(archives.read, ctx.blobs.path(blob), UNPACKED)
        if archive.unpacked >= UNPACKED:
            raise _too_large()
    except archives.NotAnArchive:
        ctx.blobs.discard(blob)
        raise rules.invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    except AwsError:
        ctx.blobs.discard(blob)
        raise
    return Code(blob=blob, sha256=archive.sha256, size=archive.size, unpacked=archive.unpacked)


def _too_large() -> AwsError:
    return rules.invalid(f"Unzipped size must be smaller than {UNPACKED} bytes")
