"""New keys and their first material."""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms import errors
from hodei.services.kms.crypto import pairs
from hodei.services.kms.find import Found
from hodei.services.kms.material import materials
from hodei.services.kms.specs import SPECS
from hodei.services.kms.state import Key, keys


def kept(ctx: Context, key: Key, secret: bytes) -> Found:
    """Store a new key and its first material, if it has one already."""
    if secret:
        key = replace(key, material=1)
        materials.put(ctx, materials.new(ctx, key, secret, 1))
    keys.put(ctx, key)
    return Found(ctx, key)


async def made(ctx: Context, name: str) -> bytes:
    """A new key of a spec. Raises: NotImplemented."""
    spec = SPECS[name]
    if spec.secret:
        return ctx.ids.randbytes(spec.bits // 8)
    try:
        return await ctx.offload(pairs.generate, name) if spec.slow else pairs.generate(name)
    except pairs.Unavailable:
        raise errors.NotImplementedException(what=f"kms: key spec {name}") from None
