"""PutRecord and PutRecords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.kinesis import errors, metrics, numbers
from hodei.services.kinesis.find import usable
from hodei.services.kinesis.records import writing
from hodei.services.kinesis.records.writing import Draft, Written
from hodei.services.kinesis.service import kinesis
from hodei.services.kinesis.state import Stream

LARGEST_REQUEST = 10 * 2**20


@kinesis.operation("PutRecord")
def put_record(
    ctx: Context,
    *,
    Data: bytes,
    PartitionKey: str = "",
    ExplicitHashKey: str = "",
    SequenceNumberForOrdering: str = "",
    StreamName: str = "",
    StreamARN: str = "",
    DryRun: bool = False,
) -> dict[str, Any]:
    where, stream = usable(ctx, StreamName, StreamARN)
    draft = writing.drafted(stream, "data", Data, PartitionKey, ExplicitHashKey)
    above = _above(where, stream, SequenceNumberForOrdering) if SequenceNumberForOrdering else 0
    if DryRun:
        raise errors.DryRunOperationException()
    written = writing.append(where, stream, draft, writing.sealer(where, stream), above=above)
    metrics.put_record(where, stream, draft.size, written.shard)
    return {**_answer(stream, written), **_encryption(stream)}


@kinesis.operation("PutRecords")
def put_records(
    ctx: Context,
    *,
    Records: Sequence[Mapping[str, Any]],
    StreamName: str = "",
    StreamARN: str = "",
    DryRun: bool = False,
) -> dict[str, Any]:
    """Records that find no throughput fail each by itself."""
    where, stream = usable(ctx, StreamName, StreamARN)
    drafts = [
        writing.drafted(
            stream,
            f"records.{number}.member.data",
            entry["Data"],
            entry.get("PartitionKey", ""),
            entry.get("ExplicitHashKey", ""),
        )
        for number, entry in enumerate(Records, start=1)
    ]
    if sum(draft.size for draft in drafts) > LARGEST_REQUEST:
        raise errors.InvalidArgumentException(reason="Records size exceeds 10 MB limit")
    if DryRun:
        raise errors.DryRunOperationException()
    answers = put_all(where, stream, drafts)
    failed = sum("ErrorCode" in answer for answer in answers)
    return {"FailedRecordCount": failed, "Records": answers, **_encryption(stream)}


def put_all(where: Context, stream: Stream, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Write records; what PutRecords answers of each."""
    seal = writing.sealer(where, stream)
    answers: list[dict[str, Any]] = []
    done: list[tuple[Draft, Written]] = []
    for draft in drafts:
        try:
            written = writing.append(where, stream, draft, seal)
        except errors.ProvisionedThroughputExceededException as error:
            answers.append(_failure(error))
        else:
            answers.append(_answer(stream, written))
            done.append((draft, written))
    metrics.put_records(where, stream, [(draft.size, written.shard) for draft, written in done], len(drafts))
    return answers


def _failure(error: AwsError) -> dict[str, str]:
    return {"ErrorCode": error.code, "ErrorMessage": error.message}


def _answer(stream: Stream, written: Written) -> dict[str, Any]:
    shard, number = written
    return {"ShardId": shard.id, "SequenceNumber": numbers.sequence_number(stream, shard.index, number)}


def _encryption(stream: Stream) -> dict[str, str]:
    return {"EncryptionType": "KMS"} if stream.key else {}


def _above(where: Context, stream: Stream, given: str) -> int:
    """The number of a SequenceNumberForOrdering. Raises: InvalidArgumentException for what was never given out."""
    try:
        shard, number = numbers.read(stream, given)
    except ValueError:
        shard, number = -1, 0
    if shard not in range(stream.shards) or number > numbers.of_time(where.now) + numbers.SECOND:
        raise errors.InvalidArgumentException(
            reason=f"ExclusiveMinimumSequenceNumber {given} used in PutRecord on stream {stream.name} under account "
            f"{where.account} is invalid."
        )
    return number
