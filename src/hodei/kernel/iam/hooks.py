"""What services tell the kernel of permissions: IAM whom policies are attached to, others what their resources say, and
the one that has VPCs which endpoint of theirs a request came through (`World.vpc_endpoint`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from hodei.kernel.iam.evaluate import Named

if TYPE_CHECKING:
    from hodei.kernel.context import Context

NO_TAGS: Mapping[str, str] = {}


class Identity(NamedTuple):
    """What IAM has of a principal. `boundary` is empty where there is none."""

    policies: Sequence[Named] = ()
    boundary: Sequence[Named] = ()
    tags: Mapping[str, str] = NO_TAGS


class ResourcePolicy(NamedTuple):
    """Who owns a resource, and the policy document that is attached to it ("": none).

    `grants` is what lets callers in besides that, as a document: S3 reads its ACLs so. With `must_allow` nothing is
    allowed that the policy does not grant, if only to the account: roles trust so. What AWS has `managed` no resource
    control policy binds: some KMS keys.
    """

    account: str
    document: str = ""
    grants: str = ""
    must_allow: bool = False
    managed: bool = False


class Endpoint(NamedTuple):
    """A VPC endpoint, with the policy document that is attached to it, and the address in the VPC that a request is
    from."""

    id: str  # "vpce-..."
    account: str
    vpc: str  # ARN
    document: str
    address: str


def endpoint_of(ctx: Context) -> Endpoint | None:
    """The one that the request came through: not what a service asks of another for its caller."""
    if ctx.world.vpc_endpoint is None or ctx.request is None or ctx.via:
        return None
    return ctx.world.vpc_endpoint(ctx.request)


class Entities(NamedTuple):
    """How IAM knows the users and roles of an account: `id(ctx, arn)` is the unique id, `arn(ctx, id)`; "": none."""

    id: Callable[[Any, str], str]
    arn: Callable[[Any, str], str]
