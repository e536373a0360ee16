"""Whether a replica replicates: the policies of its table and stream may deny it to the role that does.

The role's own permissions are AWS's to keep; only what denies them counts. Nothing is lost meanwhile.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
"""

from __future__ import annotations

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context, Principal
from hodei.kernel.iam import AccessRequest, MalformedPolicy, Named, Policies, evaluate, parse
from hodei.kernel.iam.authorise import asking
from hodei.kernel.iam.facts import Facts
from hodei.kernel.iam.keys import Session
from hodei.services.dynamodb.state import Table, policies
from hodei.services.dynamodb.tables.describe import stream_arn, table_arn

# Of AWSServiceRoleForDynamoDBReplicationPolicy, those that carry items and settings.
OF_TABLE = (
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "DescribeTable", "UpdateTable", "Scan", "DescribeTimeToLive",
    "UpdateTimeToLive",
)  # fmt: skip
OF_STREAM = ("GetRecords", "DescribeStream", "GetShardIterator")
ROLE, SESSION = "AWSServiceRoleForDynamoDBReplication", "DynamoDBReplication"


def stopped(ctx: Context, table: Table) -> bool:
    """Whether a replica takes part in replication neither way."""
    if table.guarded and _denied(ctx, table_arn(ctx, table), OF_TABLE):
        return True
    return bool(table.stream_label) and _denied(ctx, stream_arn(ctx, table), OF_STREAM)


def _denied(ctx: Context, arn: str, actions: tuple[str, ...]) -> bool:
    """Whether the policy of a resource explicitly denies any of the actions."""
    if (found := policies.get(ctx, arn)) is None:
        return False
    try:
        policy = (Named(parse(found.document, "resource"), arn),)
    except MalformedPolicy:
        return False
    caller = _role(ctx)
    facts = Facts(ctx.by(caller), {}, arn, ctx.account, {})
    requests = (AccessRequest(f"dynamodb:{action}", arn, facts, asking(caller), ctx.account) for action in actions)
    return any(evaluate(request, Policies(resource=policy)).kind == "explicit-deny" for request in requests)


def _role(ctx: Context) -> Principal:
    partition, account = partition_of(ctx.region), ctx.account
    role = f"arn:{partition}:iam::{account}:role/aws-service-role/replication.dynamodb.amazonaws.com/{ROLE}"
    return Principal(
        account=account,
        arn=f"arn:{partition}:sts::{account}:assumed-role/{ROLE}/{SESSION}",
        access_key="ASIA",  # without one it would be nobody
        kind="role-session",
        session=Session(name=SESSION, issuer=role),
    )
