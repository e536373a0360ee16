"""The service-linked roles by which resources are scaled and alarms kept, one for each service that has some.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
"""

from __future__ import annotations

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context, service_principal
from hodei.services.iam.api import link_role
from hodei.services.sts.api import become

NAMES = {"dynamodb": "DynamoDBTable", "lambda": "LambdaConcurrency"}


def principal_of(namespace: str) -> str:
    return f"{namespace}.application-autoscaling.amazonaws.com"


def arn(ctx: Context, namespace: str) -> str:
    name = f"AWSServiceRoleForApplicationAutoScaling_{NAMES[namespace]}"
    partition = partition_of(ctx.region)
    return f"arn:{partition}:iam::{ctx.account}:role/aws-service-role/{principal_of(namespace)}/{name}"


def make(ctx: Context, namespace: str) -> None:
    """See that the account has the role."""
    link_role(ctx, principal_of(namespace))


def scaling(ctx: Context, namespace: str) -> Context:
    """This place as the role sees it, to scale. Raises: AccessDenied."""
    return _as_role(ctx, namespace, "AutoScaling-UpdateDesiredCapacity")


def watching(ctx: Context, namespace: str) -> Context:
    """This place as the role sees it, for alarms. Raises: AccessDenied."""
    return _as_role(ctx, namespace, "AutoScaling-ManageAlarms")


def _as_role(ctx: Context, namespace: str, session: str) -> Context:
    service = service_principal(principal_of(namespace), ctx.account)
    return ctx.by(become(ctx, arn(ctx, namespace), session, service))
