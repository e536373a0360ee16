"""Key material: sealed in the store, opened for each use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.kms.find import Found
from hodei.services.kms.state import Key, Material, keys
from hodei.services.kms.state import materials as table


def homes(found: Found) -> list[Context]:
    """A context in each Region that has the key: all have the same material."""
    key = found.key
    return [found.ctx.at(region=region) for region in (key.primary, *key.replicas)] if key.primary else [found.ctx]


def change(found: Found, **changes: object) -> Found:
    """Change what the Regions of a key share. Returns the changed key."""
    for home in homes(found):
        if key := keys.get(home, found.key.id):
            keys.put(home, replace(key, **changes))
    return Found(found.ctx, replace(found.key, **changes))


def of(where: Context, key: Key) -> Iterator[Material]:
    """All that the key has and had, from the oldest on."""
    return table.scan(where, key.id)


def current(where: Context, key: Key) -> Material | None:
    return table.get(where, key.id, key.material) if key.material else None


def id_of(key: Key, secret: bytes) -> str:
    """KeyMaterialId: the same bytes in another key have another one."""
    return hashlib.sha256(key.id.encode() + secret).hexdigest()


def new(where: Context, key: Key, secret: bytes, number: int, **more: object) -> Material:
    """Key material that is not kept yet. `more` are further fields."""
    made = Material(key=key.id, number=number, id=id_of(key, secret), sealed=seal(where, key, secret))
    return replace(made, **more)


def seal(where: Context, key: Key, secret: bytes) -> bytes:
    return where.world.vault.seal("kms", secret, key.id.encode())


def secret(where: Context, key: Key, number: int = 0) -> bytes:
    """The bytes of the current material, or of that number. Raises: KeyError if they are not there."""
    material = table.get(where, key.id, number or key.material)
    if material is None or not material.sealed:
        raise KeyError(number)
    return where.world.vault.open("kms", material.sealed, key.id.encode())


def put(where: Context, material: Material) -> None:
    table.put(where, material)


def get(where: Context, key: Key, number: int) -> Material | None:
    return table.get(where, key.id, number)


def forget(where: Context, key: Key) -> None:
    table.delete_all(where, key.id)


def drop(where: Context, key: Key, number: int) -> None:
    table.delete(where, key.id, number)
