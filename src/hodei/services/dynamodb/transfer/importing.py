"""Imports at work: object after object, in batches of items.

An object that was being read when the process ended is read again: its items are put in the place of themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import changes
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.items import writes
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, StoredItem, Table, items, tables
from hodei.services.dynamodb.tables import lifecycle
from hodei.services.dynamodb.tables.sweeping import forget_items, forget_table
from hodei.services.dynamodb.transfer import error_logs, jobs
from hodei.services.dynamodb.transfer.records import Reader, Source
from hodei.services.dynamodb.transfer.state import Import, imports

TIMER = "import"
CHUNK = 256 * 1024  # bytes of an object at once
INVALID = (
    "ItemValidationError",
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more "
    "details.",
)
NOTHING = ("S3NoSuchKey", "No objects were found in the bucket with the specified key prefix.")

replace = msgspec.structs.replace


@dynamodb.timer(TIMER)
def start(ctx: Context, arn: str) -> None:
    jobs.take_up(ctx, imports, TIMER, arn, read, give_up)


@dynamodb.timer(f"forget_{TIMER}")
def forget(ctx: Context, arn: str) -> None:
    imports.delete(ctx, arn)


def give_up(ctx: Context, job: Import) -> None:
    finish(ctx, job, ("InternalServerError", "The server encountered an internal error trying to fulfill the request."))


def finish(ctx: Context, job: Import, failure: tuple[str, str] | None = None) -> None:
    """Ends an import. A failure before anything was read leaves no table, a later one what there is."""
    if failure and not job.processed:
        if (table := tables.get(ctx, job.table)) and table.id == job.table_id:
            tables.delete(ctx, job.table)
            if table.table_key:
                keys.let_go(ctx, table.name, table.id, table.table_key)
        forget_items(ctx, job.table_id)
        forget_table(ctx, job.table_id)
    else:
        lifecycle.arrive(ctx, job.table, job.table_id)
    jobs.ended(ctx, imports, TIMER, job, failure)
    ctx.meter("import", job.size, ctx.arn(f"table/{job.table}"))


async def read(ctx: Context, job: Import) -> None:
    failure = None
    try:
        async for key in _keys(ctx, job):
            job = await _read_object(ctx, job, key)
    except AwsError as error:
        if jobs.put_off(ctx, imports, TIMER, job, error):
            return
        failure = jobs.of_s3(ctx, error)
    job = jobs.still(ctx, imports, TIMER, job)
    if failure is None and not job.after:
        failure = NOTHING
    finish(ctx, job, failure or (INVALID if job.errors else None))


async def _keys(ctx: Context, job: Import) -> AsyncIterator[str]:
    """Of the objects that are still to be read. Raises: AwsError of S3."""
    source = job.told["S3BucketSource"]
    after, more = job.after, True
    while more:
        page = await ctx.call(
            "s3", "ListObjectsV2", Prefix=source.get("S3KeyPrefix", ""), StartAfter=after, **_bucket(job)
        )
        for one in page.get("Contents", ()):
            after = one["Key"]
            yield after
        more = page["IsTruncated"]


def _bucket(job: Import) -> dict[str, Any]:
    source = job.told["S3BucketSource"]
    owner = {"ExpectedBucketOwner": source["S3BucketOwner"]} if "S3BucketOwner" in source else {}
    return {"Bucket": source["S3Bucket"], **owner}


async def _read_object(ctx: Context, job: Import, key: str) -> Import:
    """Raises: Superseded, AwsError of S3."""
    job = jobs.still(ctx, imports, TIMER, job)
    answer = await ctx.call("s3", "GetObject", Key=key, **_bucket(job))
    reader = Reader(_source(job, _table(ctx, job)))
    processed = 0
    bad: list[tuple[int, str]] = []
    async for chunk in _chunks(answer["Body"]):
        for batch in reader.batches(chunk):
            bad += ((processed + at, message) for at, message in _put(ctx, _table(ctx, job), batch))
            processed += len(batch)
            await asyncio.sleep(0)  # others have their turn
            job = jobs.still(ctx, imports, TIMER, job)
        if reader.fault:
            bad.append((processed, reader.fault))
            processed += 1
            break
    job = replace(
        jobs.still(ctx, imports, TIMER, job),
        after=key,
        processed=job.processed + processed,
        imported=job.imported + processed - len(bad),
        errors=job.errors + len(bad),
        size=job.size + reader.size,
        tries=0,
    )
    error_logs.note(ctx, job, key, bad)
    imports.put(ctx, job)
    return job


async def _chunks(body: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes | None]:
    """Then None, at the end."""
    if isinstance(body, bytes):
        yield body
    else:
        async for part in body:
            for start in range(0, len(part), CHUNK):
                yield part[start : start + CHUNK]
    yield None


def _table(ctx: Context, job: Import) -> Table:
    table = tables.get(ctx, job.table)
    if table is None or table.id != job.table_id:
        raise jobs.Superseded  # the account has been reset
    return table


def _source(job: Import, table: Table) -> Source:
    options = job.told.get("InputFormatOptions", {}).get("Csv", {})
    return Source(
        format=job.told["InputFormat"],
        compression=job.told["InputCompressionType"],
        delimiter=options.get("Delimiter", ","),
        headers=options.get("HeaderList", ()),
        kinds=table.attributes,
    )


def _put(ctx: Context, table: Table, batch: Sequence[Item]) -> list[tuple[int, str]]:
    """Put the items that are good; of the others the positions, and what is wrong with them."""
    bad = []
    for at, item in enumerate(batch):
        try:
            write = writes.put({"Item": item})
            place = write.place(table)
        except AwsError as error:
            bad.append((at, error.message))
            continue
        new = StoredItem(table=table.id, partition=place.partition, sort=place.sort, item=write.item, size=write.size)
        changes.apply(ctx, table, items.get(ctx, table.id, *place), new, "restore")
    return bad
