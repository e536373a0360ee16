"""LAMBDA of metric math: values of other data sources, which functions of the caller's know.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_MultiDataSources-Connect-Custom.html
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from hodei.engines.metricmath import expressions
from hodei.engines.metricmath.expressions import Call, Malformed, Name, Negative, Node, Number, Text
from hodei.engines.metricmath.insights import is_query
from hodei.kernel.context import Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.services.cloudwatch.data import reading
from hodei.services.cloudwatch.data.queries import Found, Frame, Query, bad

FUNCTION = "LAMBDA"
CALLER = "lambda.datasource.cloudwatch.amazonaws.com"
MOST_ARGUMENTS = 20
PATIENCE = 10  # seconds "for visualization and dashboarding purposes"
STATUSES = ("Complete", "Forbidden", "InternalError", "PartialData")
Asked = tuple[Call, int]  # a call, the period in which its values are wanted


class Wanted(Exception):
    """What a call of LAMBDA gives has to be known first."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.asked = asked


def needed(queries: Sequence[Query]) -> bool:
    return any(_calls(query.expression) for query in queries)


def _calls(expression: str) -> bool:
    if not expression or is_query(expression):
        return False
    try:
        return FUNCTION in expressions.calls(expressions.parse(expression))
    except Malformed:
        return False


def arguments(call: Call) -> list[str | float | bool]:
    """The function's name, and what it is given. Raises: Malformed."""
    if not 1 <= len(call.arguments) <= MOST_ARGUMENTS + 1 or not isinstance(call.arguments[0], Text):
        raise Malformed(f"{FUNCTION} expects the name of a function as a text and up to {MOST_ARGUMENTS} arguments")
    return [_constant(one) for one in call.arguments]


def _constant(node: Node) -> str | float | bool:
    match node:
        case Text(value=text):
            return text.replace("\n", " ")
        case Number(value=value):
            return int(value) if value.is_integer() else value
        case Negative(operand=Number(value=value)):
            return -int(value) if value.is_integer() else -value
        case Name(name="true" | "false" as word):
            return word == "true"
    raise Malformed(f"{FUNCTION} expects texts, numbers, true or false")


async def ask(ctx: Context, asked: Asked, frame: Frame) -> list[Found]:
    """The lines that a function answers; one without values where it fails. Raises: ValidationError."""
    call, period = asked
    name, *given = arguments(call)
    start, end = reading.rounded(frame.start, period, ctx.now), math.ceil(frame.end)
    request = {"StartTime": start, "EndTime": end, "Period": period, "Arguments": given}
    event = json.dumps({"EventType": "GetMetricData", "GetMetricDataRequest": request}).encode()
    caller = ctx.by(service_principal(CALLER, ctx.account))
    try:
        async with asyncio.timeout(PATIENCE):
            answer = await caller.call("lambda", "Invoke", FunctionName=name, Payload=event)
    except TimeoutError:
        return [_failed(period, "InternalError", f"The function did not answer within {PATIENCE} seconds.")]
    except AwsError as error:
        status = "Forbidden" if error.code.startswith("AccessDenied") else "InternalError"
        return [_failed(period, status, error.message)]
    if "FunctionError" in answer:
        return [_failed(period, "InternalError", f"The function has failed: {answer['FunctionError']}")]
    return _read(answer["Payload"], period, range(start, end, period))


def _read(payload: bytes, period: int, times: range) -> list[Found]:
    try:
        answer = json.loads(payload)
        if error := answer.get("Error"):
            return [_refused(error, period)]
        return [_line(result, period, times) for result in answer["MetricDataResults"]]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return [_failed(period, "InternalError", "The function has not answered as a data source does.")]


def _refused(error: Mapping[str, Any], period: int) -> Found:
    """Codes other than Validation and Forbidden are taken for an internal error."""
    code, value = error.get("Code"), str(error.get("Value", ""))
    if code == "Validation":
        raise bad(value)
    return _failed(period, "Forbidden" if code == "Forbidden" else "InternalError", value)


def _line(result: Mapping[str, Any], period: int, times: range) -> Found:
    """What does not lie at the times that were asked for is dropped."""
    points = zip(result["Timestamps"], result["Values"], strict=True)
    values = {int(at): float(value) for at, value in points if at in times and math.isfinite(value)}
    status = result.get("StatusCode", "Complete")
    if status not in STATUSES:
        raise ValueError(status)
    messages = [(str(one["Code"]), str(one["Value"])) for one in result.get("Messages", ())]
    return Found(
        "", str(result.get("Label", "")), dict(sorted(values.items())), period, status=status, messages=messages
    )


def _failed(period: int, status: str, reason: str) -> Found:
    return Found("", "", {}, period, status=status, messages=[(status, reason)])
