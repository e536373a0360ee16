"""aws:dynamodb:global-table-pause-replication: the policies of a table and its stream stop the role that replicates.

https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html#dynamodb-actions-reference
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hodei.kernel.arns import partition_of
from hodei.kernel.errors import AwsError
from hodei.services.fis.effects.effect import Effect, Failure, Run
from hodei.services.fis.state import Resource

OF_TABLE = (
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "DescribeTable", "UpdateTable", "Scan", "DescribeTimeToLive",
    "UpdateTimeToLive",
)  # fmt: skip
OF_STREAM = ("GetRecords", "DescribeStream", "GetShardIterator")
REPLICATES = "aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"


class PauseTables(Effect):
    async def begin(self, run: Run) -> None:
        run.note({"arns": [[one.account, arn] for one in run.targets for arn in await self._guarded(run, one)]})
        for account, arn in run.undo["arns"]:
            actions = OF_STREAM if "/stream/" in arn else OF_TABLE
            policy = await self._without(run, account, arn) or {"Version": "2012-10-17", "Statement": []}
            policy["Statement"].append(_statement(run, account, arn, actions))
            await run.call(account, "dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=json.dumps(policy))

    async def end(self, run: Run) -> None:
        """As many policies as may be are made what they were, whatever comes of the others."""
        failed: AwsError | None = None
        for account, arn in run.undo.get("arns", ()):
            try:
                await self._lift(run, account, arn)
            except AwsError as error:
                failed = failed or error
        if failed:
            raise failed

    async def _lift(self, run: Run, account: str, arn: str) -> None:
        policy = await self._without(run, account, arn)
        if policy is None:
            return  # somebody has removed it, with the table perhaps
        if policy["Statement"]:
            await run.call(account, "dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=json.dumps(policy))
        else:
            await run.call(account, "dynamodb", "DeleteResourcePolicy", ResourceArn=arn)

    async def _guarded(self, run: Run, table: Resource) -> list[str]:
        """The ARNs of a table and of its stream. Raises: Failure."""
        found = (await run.call(table.account, "dynamodb", "DescribeTable", TableName=table.arn))["Table"]
        if not found.get("Replicas"):
            raise Failure("InvalidTarget", f"{table.arn} is not a global table.", table.account)
        return [table.arn, *([found["LatestStreamArn"]] if "LatestStreamArn" in found else [])]

    async def _without(self, run: Run, account: str, arn: str) -> dict[str, Any] | None:
        """The policy without the statement of this experiment; None if there is no policy."""
        try:
            found = await run.call(account, "dynamodb", "GetResourcePolicy", ResourceArn=arn)
        except AwsError as error:
            if error.code in ("PolicyNotFoundException", "ResourceNotFoundException"):
                return None
            raise
        policy: dict[str, Any] = json.loads(found["Policy"])
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        return policy | {"Statement": [one for one in statements if one.get("Sid") != _sid(run)]}


def _sid(run: Run) -> str:
    return f"DoNotModifyFisDynamoDbPauseReplication{run.experiment}"


def _statement(run: Run, account: str, arn: str, actions: tuple[str, ...]) -> dict[str, Any]:
    until = datetime.fromtimestamp(run.until, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    role = f"arn:{partition_of(run.ctx.region)}:iam::{account}:role/{REPLICATES}"
    return {
        "Sid": _sid(run),
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": arn,
        "Condition": {"DateLessThan": {"aws:CurrentTime": until}, "ArnEquals": {"aws:PrincipalArn": role}},
    }
