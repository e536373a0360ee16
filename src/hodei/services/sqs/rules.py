"""What SQS allows: names, parameters, batches. AWS's wording, from its answers (recorded ones where there are any)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation
from hodei.services.sqs import errors
from hodei.services.sqs.service import sqs

BATCH_ENTRIES = 10
MESSAGE_BYTES = 1024 * 1024
LONGEST_VISIBILITY = 12 * 3600
DEDUPLICATION_SECONDS = 300.0
PURGE_SECONDS = 60.0

ENTRY_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
QUEUE_NAME = re.compile(r"[\w-]{1,80}", re.ASCII)
TOKEN = re.compile(r"[!-~]{1,128}")  # alphanumeric and punctuation
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_query(ctx: Context) -> bool:
    """Whether the call came in the query protocol, in which AWS words a few answers otherwise."""
    return ctx.request is not None and "x-amz-target" not in ctx.request.headers


def invalid(name: str, value: object, reason: str) -> AwsError:
    return errors.InvalidParameterValue(value=value, name=name, reason=reason)


@sqs.on_violation
def missing_parameter(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """The model demands nothing but members that have to be there. Paths begin their parts with small letters."""
    name = violations[0].path.rpartition(".")[2]
    return errors.MissingParameter(name=name[:1].upper() + name[1:])


def check_queue_name(name: str, *, fifo: bool) -> None:
    stem = name.removesuffix(".fifo") + "_fifo" * name.endswith(".fifo")
    if fifo and not (name.endswith(".fifo") and QUEUE_NAME.fullmatch(stem)):
        raise errors.InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length."
        )
    if not fifo and not QUEUE_NAME.fullmatch(name):
        raise errors.InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def check_range(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise invalid(name, value, f"Must be >= {low} and <= {high}, if provided.")


def check_between(name: str, value: int, low: int, high: int) -> None:
    """The same in AWS's other wording."""
    if not low <= value <= high:
        raise invalid(name, value, f"Must be between {low} and {high}, if provided.")


def check_token(name: str, value: str | None) -> None:
    """MessageGroupId, MessageDeduplicationId, ReceiveRequestAttemptId."""
    if value is not None and not TOKEN.fullmatch(value):
        reason = f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
        raise invalid(name, value, reason)


def check_text(text: str, part: str) -> None:
    if forbidden := FORBIDDEN.search(text):
        raise errors.InvalidMessageContents(character=f"{ord(forbidden[0]):X}", part=part)


def check_batch(entries: Sequence[Mapping[str, Any]], entry: str) -> None:
    """`entry` is the name of an entry's shape. What is wrong with single entries fails those only."""
    if not entries:
        raise errors.EmptyBatchRequest(entry=entry)
    if len(entries) > BATCH_ENTRIES:
        raise errors.TooManyEntriesInBatchRequest(count=len(entries))
    seen: set[str] = set()
    for one in entries:
        if not ENTRY_ID.fullmatch(one["Id"]):
            raise errors.InvalidBatchEntryId()
        if one["Id"] in seen:
            raise errors.BatchEntryIdsNotDistinct(Id=one["Id"])
        seen.add(one["Id"])


def failed_entry(entry: Mapping[str, Any], error: AwsError) -> dict[str, Any]:
    """An entry of a batch in the answer's `Failed`."""
    shape = sqs.model.error_shape(error.code)
    code = shape.error_code if shape else error.code
    return {"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": error.message}


def batch_result(successful: list[dict[str, Any]], failed: list[dict[str, Any]]) -> dict[str, Any]:
    """AWS leaves out an empty list."""
    return {name: found for name, found in (("Successful", successful), ("Failed", failed)) if found}


def check_max_results(value: int | None, high: int) -> int:
    """The page size. Raises: InvalidParameterValue."""
    if value is not None and not 1 <= value <= high:
        raise invalid("MaxResults", value, f"MaxResults must be an integer between 1 and {high}.")
    return value or high


def read_page_token(ctx: Context, token: str | None) -> Any:
    """What the token of the previous page carries, None without one. Raises: InvalidParameterValue."""
    try:
        return ctx.read_token(token)[0] if token else None
    except ValueError:
        raise invalid("NextToken", token, "Invalid NextToken value.") from None
