"""Where an export's files lie, and the manifests that list them.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import orjson

from hodei.kernel.context import Context
from hodei.protocol.timestamps import from_epoch
from hodei.services.dynamodb.transfer.state import Export, data_files

FULL, INCREMENTAL = "2020-06-30", "2023-08-01"  # versions of the summary
SUMMARY, FILES = "manifest-summary", "manifest-files"


def key(job: Export, name: str) -> str:
    """Of a file that belongs to this export alone."""
    return f"{_root(job)}{job.arn.rpartition('/')[2]}/{name}"


def data_key(job: Export, name: str) -> str:
    """Incremental exports to one place share their folder of data."""
    if "IncrementalExportSpecification" in job.told:
        return f"{_root(job)}data/{name}"
    return key(job, f"data/{name}")


def _root(job: Export) -> str:
    prefix = job.told.get("S3Prefix", "").rstrip("/")
    return f"{prefix}/AWSDynamoDB/" if prefix else "AWSDynamoDB/"


def written(ctx: Context, job: Export, ended: float) -> Iterator[tuple[str, bytes]]:
    """Names and contents; who finds the summary finds everything."""
    listed = (
        {"itemCount": one.items, "md5Checksum": one.md5, "etag": one.etag, "dataFileS3Key": one.key}
        for one in data_files.scan(ctx, job.arn)
    )
    files = b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in listed)
    for name, content in ((FILES, files), (SUMMARY, orjson.dumps(_summary(job, ended)))):
        yield f"{name}.checksum", b64encode(hashlib.md5(content, usedforsecurity=False).digest())
        yield f"{name}.json", content


def _summary(job: Export, ended: float) -> dict[str, Any]:
    told = job.told
    window = told.get("IncrementalExportSpecification")
    moments = (
        {"exportFromTime": _time(window["ExportFromTime"]), "exportToTime": _time(window["ExportToTime"])}
        if window
        else {"exportTime": _time(told["ExportTime"])}
    )
    return {
        "version": INCREMENTAL if window else FULL,
        "exportArn": job.arn,
        "startTime": _time(job.started),
        "endTime": _time(ended),
        "tableArn": told["TableArn"],
        "tableId": job.table_id,
        **moments,
        "s3Bucket": told["S3Bucket"],
        "s3Prefix": told.get("S3Prefix"),
        "s3SseAlgorithm": told["S3SseAlgorithm"],
        "s3SseKmsKeyId": told.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": key(job, f"{FILES}.json"),
        "billedSizeBytes": job.size,
        "itemCount": job.items,
        "outputFormat": told["ExportFormat"],
        **({"outputView": window["ExportViewType"]} if window else {}),
        "exportType": told["ExportType"],
    }


def _time(at: float) -> str:
    return from_epoch(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
