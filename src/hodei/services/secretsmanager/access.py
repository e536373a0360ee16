"""Which secret a request is about, whose it is, and what its policy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.services.secretsmanager.find import ARN, look
from hodei.services.secretsmanager.service import secretsmanager


@secretsmanager.finds("Secret")
def secrets_named(ctx: Context, params: Mapping[str, Any]) -> Iterator[str]:
    given = params.get("SecretId", params.get("Name"))
    if given is None:
        return
    if found := look(ctx, given):
        yield found.arn
    elif ARN.fullmatch(given):
        yield given
    else:
        yield ctx.arn(f"secret:{given}")


@secretsmanager.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    found = look(ctx, arn)
    return ResourcePolicy(found.ctx.account, found.secret.policy) if found else None


@secretsmanager.without_policy
def unguarded(ctx: Context, params: Mapping[str, Any]) -> bool:
    found = look(ctx, params["SecretId"]) if "SecretId" in params else None
    return found is not None and found.ctx is ctx and not found.secret.policy


@secretsmanager.condition_key("secretsmanager:SecretPrimaryRegion")
def primary_region(ctx: Context, params: Mapping[str, Any]) -> str | None:
    found = look(ctx, params["SecretId"]) if "SecretId" in params else None
    return (found.secret.primary or ctx.region) if found else None


@secretsmanager.condition_key("secretsmanager:resource/AllowRotationLambdaArn")
def rotation_function(ctx: Context, params: Mapping[str, Any]) -> str | None:
    found = look(ctx, params["SecretId"]) if "SecretId" in params else None
    return found.secret.rotation.function if found and found.secret.rotation else None
