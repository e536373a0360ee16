"""How much lies in each bucket, counted as it changes; what is deleted, or moved, before its class's least duration."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.ledger.meter import Stock
from hodei.kernel.store import Store
from hodei.kernel.tables import Record
from hodei.services.s3.billing import classes
from hodei.services.s3.service import s3
from hodei.services.s3.state import Object, Upload, UploadPart, objects, upload_parts, uploads, versions

DAY, HOUR = 86400.0, 3600.0
PARTS, COUNTED = "parts", ""


class Held(Record):
    """What a bucket has in a storage class (`PARTS`: of uploads). `small` objects lack `lacking` bytes of
    `classes.SMALLEST`. That there is one of `COUNTED` says that what is missing is nothing."""

    bucket: str
    kind: str
    count: int = 0
    size: int = 0
    small: int = 0
    lacking: int = 0
    tags: int = 0

    def plus(self, obj: Object, sign: int) -> Held:
        lacking = classes.SMALLEST - obj.size if obj.size < classes.SMALLEST else 0
        return Held(
            bucket=self.bucket,
            kind=self.kind,
            count=self.count + sign,
            size=self.size + sign * obj.size,
            small=self.small + (sign if lacking else 0),
            lacking=self.lacking + sign * lacking,
            tags=self.tags + sign * len(obj.tags),
        )


volumes = s3.table("volumes", Held, key=("bucket", "kind"))


def changes(home: Context, name: str, old: Object | None, new: Object | None) -> None:
    """A version is about to be written over, deleted, made or changed. Delete markers are nothing."""
    if old is not None and not old.marker:
        volumes.put(home, _held(home, name, old.storage_class).plus(old, -1))
        if new is None or new.storage_class != old.storage_class:
            _left(home, name, old)
    if new is not None and not new.marker:
        volumes.put(home, _held(home, name, new.storage_class).plus(new, 1))


def moved(home: Context, old: Object, new: Object) -> Object:
    """A version that comes into another class by a lifecycle rule, with the time of that."""
    _meter(home, classes.MOVES[new.storage_class], 1.0, old.bucket)
    return replace(new, moved=home.now)


def takes(home: Context, upload: Upload, old: UploadPart | None, new: UploadPart) -> None:
    """A part is about to be stored."""
    held = _held(home, upload.bucket, PARTS)
    volumes.put(home, replace(held, size=held.size + new.size - (old.size if old else 0)))


def drops(home: Context, upload: Upload) -> None:
    """The parts of an upload are about to go: into an object, or away."""
    held = _held(home, upload.bucket, PARTS)
    size = sum(part.size for part in upload_parts.scan(home, upload.upload_id))
    volumes.put(home, replace(held, size=held.size - size))


def forget(home: Context, name: str) -> None:
    volumes.delete_all(home, name)


def _held(home: Context, name: str, kind: str) -> Held:
    if (found := volumes.get(home, name, kind)) is None:
        if volumes.get(home, name, COUNTED) is None:
            _count(home, name)
        found = volumes.get(home, name, kind) or Held(bucket=name, kind=kind)
    return found


def _count(home: Context, name: str) -> None:
    """Go through all that a new bucket has, or one that was there before anything was counted."""
    held: dict[str, Held] = {}
    for table in (objects, versions):
        for obj in table.scan(home, name):
            if not obj.marker:
                before = held.get(obj.storage_class) or Held(bucket=name, kind=obj.storage_class)
                held[obj.storage_class] = before.plus(obj, 1)
    parts = (part.size for upload in uploads.scan(home, name) for part in upload_parts.scan(home, upload.upload_id))
    for found in (*held.values(), Held(bucket=name, kind=PARTS, size=sum(parts)), Held(bucket=name, kind=COUNTED)):
        volumes.put(home, found)


def _left(home: Context, name: str, obj: Object) -> None:
    """What leaves a class before its least duration is billed for the rest of it."""
    kind = obj.storage_class
    since = max(obj.modified, obj.moved)
    if (hours := (since + classes.LEAST_DAYS.get(kind, 0) * DAY - home.now) / HOUR) <= 0:
        return
    prefix = classes.PREFIXES[kind]
    size = obj.size + (classes.INDEX if kind in classes.ARCHIVES else 0)
    _meter(home, f"{prefix}early", size * hours, name)
    if kind in classes.ROUNDED and obj.size < classes.SMALLEST:
        _meter(home, f"{prefix}small-early", (classes.SMALLEST - obj.size) * hours, name)


def _meter(home: Context, usage: str, amount: float, name: str) -> None:
    if amount:
        home.meter(usage, amount, classes.arn(home.region, name))


@s3.stocks
def stored(store: Store) -> Iterator[Stock]:
    for account, region, held in volumes.all(store):
        for usage, amount in _usages(held):
            yield Stock(account, region, usage, amount, classes.arn(region, held.bucket))


def _usages(held: Held) -> Iterator[tuple[str, float]]:
    """Parts are billed as STANDARD; of what is archived its name is there."""
    prefix = "rrs-" if held.kind == "REDUCED_REDUNDANCY" else classes.PREFIXES.get(held.kind, "")
    yield "tags", held.tags
    if held.kind in classes.ARCHIVES:
        yield "storage", held.count * classes.NAME
        yield f"{prefix}storage", held.size + held.count * classes.INDEX
    else:
        yield f"{prefix}storage", held.size
    if held.kind in classes.ROUNDED:
        yield f"{prefix}small-storage", held.lacking
    if held.kind == "INTELLIGENT_TIERING":
        yield "monitoring", held.count - held.small
