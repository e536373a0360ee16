"""Imports from S3: begun, described, listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.keys import Caller
from hodei.services.dynamodb import errors
from hodei.services.dynamodb.backups.copying import new_id
from hodei.services.dynamodb.encryption.specification import encrypted
from hodei.services.dynamodb.find import check_name, within
from hodei.services.dynamodb.schemas import attributes_of, index_of, key_of, throughput_of
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Table, tables
from hodei.services.dynamodb.tables.creation import check_creation
from hodei.services.dynamodb.tables.describe import table_arn
from hodei.services.dynamodb.tables.tables import check_free
from hodei.services.dynamodb.transfer import error_logs, ion, jobs
from hodei.services.dynamodb.transfer.importing import TIMER
from hodei.services.dynamodb.transfer.state import Import, imports

PAGE = 25
SECONDS = 60.0  # until the reading begins, at AWS's pace

Structure = Mapping[str, Any]


@dynamodb.operation("ImportTable")
def import_table(
    ctx: Context,
    *,
    S3BucketSource: Structure,
    InputFormat: str,
    TableCreationParameters: Structure,
    ClientToken: str = "",
    InputFormatOptions: Structure | None = None,
    InputCompressionType: str = "NONE",
) -> dict[str, Any]:
    """Into a new table, which is CREATING until all has been read."""
    if InputFormatOptions is not None and InputFormat != "CSV":
        raise errors.ValidationException("InputFormatOptions can only be specified when InputFormat is CSV")
    _check_readable(InputFormat)
    told = {
        "S3BucketSource": S3BucketSource,
        "InputFormat": InputFormat,
        "InputCompressionType": InputCompressionType,
        "TableCreationParameters": TableCreationParameters,
        **({"InputFormatOptions": InputFormatOptions} if InputFormatOptions is not None else {}),
    }
    digest = jobs.digest_of(told)
    if before := jobs.requested(ctx, imports, ClientToken, digest, errors.ImportConflictException):
        return {"ImportTableDescription": _described(before)}
    table = _new(ctx, TableCreationParameters)
    tables.put(ctx, table)
    arn = table_arn(ctx, table)
    job = Import(
        arn=f"{arn}/import/{new_id(ctx)}",
        table=table.name,
        table_id=table.id,
        started=ctx.now,
        told={**told, "TableArn": arn, **({"ClientToken": ClientToken} if ClientToken else {})},
        token=ClientToken or None,
        digest=digest,
        caller=Caller.of(ctx.principal),
    )
    imports.put(ctx, job)
    pause = SECONDS if ctx.setting("lifecycle") == "aws" else 0.0
    ctx.timers.set(ctx, TIMER, ctx.now + pause, job.arn)
    return {"ImportTableDescription": _described(job)}


def _check_readable(format: str) -> None:
    """Raises: NotImplemented where a library is not installed."""
    if format != "ION":
        return
    try:
        ion.library()
    except ImportError:
        raise errors.NotImplementedParameter(
            "InputFormat ION needs a library that is not installed: pip install 'hodei[dynamodb]'"
        ) from None


def _new(ctx: Context, given: Structure) -> Table:
    """Raises: ValidationException, ResourceInUseException, LimitExceededException."""
    if "VectorIndexes" in given:
        raise errors.NotImplementedParameter(parameter="VectorIndexes")
    name, schema = given["TableName"], given["KeySchema"]
    check_name(name)
    attributes = attributes_of(given["AttributeDefinitions"])
    billing, throughput = given.get("BillingMode", "PROVISIONED"), given.get("ProvisionedThroughput", {})
    indexes = given.get("GlobalSecondaryIndexes")
    check_creation(
        schema=schema, attributes=attributes, billing=billing, throughput=throughput, local=None, global_=indexes
    )
    check_free(ctx, name)
    table = Table(
        name=name,
        id=ctx.ids.uuid(),
        created=ctx.now,
        status="CREATING",
        key=key_of(schema, attributes),
        attributes=attributes,
        indexes=tuple(index_of(one, attributes, local=False, status="CREATING") for one in indexes or ()),
        billing=billing,
        billing_changed=ctx.now if billing == "PAY_PER_REQUEST" else 0.0,
        throughput=throughput_of(throughput),
        on_demand=dict(given.get("OnDemandThroughput", {})),
    )
    return encrypted(ctx, table, given.get("SSESpecification", {}))


@dynamodb.operation("DescribeImport")
def describe_import(ctx: Context, *, ImportArn: str) -> dict[str, Any]:
    found = within(ctx, ImportArn)
    job = imports.get(found[0], ImportArn) if found else None
    if job is None:
        raise errors.ImportNotFoundException(arn=ImportArn)
    return {"ImportTableDescription": _described(job)}


@dynamodb.operation("ListImports")
def list_imports(
    ctx: Context, *, TableArn: str = "", PageSize: int = PAGE, NextToken: str | None = None
) -> dict[str, Any]:
    """Those of the last 90 days, the greatest ARN first."""
    found = jobs.listed(ctx, imports, TableArn, "import", PageSize, NextToken)
    members = (
        "ImportArn",
        "ImportStatus",
        "TableArn",
        "S3BucketSource",
        "InputFormat",
        "StartTime",
        "EndTime",
        "CloudWatchLogGroupArn",
    )
    summaries = [{name: value for name, value in _described(job).items() if name in members} for job in found.jobs]
    return {"ImportSummaryList": summaries, **found.more}


def _described(job: Import) -> dict[str, Any]:
    """AWS does not count before the end; then also what has gone wrong."""
    found = jobs.described(
        job,
        ImportArn=job.arn,
        ImportStatus=job.status,
        CloudWatchLogGroupArn=error_logs.group_arn(job.arn),
        ErrorCount=job.errors if job.ended else 0,
        ProcessedItemCount=job.processed if job.ended else 0,
        ImportedItemCount=job.imported if job.ended else 0,
    )
    return found | {"ProcessedSizeBytes": job.size} if job.ended else found
