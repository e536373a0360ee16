"""The bytes that an account's packages take in a region, and their blobs."""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors
from hodei.services.lambda_.state import Code, Storage, storage

ONE = "packages"
GIB = 2**30


def total(ctx: Context) -> int:
    found = storage.get(ctx, ONE)
    return found.total if found else 0


def keep(ctx: Context, code: Code) -> None:
    """With the `put` of what refers to it. Raises: CodeStorageExceededException, and the blob is discarded."""
    if total(ctx) + code.size > ctx.quota("code-storage") * GIB:
        if code.blob:
            ctx.blobs.discard(code.blob)
        raise errors.CodeStorageExceededException()
    if code.blob:
        ctx.blobs.keep(ctx, code.blob)
    storage.put(ctx, Storage(id=ONE, total=total(ctx) + code.size))


def copied(ctx: Context, code: Code) -> Code:
    """The same package once more, for another version: kept. It takes no space of the disk."""
    copy = replace(code, blob=ctx.blobs.clone(code.blob)) if code.blob else code
    keep(ctx, copy)
    return copy


def drop(ctx: Context, code: Code) -> None:
    if code.blob:
        ctx.blobs.delete(ctx, code.blob)
    storage.put(ctx, Storage(id=ONE, total=max(0, total(ctx) - code.size)))
