"""What IAM's own operations are about: the ARNs that a request means, which need the paths that it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from hodei.kernel.context import Context
from hodei.services.iam.credentials.state import access_keys, mfa_devices, server_certificates
from hodei.services.iam.entities.service_linked_roles import PATH, services
from hodei.services.iam.federation.state import oidc_providers, saml_providers
from hodei.services.iam.policies import lookup
from hodei.services.iam.service import iam
from hodei.services.iam.state import Entity, Policy, arn_of, groups, profiles, roles, users

Params = Mapping[str, Any]


@iam.finds("user")
def find_user(ctx: Context, params: Params) -> Iterator[str]:
    """Operations on credentials mean the caller if they name no user."""
    yield from _by_arn(params, ":user/")
    if "AccessKeyId" in params and "UserName" not in params:
        yield from _owner_of_key(ctx, params["AccessKeyId"])
    elif name := params.get("UserName"):
        known = next(users.by("names", ctx, name.lower()), None)
        yield known.arn(ctx) if known else arn_of(ctx, f"user{params.get('Path', '/')}{name}")
    elif "Arn" not in params and "PolicySourceArn" not in params:
        yield ctx.principal.arn


@iam.finds("group")
def find_group(ctx: Context, params: Params) -> Iterator[str]:
    yield from _by_arn(params, ":group/")
    if name := params.get("GroupName"):
        known = next(groups.by("names", ctx, name.lower()), None)
        yield known.arn(ctx) if known else arn_of(ctx, f"group{params.get('Path', '/')}{name}")


@iam.finds("role")
def find_role(ctx: Context, params: Params) -> Iterator[str]:
    yield from _by_arn(params, ":role/")
    if name := params.get("RoleName"):
        known = next(roles.by("names", ctx, name.lower()), None)
        yield known.arn(ctx) if known else arn_of(ctx, f"role{params.get('Path', '/')}{name}")
    elif service := params.get("AWSServiceName"):
        linked = services().get(service)
        yield arn_of(ctx, f"role{PATH}{service}/{linked.role if linked else '*'}")
    elif task := params.get("DeletionTaskId"):
        yield arn_of(ctx, f"role/{task.removeprefix('task/').rpartition('/')[0]}")


@iam.finds("policy")
def find_policy(ctx: Context, params: Params) -> Iterator[str]:
    yield from _by_arn(params, ":policy/")
    if arn := params.get("PolicyArn"):
        yield arn
    elif "PolicyDocument" in params and "PolicyName" in params:
        yield arn_of(ctx, f"policy{params.get('Path', '/')}{params['PolicyName']}")


@iam.finds("instance-profile")
def find_instance_profile(ctx: Context, params: Params) -> Iterator[str]:
    name = params["InstanceProfileName"]
    known = next(profiles.by("names", ctx, name.lower()), None)
    yield known.arn(ctx) if known else arn_of(ctx, f"instance-profile{params.get('Path', '/')}{name}")


@iam.finds("server-certificate")
def find_server_certificate(ctx: Context, params: Params) -> Iterator[str]:
    name = params["ServerCertificateName"]
    known = server_certificates.get(ctx, name.lower())
    yield known.arn(ctx) if known else arn_of(ctx, f"server-certificate{params.get('Path', '/')}{name}")


@iam.finds("mfa")
def find_mfa(ctx: Context, params: Params) -> Iterator[str]:
    if serial := params.get("SerialNumber"):
        yield serial
    else:
        yield arn_of(ctx, f"mfa{params.get('Path', '/')}{params['VirtualMFADeviceName']}")


def _by_arn(params: Params, part: str) -> Iterator[str]:
    for member in ("Arn", "PolicySourceArn"):
        if part in params.get(member, ""):
            yield params[member]


def _owner_of_key(ctx: Context, id: str) -> Iterator[str]:
    """GetAccessKeyLastUsed names the key alone; the others then mean one of the caller's."""
    if ctx.operation != "GetAccessKeyLastUsed":
        yield ctx.principal.arn
        return
    for user in users.scan(ctx):
        if access_keys.get(ctx, user.id, id):
            yield user.arn(ctx)


class Tagged(Protocol):
    @property
    def tags(self) -> dict[str, str]: ...


def tags_of(ctx: Context, arn: str) -> Mapping[str, str]:
    """The tags of anything that IAM has, for conditions on aws:ResourceTag."""
    found = _tagged(ctx, arn)
    return found.tags if found else {}


def _tagged(ctx: Context, arn: str) -> Tagged | None:
    kind, _, path = arn.split(":", 5)[5].partition("/")
    key = path.rpartition("/")[2].lower()
    match kind:
        case "user":
            return next(users.by("names", ctx, key), None)
        case "role":
            return next(roles.by("names", ctx, key), None)
        case "instance-profile":
            return next(profiles.by("names", ctx, key), None)
        case "policy":
            policy = lookup.any_policy(ctx, arn) if lookup.ARN.fullmatch(arn) else None
            return policy if isinstance(policy, Policy) else None
        case "server-certificate":
            return server_certificates.get(ctx, key)
        case "mfa":
            return mfa_devices.get(ctx, arn)
        case "oidc-provider":
            return oidc_providers.get(ctx, arn)
        case "saml-provider":
            return saml_providers.get(ctx, arn)
    return None


iam.resource_tags = tags_of


@iam.condition_key("iam:PermissionsBoundary")
def permissions_boundary(ctx: Context, params: Params) -> str | None:
    """The one that a request brings, or that the user or role has."""
    if given := params.get("PermissionsBoundary"):
        return str(given)
    found: Entity | None = None
    if name := params.get("UserName"):
        found = next(users.by("names", ctx, name.lower()), None)
    elif name := params.get("RoleName"):
        found = next(roles.by("names", ctx, name.lower()), None)
    return (found.boundary or None) if found else None
