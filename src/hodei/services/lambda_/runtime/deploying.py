"""From a version of a function to what an environment is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from hodei.kernel.context import Context
from hodei.services.lambda_.layers.content import content
from hodei.services.lambda_.runtime import unpacking
from hodei.services.lambda_.runtime.deployment import Deployment
from hodei.services.lambda_.state import Code, Version


async def deployment(ctx: Context, version: Version, scratch: Path) -> Deployment:
    """The deployment of a version, its packages unpacked below `scratch`. `ctx` is in the function's account."""
    layers = content(ctx, version)
    code = await _folder(ctx, scratch, [version.code])
    logging = version.logging
    return Deployment(
        key=f"{version.arn(ctx)} {version.revision} {version.code.sha256}",
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
        timeout=version.timeout,
        code=code,
        layers=await _folder(ctx, scratch, layers) if layers else None,
        log_group=logging.get("LogGroup") or f"/aws/lambda/{version.function}",
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel", ""),
    )


async def _folder(ctx: Context, scratch: Path, packages: Sequence[Code]) -> Path:
    """Where the packages lie, one over the other. A folder that is run as it is stays where it is."""
    if packages[0].folder:
        return Path(packages[0].folder)
    key = hashlib.sha256(" ".join(one.sha256 for one in packages).encode()).hexdigest()[:32]
    known = scratch / key
    if known.exists():
        return known
    return await ctx.offload(unpacking.unpacked, scratch, key, [ctx.blobs.path(one.blob) for one in packages])
