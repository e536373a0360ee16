"""The policy of a queue: its statements by label (AddPermission, RemovePermission), and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.sqs import attributes, errors, rules
from hodei.services.sqs.find import find_by_arn, find_queue, read_url
from hodei.services.sqs.move_tasks import read_handle
from hodei.services.sqs.service import sqs
from hodei.services.sqs.state import Queue

MOST_ACTIONS = 7
MOST_STATEMENTS = 20
# So that no policy can lock an account out of its queue (root-user-tasks of IAM's user guide).
ALWAYS_THE_ROOTS = ("GetQueueAttributes", "SetQueueAttributes")
GRANTABLE = (
    "*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
    "PurgeQueue", "ReceiveMessage", "SendMessage",
)  # fmt: skip


@sqs.operation("AddPermission")
def add_permission(
    ctx: Context, *, QueueUrl: str, Label: str, AWSAccountIds: Sequence[str], Actions: Sequence[str]
) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    _check(Label, AWSAccountIds, Actions)
    policy = _policy(ctx, queue)
    if any(statement.get("Sid") == Label for statement in policy["Statement"]):
        raise rules.invalid("Label", Label, "Already exists.")
    if len(policy["Statement"]) >= MOST_STATEMENTS:
        raise errors.OverLimit(
            reason=f"{MOST_STATEMENTS + 1} statements were found, maximum allowed is {MOST_STATEMENTS}."
        )
    policy["Statement"].append(
        {
            "Sid": Label,
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_all([f"arn:aws:iam::{account}:root" for account in AWSAccountIds])},
            "Action": _one_or_all([f"SQS:{action}" for action in Actions]),
            "Resource": queue.arn(ctx),
        }
    )
    attributes.change(ctx, queue, queue.attributes | {"Policy": json.dumps(policy, separators=(",", ":"))})


@sqs.operation("RemovePermission")
def remove_permission(ctx: Context, *, QueueUrl: str, Label: str) -> None:
    ctx, queue = find_queue(ctx, QueueUrl)
    policy = _policy(ctx, queue)
    left = [statement for statement in policy["Statement"] if statement.get("Sid") != Label]
    if len(left) == len(policy["Statement"]):
        raise rules.invalid("Label", Label, "can't find label on existing policy.")
    changed = dict(queue.attributes)
    del changed["Policy"]
    if left:
        changed["Policy"] = json.dumps(policy | {"Statement": left}, separators=(",", ":"))
    attributes.change(ctx, queue, changed)


def _check(label: str, accounts: Sequence[str], actions: Sequence[str]) -> None:
    if not rules.ENTRY_ID.fullmatch(label):
        reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        raise rules.invalid("Label", label, reason)
    if not actions:
        raise errors.MissingParameter(name="Actions")
    if not accounts:
        raise rules.invalid("PrincipalId", "[]", "Unable to verify.")
    if len(actions) > MOST_ACTIONS:
        raise errors.OverLimit(reason=f"{len(actions)} Actions were found, maximum allowed is {MOST_ACTIONS}.")
    for action in actions:
        if action not in GRANTABLE:
            reason = "Only the queue owner is allowed to invoke this action."
            if action not in sqs.model.operations:
                reason = "Please refer to the appropriate WSDL for a list of valid actions."
            raise rules.invalid("ActionName", f"SQS:{action}", reason)
    for account in accounts:
        if not (len(account) == 12 and account.isascii() and account.isdigit()):
            raise rules.invalid("PrincipalId", f"[{account}]", "Unable to verify.")


def _policy(ctx: Context, queue: Queue) -> dict[str, Any]:
    """The queue's policy with its statements as a list; a new one if it has none."""
    policy: dict[str, Any] = json.loads(queue.attributes.get("Policy", "{}"))
    statements = policy.get("Statement", [])
    found = statements if isinstance(statements, list) else [statements]
    head = {"Version": "2008-10-17", "Id": f"{queue.arn(ctx)}/SQSDefaultPolicy"}
    return head | policy | {"Statement": [statement for statement in found if isinstance(statement, dict)]}


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


# What IAM asks: which queue a request is about, whose it is, what its policy says.


@sqs.finds("queue")
def queues_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    """What is no address of a queue the operation itself refuses."""
    if (url := params.get("QueueUrl")) is not None:
        try:
            region, account, name = read_url(url)
        except AwsError:
            return
        yield ctx.at(account=account, region=region or None).arn(name)
    elif "QueueName" in params:
        yield ctx.at(account=params.get("QueueOwnerAWSAccountId")).arn(params["QueueName"])
    elif (arn := params.get("SourceArn")) is not None:
        yield arn
    elif (handle := params.get("TaskHandle")) is not None:
        try:
            yield read_handle(handle)[1]
        except AwsError:
            return


@sqs.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    try:
        found = find_by_arn(ctx, arn)
    except ValueError:
        return None
    if not found:
        return None
    locked_out = ctx.operation in ALWAYS_THE_ROOTS and ctx.principal.kind == "root"
    own = locked_out and ctx.principal.account == found[0].account
    return ResourcePolicy(found[0].account, "" if own else found[1].attributes.get("Policy", ""))


@sqs.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    try:
        there, queue = find_queue(ctx, params["QueueUrl"])
    except (AwsError, KeyError):
        return False
    return there is ctx and "Policy" not in queue.attributes
