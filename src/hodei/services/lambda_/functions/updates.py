"""UpdateFunctionCode and UpdateFunctionConfiguration: of the unpublished version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import rules
from hodei.services.lambda_.find import Found, function_of, read
from hodei.services.lambda_.functions import configuration, layers, lifecycle, publishing, sealing, views
from hodei.services.lambda_.functions.configuration import Configuration
from hodei.services.lambda_.layers import leftovers
from hodei.services.lambda_.packages import intake, storage
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.settings import code_signing
from hodei.services.lambda_.state import Code, Version, versions

SOURCES = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri", "S3ObjectStorageMode", "SourceKMSKeyArn")


@lambda_.operation("UpdateFunctionCode")
async def update_function_code(
    ctx: Context,
    *,
    FunctionName: str,
    ZipFile: bytes | None = None,
    S3Bucket: str | None = None,
    S3Key: str | None = None,
    S3ObjectVersion: str | None = None,
    S3ObjectStorageMode: str | None = None,
    SourceKMSKeyArn: str | None = None,
    ImageUri: str | None = None,
    Architectures: Sequence[str] = (),
    Publish: bool = False,
    PublishTo: str = "",
    DryRun: bool = False,
    RevisionId: str = "",
) -> dict[str, Any]:
    rules.refuse(PublishTo=PublishTo)
    latest = _checked(ctx, FunctionName, RevisionId)
    code_signing.check_deployable(latest.ctx, function_of(read(ctx, FunctionName)).signing)
    values = (ZipFile, S3Bucket, S3Key, S3ObjectVersion, ImageUri, S3ObjectStorageMode, SourceKMSKeyArn)
    given = {name: value for name, value in zip(SOURCES, values) if value is not None}
    _check_source(latest.version, given)
    code = await intake.take(ctx, given)
    try:
        latest = _checked(ctx, FunctionName, RevisionId)  # others may have changed it meanwhile
        changed = replace(latest.version, code=code, architectures=tuple(Architectures) or latest.version.architectures)
        layers.check_size(latest.ctx, changed)
    except Exception:
        intake.discard(ctx, code)
        raise
    if DryRun:
        intake.discard(ctx, code)
        return views.configuration(latest._replace(version=changed))
    return _replaced(latest, changed, publish=Publish)


@lambda_.operation("UpdateFunctionConfiguration")
def update_function_configuration(
    ctx: Context, *, FunctionName: str, Role: str = "", RevisionId: str = "", **given: Unpack[Configuration]
) -> dict[str, Any]:
    latest = _checked(ctx, FunctionName, RevisionId)
    there, before = latest.ctx, latest.version
    wanted: dict[str, Any] = {**given, "Role": Role} if Role else dict(given)
    _check_image(before, wanted)
    changed = configuration.applied(there, before, wanted)
    if Role:
        configuration.check_role(there, changed)
    changed = lifecycle.updated(there, changed)
    versions.put(there, changed, old=before)
    leftovers.drop(there, before.layers)
    sealing.release(there, before)
    return views.configuration(latest._replace(version=changed))


def _checked(ctx: Context, name: str, revision: str) -> Found:
    """Raises: ResourceNotFoundException, PreconditionFailedException, ResourceConflictException."""
    latest = publishing.latest_of(ctx, name)
    publishing.check_revision(latest.version, revision)
    lifecycle.check_settled(latest.ctx, latest.version)
    return latest


def _check_source(version: Version, given: Mapping[str, Any]) -> None:
    if version.package_type == views.IMAGE and "ImageUri" not in given:
        raise rules.invalid("Please provide ImageUri when updating a function with packageType Image.")
    if version.package_type != views.IMAGE and "ImageUri" in given:
        raise rules.invalid("Please don't provide ImageUri when updating a function with packageType Zip.")


def _check_image(version: Version, given: Mapping[str, Any]) -> None:
    if version.package_type == views.IMAGE and given.keys() & {"Runtime", "Handler", "Layers"}:
        raise rules.invalid(
            "Please don't provide handler or runtime or layer when updating a function with packageType Image."
        )


def _replaced(latest: Found, changed: Version, *, publish: bool) -> dict[str, Any]:
    ctx = latest.ctx
    old: Code = latest.version.code
    storage.drop(ctx, old)
    storage.keep(ctx, changed.code)
    changed = lifecycle.updated(ctx, changed)
    versions.put(ctx, changed, old=latest.version)
    if not publish:
        return views.configuration(latest._replace(version=changed))
    published = publishing.publish(ctx, changed)
    return views.configuration(Found(ctx, published, published.version))
