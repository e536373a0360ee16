"""Rotation: the rules are kept and tell the next date; rotating itself waits for Lambda."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.services.secretsmanager import errors, rules, schedules
from hodei.services.secretsmanager.find import Found, find_primary
from hodei.services.secretsmanager.replicas import save
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import NONE, Rotation


@secretsmanager.operation("RotateSecret")
def rotate_secret(
    ctx: Context,
    *,
    SecretId: str,
    ClientRequestToken: str | None = None,
    RotationLambdaARN: str | None = None,
    RotationRules: Mapping[str, Any] = NONE,
    RotateImmediately: bool = True,
) -> dict[str, Any]:
    rules.check_token(ClientRequestToken, errors.InvalidParameterException)
    found = find_primary(ctx, SecretId)
    before = found.secret.rotation
    function = RotationLambdaARN or (before.function if before else "")
    if not function:
        raise errors.InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    kept = RotationRules or (before.rules if before else NONE)
    next_at = schedules.next_rotation(kept, ctx.now)
    if RotateImmediately:
        raise NotImplementedByHodei(
            "Rotating a secret needs Lambda, which is not implemented by Hodei. With RotateImmediately false the "
            "configuration is kept."
        )
    rotation = Rotation(function=function, rules=kept, next=next_at)
    save(Found(found.ctx, replace(found.secret, rotation=rotation)))
    return dict(found.head)


@secretsmanager.operation("CancelRotateSecret")
def cancel_rotate_secret(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    found = find_primary(ctx, SecretId)
    if rotation := found.secret.rotation:
        save(Found(found.ctx, replace(found.secret, rotation=replace(rotation, enabled=False))))
    return dict(found.head)
