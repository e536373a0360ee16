"""Exports to S3: begun, described, listed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypedDict, Unpack

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import Caller
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.backups import past
from hodei.services.dynamodb.backups.copying import new_id
from hodei.services.dynamodb.encryption import keys
from hodei.services.dynamodb.find import backed_up, within
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.settings.recovery import earliest
from hodei.services.dynamodb.state import Backup, Table
from hodei.services.dynamodb.tables.describe import table_arn
from hodei.services.dynamodb.transfer import jobs, manifests
from hodei.services.dynamodb.transfer.filters import filter_of
from hodei.services.dynamodb.transfer.state import Export, exports

PAGE = 25
SHORTEST, LONGEST = 15 * 60.0, 24 * 3600.0  # windows of incremental exports
VIEW = "NEW_AND_OLD_IMAGES"

Specification = Mapping[str, Any]


class Destination(TypedDict, total=False):
    """Where to, and how: echoed by descriptions."""

    S3BucketOwner: str
    S3Prefix: str
    S3SseKmsKeyId: str


class Span(NamedTuple):
    """The moment of a full export, or the window of an incremental one: the changes after `since` up to `moment`."""

    moment: float
    since: float
    told: dict[str, Any]  # as descriptions have it


@dynamodb.operation("ExportTableToPointInTime")
def export_table_to_point_in_time(
    ctx: Context,
    *,
    TableArn: str,
    S3Bucket: str,
    ExportTime: datetime | None = None,
    ClientToken: str = "",
    S3SseAlgorithm: str = "AES256",
    ExportFormat: str = "DYNAMODB_JSON",
    ExportType: str = "FULL_EXPORT",
    IncrementalExportSpecification: Specification | None = None,
    FilterSpecification: Specification | None = None,
    **destination: Unpack[Destination],
) -> dict[str, Any]:
    """Of any moment of the time that point-in-time recovery covers, or of the changes between two of them."""
    if within(ctx, TableArn) is None:
        raise errors.ValidationException("Invalid TableArn")
    where, table = backed_up(ctx, TableArn)
    asked = {"TableArn": TableArn, "S3Bucket": S3Bucket, "S3SseAlgorithm": S3SseAlgorithm, **destination}
    asked |= {"ExportFormat": ExportFormat, "ExportType": ExportType}
    if FilterSpecification is not None:
        asked["FilterSpecification"] = FilterSpecification
    digest = jobs.digest_of({**asked, "at": ExportTime, "window": IncrementalExportSpecification})
    if before := jobs.requested(where, exports, ClientToken, digest, errors.ExportConflictException):
        return {"ExportDescription": _described(before)}
    if not table.pitr:
        raise errors.PointInTimeRecoveryUnavailableException(name=table.name)
    keys.check(where, table.table_key)
    span = _span(where, table, ExportType, ExportTime, IncrementalExportSpecification)
    filter_of(table, FilterSpecification)
    return {"ExportDescription": _begin(where, table, {**asked, **span.told}, span, ClientToken, digest)}


def _begin(ctx: Context, table: Table, told: dict[str, Any], span: Span, token: str, digest: bytes) -> dict[str, Any]:
    id = new_id(ctx)
    job = Export(
        arn=f"{table_arn(ctx, table)}/export/{id}",
        table=table.name,
        table_id=table.id,
        started=ctx.now,
        told={**told, **({"ClientToken": token} if token else {})},
        token=token or None,
        digest=digest,
        caller=Caller.of(ctx.principal),
        backup=id,
    )
    exports.put(ctx, job)
    backup = Backup(
        table=table.name,
        id=id,
        items=id,
        type="PITR",
        name=table.name,
        created=ctx.now,
        source=table,
        count=0,
        size=0,
        status="SEEDING",
        moment=span.moment,
        since=span.since,
        export=job.arn,
    )
    past.begin(ctx, table, backup)
    return _described(job)


@dynamodb.operation("DescribeExport")
def describe_export(ctx: Context, *, ExportArn: str) -> dict[str, Any]:
    found = within(ctx, ExportArn)
    job = exports.get(found[0], ExportArn) if found else None
    if job is None:
        raise errors.ExportNotFoundException(arn=ExportArn)
    return {"ExportDescription": _described(job)}


@dynamodb.operation("ListExports")
def list_exports(
    ctx: Context, *, TableArn: str = "", MaxResults: int = PAGE, NextToken: str | None = None
) -> dict[str, Any]:
    """Those of the last 90 days, the greatest ARN first."""
    found = jobs.listed(ctx, exports, TableArn, "export", MaxResults, NextToken)
    summaries = [
        {"ExportArn": job.arn, "ExportStatus": job.status, "ExportType": job.told["ExportType"]} for job in found.jobs
    ]
    return {"ExportSummaries": summaries, **found.more}


def _described(job: Export) -> dict[str, Any]:
    found = jobs.described(job, ExportArn=job.arn, ExportStatus=job.status)
    if job.status == "COMPLETED":
        found["ExportManifest"] = manifests.key(job, f"{manifests.SUMMARY}.json")
        found |= {"BilledSizeBytes": job.size, "ItemCount": job.items}
    return found


def _span(ctx: Context, table: Table, kind: str, at: datetime | None, window: Specification | None) -> Span:
    """Raises: ValidationException, InvalidExportTimeException."""
    if kind == "INCREMENTAL_EXPORT":
        if window is None:
            raise errors.ValidationException(
                "IncrementalExportSpecification must be provided when ExportType is INCREMENTAL_EXPORT"
            )
        if at is not None:
            raise errors.ValidationException("ExportTime cannot be provided when ExportType is INCREMENTAL_EXPORT")
        return _window(ctx, table, window)
    if window is not None:
        raise errors.ValidationException(
            "IncrementalExportSpecification can only be provided when ExportType is INCREMENTAL_EXPORT"
        )
    if at is None:
        return Span(ctx.now, 0.0, {"ExportTime": float(math.floor(ctx.now))})
    moment = _known(ctx, table, at)
    return Span(moment, 0.0, {"ExportTime": moment})


def _window(ctx: Context, table: Table, given: Specification) -> Span:
    if "ExportFromTime" not in given:
        raise errors.ValidationException("ExportFromTime must be provided in IncrementalExportSpecification")
    begin = _known(ctx, table, given["ExportFromTime"])
    end = _known(ctx, table, given["ExportToTime"]) if "ExportToTime" in given else float(math.floor(ctx.now))
    if not SHORTEST <= end - begin <= LONGEST:
        raise errors.ValidationException(
            "The difference between ExportFromTime and ExportToTime must be at least 15 minutes and at most 24 hours"
        )
    view = given.get("ExportViewType", VIEW)
    told = {"ExportFromTime": begin, "ExportToTime": end, "ExportViewType": view}
    # the first moment belongs to the window, the last does not
    first, last = (math.nextafter(at, -math.inf) for at in (begin, end))
    return Span(last, first, {"IncrementalExportSpecification": told})


def _known(ctx: Context, table: Table, given: datetime) -> float:
    """A moment that the table's recovery covers, in whole seconds. Raises: InvalidExportTimeException."""
    at = float(math.floor(given.timestamp()))
    if not math.floor(earliest(ctx, table)) <= at <= ctx.now:
        raise errors.InvalidExportTimeException()
    return at
