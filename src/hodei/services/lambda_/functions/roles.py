"""Execution roles: that Lambda may become them, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hodei.kernel.arns import Arn, partition_of
from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check as authorised
from hodei.kernel.iam.needs import Need
from hodei.kernel.manifest import all_manifests
from hodei.services.lambda_ import errors, rules

SERVICE = "lambda.amazonaws.com"
SESSION_SECONDS = 12 * 3600  # of the credentials of an environment
NO_PARAMS: Mapping[str, Any] = {}


def check(ctx: Context, function: str, role: str) -> None:
    """Raises: InvalidParameterValueException for a role that Lambda cannot become, AccessDeniedException for one of
    another account."""
    if Arn.parse(role).account != ctx.account:
        raise errors.AccessDeniedException(reason="Cross-account pass role is not allowed.")
    if not ctx.setting("any-role") and session(ctx, function, role) is None:
        raise rules.invalid("The role defined for the function cannot be assumed by Lambda.")


def become(ctx: Context, function: str, role: str, arn: str) -> Principal:
    """Who a function acts as, in a session named after it; `arn` is that of the function, or of the version that runs.
    With the setting `any-role` the root of the account stands in for a role that Lambda cannot become.

    Raises: AccessDenied, if its role does not let Lambda become it.
    """
    import hodei.services.sts.api as sts  # loaded where a role is needed

    try:
        return sts.become(ctx, role, function, service_principal(SERVICE, ctx.account, arn))
    except AwsError:
        if not ctx.setting("any-role"):
            raise
    account = ctx.account
    return Principal(account, f"arn:{partition_of(ctx.region)}:iam::{account}:root", access_key=account, id=account)


def credentials(ctx: Context, function: str, role: str, arn: str) -> dict[str, str]:
    """What a function has of whom it acts as, as environment variables. Raises as `become`."""
    import hodei.services.sts.api as sts  # loaded where a role is needed

    try:
        given = sts.issue(ctx, role, function, service_principal(SERVICE, ctx.account, arn), SESSION_SECONDS)
    except AwsError:
        if not ctx.setting("any-role"):
            raise
        return {"AWS_ACCESS_KEY_ID": ctx.account, "AWS_SECRET_ACCESS_KEY": "any"}
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def session(ctx: Context, function: str, role: str) -> Principal | None:
    """As `become`; None if the role does not let Lambda."""
    try:
        return become(ctx, function, role, ctx.arn(f"function:{function}"))
    except AwsError:
        return None


def may(ctx: Context, function: str, role: str, action: str, resource: str) -> bool:
    """Whether a function's role may do something ("sqs:SendMessage") with a resource, as all policies have it. Of a
    service that is not there nobody can say."""
    place = Arn.parse(resource)
    if ctx.setting("any-role") or place.service not in all_manifests():
        return True
    if (principal := session(ctx, function, role)) is None:
        return False
    there = ctx.world.context(
        place.service, account=place.account or ctx.account, region=place.region or ctx.region, principal=principal
    )
    try:
        authorised(there, [Need(action, resource)], NO_PARAMS)
    except AwsError:
        return False
    return True
