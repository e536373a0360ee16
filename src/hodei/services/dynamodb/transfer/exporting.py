"""Exports at work: data files one after the other, then the manifests.

All that a file needs is read and compressed in small steps; what it adds is kept when S3 has it. A file that is begun
again has the same name.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64encode
from itertools import islice
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Backup, Table, backups, tables
from hodei.services.dynamodb.tables.sweeping import forget_items
from hodei.services.dynamodb.transfer import jobs, manifests, reading
from hodei.services.dynamodb.transfer.files import EXTENSIONS, Packer, lines
from hodei.services.dynamodb.transfer.filters import Filter, filter_of
from hodei.services.dynamodb.transfer.state import DataFile, Export, data_files, exports, gathered

TIMER = "export"
FILE_BYTES = 4 * 2**20  # compressed, about
ROWS = 1_000  # that one batch deletes

replace = msgspec.structs.replace


@dynamodb.timer(TIMER)
def export(ctx: Context, arn: str) -> None:
    job = exports.get(ctx, arn)
    table = tables.get(ctx, job.table) if job else None
    if table and keys.put_off(ctx, TIMER, (arn,), table.table_key):
        return
    jobs.take_up(ctx, exports, TIMER, arn, write, give_up)


@dynamodb.timer(f"forget_{TIMER}")
def forget(ctx: Context, arn: str) -> None:
    data_files.delete_all(ctx, arn)
    exports.delete(ctx, arn)


def give_up(ctx: Context, job: Export) -> None:
    finish(ctx, job, ("InternalServerError", "The server encountered an internal error trying to fulfill the request."))


def finish(ctx: Context, job: Export, failure: tuple[str, str] | None = None) -> None:
    """Ends an export; its table is free again."""
    table, backup = _read_by(ctx, job)
    tables.put(ctx, replace(table, copying=tuple(one for one in table.copying if one != backup.id)))
    backups.delete(ctx, backup.table, backup.id)
    forget_items(ctx, backup.items)
    forget_gathered(ctx, backup.id)
    jobs.ended(ctx, exports, TIMER, job, failure)
    if failure is None:
        kind = "incremental-export" if "IncrementalExportSpecification" in job.told else "export"
        ctx.meter(kind, job.size, ctx.arn(f"table/{job.table}"))


@dynamodb.timer("forget_gathered")
def forget_gathered(ctx: Context, backup_id: str) -> None:
    rows = list(islice(gathered.keys(ctx, backup_id), ROWS))
    for row in rows:
        gathered.delete(ctx, *row)
    if len(rows) == ROWS:
        ctx.timers.set(ctx, "forget_gathered", ctx.now, backup_id)


async def write(ctx: Context, job: Export) -> None:
    try:
        if not job.files:
            await _put(ctx, job, manifests.key(job, "_started"), b"")
        while not job.read:
            job = await _write_file(ctx, jobs.still(ctx, exports, TIMER, job))
        now = ctx.now
        for name, content in manifests.written(ctx, job, now):
            await _put(ctx, job, manifests.key(job, name), content)
    except AwsError as error:
        if jobs.put_off(ctx, exports, TIMER, job, error):
            return
        finish(ctx, jobs.still(ctx, exports, TIMER, job), jobs.of_s3(ctx, error))
    else:
        finish(ctx, jobs.still(ctx, exports, TIMER, job))


async def _write_file(ctx: Context, job: Export) -> Export:
    """Raises: Superseded, AwsError."""
    packer, count, size = Packer(), 0, 0
    format = job.told["ExportFormat"]
    table, backup = _read_by(ctx, job)
    only = filter_of(table, job.told.get("FilterSpecification"))
    last: reading.Place | None = (backup.partition, backup.sort)
    while last is not None and packer.size < FILE_BYTES:
        page = _page(ctx, job, only, last)
        count, size, last = count + len(page.rows), size + page.size, page.last
        await ctx.offload(packer.add, lines(format, page.rows))
        jobs.still(ctx, exports, TIMER, job)
    content = await ctx.offload(packer.close)
    key = manifests.data_key(job, f"{_name(job)}.{EXTENSIONS[format]}")
    answer = await _put(ctx, job, key, content)
    job = jobs.still(ctx, exports, TIMER, job)
    md5 = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    etag = answer["ETag"].strip('"')
    data_files.put(ctx, DataFile(export=job.arn, number=job.files, key=key, items=count, md5=md5, etag=etag))
    if last is not None:
        _, backup = _read_by(ctx, job)
        backups.put(ctx, replace(backup, partition=last[0], sort=last[1]))
    job = replace(job, files=job.files + 1, items=job.items + count, size=job.size + size, read=last is None, tries=0)
    exports.put(ctx, job)
    return job


def _page(ctx: Context, job: Export, only: Filter, after: reading.Place) -> reading.Page:
    table, backup = _read_by(ctx, job)
    if "IncrementalExportSpecification" not in job.told:
        return reading.whole(ctx, table, backup, only, after)
    view = job.told["IncrementalExportSpecification"]["ExportViewType"]
    return reading.changed(ctx, table, backup, only, after, with_old=view == "NEW_AND_OLD_IMAGES")


def _read_by(ctx: Context, job: Export) -> tuple[Table, Backup]:
    """What an export reads: neither can go before it has ended."""
    table, backup = tables.get(ctx, job.table), backups.get(ctx, job.table, job.backup)
    if table is None or backup is None:
        raise jobs.Superseded  # the account has been reset
    return table, backup


def _name(job: Export) -> str:
    digest = hashlib.blake2b(f"{job.arn}/{job.files}".encode(), digest_size=16).digest()
    return b32encode(digest).decode().rstrip("=").lower()


async def _put(ctx: Context, job: Export, key: str, content: bytes) -> dict[str, Any]:
    """Raises: AwsError of S3."""
    told = job.told
    params = {"ServerSideEncryption": "aws:kms" if told["S3SseAlgorithm"] == "KMS" else "AES256"}
    if "S3SseKmsKeyId" in told:
        params["SSEKMSKeyId"] = told["S3SseKmsKeyId"]
    if "S3BucketOwner" in told:
        params["ExpectedBucketOwner"] = told["S3BucketOwner"]
    return await ctx.call("s3", "PutObject", Bucket=told["S3Bucket"], Key=key, Body=content, **params)
