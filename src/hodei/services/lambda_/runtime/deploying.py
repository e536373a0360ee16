"""From a version of a function to what an environment is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.images import unpacking as images
from hodei.services.lambda_.layers.content import content
from hodei.services.lambda_.runtime import containers, debugging, hot_reload, unpacking
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.state import LATEST, Code, Version


async def deployment(ctx: Context, version: Version, scratch: Path) -> Deployment:
    """The deployment of a version, its packages unpacked below `scratch`. `ctx` is in the function's account.

    Raises: InvalidRuntimeException for a folder that is gone.
    """
    layers = content(ctx, version)
    seen = await _seen(ctx, [version.code, *layers])
    code = await _folder(ctx, scratch, [version.code], seen)
    image = version.code.image and containers.container(version.code.config, _image_config(version))
    logging, debugger = version.logging, debugging.debugger(ctx, version.function)
    return Deployment(
        key=f"{version.arn(ctx)} {version.revision} {version.code.sha256} {seen} {debugger}",
        account=ctx.account,
        region=ctx.region,
        name=version.function,
        version=version.version,
        arn=version.arn(ctx),
        runtime=version.runtime,
        handler=version.handler,
        role=version.role,
        memory=version.memory,
        storage=version.storage,
        timeout=debugging.PATIENCE if debugger else version.timeout,
        code=code,
        layers=await _folder(ctx, scratch, layers, seen) if layers else None,
        log_group=logging.get("LogGroup") or f"/aws/lambda/{version.function}",
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel", ""),
        system_log_level=logging.get("SystemLogLevel", ""),
        snap_start=version.snap_start != "None" and version.version != LATEST,
        container=image or None,
        debugger=debugger,
    )


def _image_config(version: Version) -> Mapping[str, Any]:
    found: Mapping[str, Any] = version.others.get("ImageConfigResponse", {}).get("ImageConfig", {})
    return found


async def _seen(ctx: Context, packages: Sequence[Code]) -> str:
    """What the folders among the packages look like now; "" where there are none."""
    folders = [Path(one.folder) for one in packages if one.folder]
    if not folders:
        return ""
    try:
        return await ctx.offload(hot_reload.fingerprint, folders)
    except OSError as error:
        reason = f"{error.filename}, which the function runs as it is, cannot be read: {error.strerror}."
        raise errors.InvalidRuntimeException(reason=reason) from None


async def _folder(ctx: Context, scratch: Path, packages: Sequence[Code], seen: str) -> Path:
    """Where the packages lie, one over the other. A folder that is run as it is stays where it is, unless it shares
    its place with other layers: then it is copied, again when it changes."""
    if packages[0].image:
        return await images.root(ctx, scratch, packages[0].sha256, packages[0].blob)
    if len(packages) == 1 and packages[0].folder:
        return Path(packages[0].folder)
    digests = [one.sha256 for one in packages]
    if any(one.folder for one in packages):
        digests.append(seen)
    key = hashlib.sha256(" ".join(digests).encode()).hexdigest()[:32]
    known = scratch / key
    if known.exists():
        return known
    places = [Path(one.folder) if one.folder else ctx.blobs.path(one.blob) for one in packages]
    return await ctx.offload(unpacking.unpacked, scratch, key, places)
