"""AssumeRoot: the root of a member account, for one task, by the organization's management account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import hodei.services.iam.api as iam
from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.keys import Session, keys
from hodei.kernel.iam.needs import Need
from hodei.services.sts import errors, places, sessions
from hodei.services.sts.service import sts

LONGEST = 900
ROOT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?", re.ASCII)
CREDENTIALS: iam.RootFeature = "RootCredentialsManagement"
SESSIONS: iam.RootFeature = "RootSessions"
TASKS = {  # and the feature of the organization that each needs
    "IAMAuditRootUserCredentials": CREDENTIALS,
    "IAMCreateRootUserPassword": CREDENTIALS,
    "IAMDeleteRootUserCredentials": CREDENTIALS,
    "S3UnlockBucketPolicy": SESSIONS,
    "SQSUnlockQueuePolicy": SESSIONS,
}


@sts.operation("AssumeRoot")
def assume_root(
    ctx: Context, *, TargetPrincipal: str, TaskPolicyArn: dict[str, str], DurationSeconds: int = LONGEST
) -> dict[str, Any]:
    task = TaskPolicyArn.get("arn", "")
    account = _account(TargetPrincipal)
    root = f"arn:{partition_of(ctx.region)}:iam::{account}:root"
    _check(ctx, account, root, task, _feature(task))
    document = iam.policy_document(places.iam(ctx, account), task)
    assert document, "a policy of AWS's"
    caller = ctx.principal.session
    session = Session(
        name="",
        issuer=root,
        issuer_id=account,
        policies=(document,),
        source_identity=caller.source_identity if caller else "",
        started=ctx.now,
        task=task,
    )
    credentials = sessions.issue(
        ctx, account=account, kind="root", arn=root, id=account, seconds=DurationSeconds, session=session
    )
    told = {"SourceIdentity": session.source_identity} if session.source_identity else {}
    return {"Credentials": credentials, **told}


def _account(target: str) -> str:
    """Raises: ValidationError."""
    if (match := ROOT.fullmatch(target)) is None:
        raise errors.ValidationError(f"{target} is invalid")
    return match[1]


def _feature(task: str) -> iam.RootFeature:
    """What has to be enabled for a task. Raises: ValidationError for what is no policy of one."""
    prefix, _, name = task.rpartition("/")
    if not prefix.endswith(":iam::aws:policy/root-task") or name not in TASKS:
        raise errors.ValidationError(f"Task policy {task} is not supported.")
    return TASKS[name]


def _check(ctx: Context, account: str, root: str, task: str, feature: iam.RootFeature) -> None:
    """Raises: AccessDenied for the root of an account, for who may not by its own policies, and where the organization
    does not let the caller's account at that of the root."""
    if ctx.principal.kind == "root" and keys.get(ctx, ctx.principal.access_key):
        raise errors.AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: sts:AssumeRoot on resource: {root}"
        )
    grants = ""
    if iam.manages_root(places.iam(ctx, ctx.account), account, feature):
        statement = {"Effect": "Allow", "Principal": {"AWS": ctx.account}, "Action": "sts:AssumeRoot", "Resource": root}
        grants = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    owned = ResourcePolicy(account, grants=grants, must_allow=True)
    check(ctx, [Need("sts:AssumeRoot", root, {"TaskPolicyArn": {"arn": task}}, owned)], {})
