"""A durable function without an SDK: it does what its event says, and answers what Lambda has said to that."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def protocol(event: Any, context: Any) -> Any:
    """Each of the input's `calls` is [operation, parameters]; "<token>" is the last token, "<first>" the first one.

    The answer is `answer`, or the outcomes of the calls.
    """
    client = boto3.client("lambda", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))
    script = json.loads(event["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]["InputPayload"])
    tokens = {"<first>": event["CheckpointToken"], "<token>": event["CheckpointToken"]}
    said: list[Any] = [event] if script.get("tell") else []
    for operation, given in script["calls"]:
        given = {name: tokens.get(value, value) if isinstance(value, str) else value for name, value in given.items()}
        given = {"DurableExecutionArn": event["DurableExecutionArn"], "CheckpointToken": tokens["<token>"], **given}
        try:
            found = getattr(client, operation)(**given)
        except ClientError as error:
            said.append([error.response["Error"]["Code"], error.response["Error"]["Message"]])
            continue
        del found["ResponseMetadata"]
        tokens["<token>"] = found.get("CheckpointToken", tokens["<token>"])
        tokens["<marker>"] = found.get("NewExecutionState", found).get("NextMarker", "")
        said.append(found)
    answer = script.get("answer", {"Status": "SUCCEEDED", "Result": json.dumps(said, default=str)})
    return answer
