"""Which durable execution a request is about. https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.services.lambda_.durable import tokens
from hodei.services.lambda_.durable.records import executions
from hodei.services.lambda_.service import lambda_


@lambda_.finds("durable execution")
def executions_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    if arn := params.get("DurableExecutionArn"):
        yield arn
    elif found := tokens.read_callback(ctx, params.get("CallbackId", "")):
        there, id, _ = found
        if execution := executions.get(there, id):
            yield execution.arn(there)
