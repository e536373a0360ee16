"""Layers: packages of libraries, in versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel import arns
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.layers import content, leftovers
from hodei.services.lambda_.layers.content import Found
from hodei.services.lambda_.packages import downloads, intake, storage
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import Layer, LayerVersion, Wire, layer_versions, layers

GONE = "The resource you requested does not exist."


@lambda_.operation("PublishLayerVersion")
async def publish_layer_version(
    ctx: Context,
    *,
    LayerName: str,
    Content: Wire,
    Description: str = "",
    CompatibleArchitectures: Sequence[str] | None = None,
    CompatibleRuntimes: Sequence[str] | None = None,
    LicenseInfo: str = "",
) -> dict[str, Any]:
    there, name = named(ctx, LayerName)
    code = await intake.take(ctx, Content)
    layer = layers.get(there, name)
    version = LayerVersion(
        layer=name,
        number=layer.last + 1 if layer else 1,
        code=code,
        created=ctx.now,
        description=Description,
        license=LicenseInfo,
        runtimes=None if CompatibleRuntimes is None else tuple(CompatibleRuntimes),
        architectures=None if CompatibleArchitectures is None else tuple(CompatibleArchitectures),
    )
    storage.keep(there, code)
    layers.put(there, Layer(name=name, last=version.number))
    layer_versions.put(there, version, old=None)
    return _told(Found(there, version))


@lambda_.operation("GetLayerVersion")
def get_layer_version(ctx: Context, *, LayerName: str, VersionNumber: int) -> dict[str, Any]:
    return _told(existing(ctx, LayerName, VersionNumber))


@lambda_.operation("GetLayerVersionByArn")
def get_layer_version_by_arn(ctx: Context, *, Arn: str) -> dict[str, Any]:
    found = content.find(ctx, Arn)
    if found is None or found.version.deleted:
        raise missing()
    return _told(found)


@lambda_.operation("DeleteLayerVersion")
def delete_layer_version(ctx: Context, *, LayerName: str, VersionNumber: int) -> None:
    """Functions that have it keep it; one that is not there is as good as deleted."""
    there, name = named(ctx, LayerName)
    check_number(VersionNumber)
    version = layer_versions.get(there, name, VersionNumber)
    if version is None or version.deleted:
        return
    found = Found(there, version)
    if leftovers.used(there, arn_of(found)):
        layer_versions.put(there, replace(version, deleted=True, policy="", revision=""), old=version)
    else:
        leftovers.remove(found)


@lambda_.operation("ListLayerVersions")
def list_layer_versions(
    ctx: Context,
    *,
    LayerName: str,
    CompatibleArchitecture: str = "",
    CompatibleRuntime: str = "",
    Marker: str = "",
    MaxItems: int = pages.MOST,
) -> dict[str, Any]:
    """The newest first."""
    there, name = named(ctx, LayerName)
    after = pages.after(ctx, Marker)
    found = (
        version
        for version in layer_versions.scan(there, name, after=after, reverse=True)
        if _fits(version, CompatibleRuntime, CompatibleArchitecture)
    )
    page, rest = pages.cut(ctx, found, MaxItems, lambda version: (version.number,))
    return {"LayerVersions": [_listed(Found(there, version)) for version in page], **rest}


@lambda_.operation("ListLayers")
def list_layers(
    ctx: Context,
    *,
    CompatibleArchitecture: str = "",
    CompatibleRuntime: str = "",
    Marker: str = "",
    MaxItems: int = pages.MOST,
) -> dict[str, Any]:
    """Each with its newest version that fits."""
    latest = _latest(ctx, pages.after(ctx, Marker), CompatibleRuntime, CompatibleArchitecture)
    page, rest = pages.cut(ctx, latest, MaxItems, lambda version: (version.layer,))
    shown = [
        {
            "LayerName": version.layer,
            "LayerArn": ctx.arn(f"layer:{version.layer}"),
            "LatestMatchingVersion": _listed(Found(ctx, version)),
        }
        for version in page
    ]
    return {"Layers": shown, **rest}


def _latest(ctx: Context, after: tuple[Any, ...] | None, runtime: str, architecture: str) -> Iterator[LayerVersion]:
    for (name,) in layers.keys(ctx, after=after):
        every = layer_versions.scan(ctx, name, reverse=True)
        if newest := next((version for version in every if _fits(version, runtime, architecture)), None):
            yield newest


def _fits(version: LayerVersion, runtime: str, architecture: str) -> bool:
    wanted = (runtime, version.runtimes), (architecture, version.architectures)
    return not version.deleted and all(not name or name in (those or ()) for name, those in wanted)


def named(ctx: Context, given: str) -> tuple[Context, str]:
    """A context in a layer's account, and its name, by name or ARN."""
    if not given.startswith("arn:"):
        return ctx, given
    place = arns.Arn.parse(given)
    there = ctx if place.account == ctx.account else ctx.at(account=place.account)
    return there, place.resource.split(":")[1]


def existing(ctx: Context, layer: str, number: int) -> Found:
    """Raises: InvalidParameterValueException, ResourceNotFoundException."""
    check_number(number)
    there, name = named(ctx, layer)
    version = layer_versions.get(there, name, number)
    if version is None or version.deleted:
        raise missing()
    return Found(there, version)


def check_number(number: int) -> None:
    if number < 1:
        raise rules.invalid("Layer Version Cannot be less than 1")


def missing() -> AwsError:
    return errors.ResourceNotFoundException(reason=GONE)


def arn_of(found: Found) -> str:
    return found.ctx.arn(f"layer:{found.version.layer}:{found.version.number}")


def _listed(found: Found) -> dict[str, Any]:
    version = found.version
    told = {
        "CompatibleRuntimes": version.runtimes,
        "CompatibleArchitectures": version.architectures,
    }
    return {
        "LayerVersionArn": arn_of(found),
        "Version": version.number,
        "Description": version.description,
        "CreatedDate": rules.timestamp(version.created),
        **{name: list(those) for name, those in told.items() if those is not None},
        **({"LicenseInfo": version.license} if version.license else {}),
    }


def _told(found: Found) -> dict[str, Any]:
    code = found.version.code
    location = downloads.url(found.ctx, code) if code.blob else f"file://{code.folder}"
    package = {"Location": location, "CodeSha256": code.sha256, "CodeSize": code.size}
    return {**_listed(found), "LayerArn": found.ctx.arn(f"layer:{found.version.layer}"), "Content": package}
