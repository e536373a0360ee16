"""Rotation: a function makes a new version, sets it where the secret is used, tests it, and lets it become the current
one.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context, service_principal
from hodei.kernel.deliver import Retry, insist
from hodei.kernel.errors import AwsError
from hodei.services.secretsmanager import errors, rules, schedules
from hodei.services.secretsmanager.find import Found, find_primary, look
from hodei.services.secretsmanager.replicas import save
from hodei.services.secretsmanager.service import secretsmanager
from hodei.services.secretsmanager.state import CURRENT, NONE, PENDING, Rotation

log = logging.getLogger("hodei.secretsmanager")

PRINCIPAL = "secretsmanager.amazonaws.com"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
TIMER, RUN = "rotate", "run_rotation"
PATIENT = Retry(max_age=900.0)  # with a function that cannot be invoked
PATIENCE = 1800.0  # seconds until a run that nothing was heard of, as the process was killed, is made again


@secretsmanager.operation("RotateSecret")
async def rotate_secret(
    ctx: Context,
    *,
    SecretId: str,
    ClientRequestToken: str | None = None,
    RotationLambdaARN: str | None = None,
    RotationRules: Mapping[str, Any] = NONE,
    RotateImmediately: bool = True,
) -> dict[str, Any]:
    """Without rotating at once, AWS tests the function; here that waits for the first rotation."""
    token = rules.check_token(ClientRequestToken, errors.InvalidParameterException)
    found = find_primary(ctx, SecretId)
    before = found.secret.rotation
    function = RotationLambdaARN or (before.function if before else "")
    if not function:
        raise errors.InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    kept = RotationRules or (before.rules if before else NONE)
    rotation = Rotation(
        function=function,
        rules=kept,
        next=schedules.next_rotation(kept, ctx.now),
        rotated=before.rotated if before else 0.0,
    )
    if not RotateImmediately:
        _plan(save(Found(found.ctx, replace(found.secret, rotation=rotation))))
        return dict(found.head)
    await _check_function(found, function)
    found = find_primary(ctx, SecretId)
    if _unfinished(found) not in ("", token):
        raise errors.InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    _begin(Found(found.ctx, replace(found.secret, rotation=rotation)), token)
    return {**found.head, "VersionId": token}


@secretsmanager.operation("CancelRotateSecret")
def cancel_rotate_secret(ctx: Context, *, SecretId: str) -> dict[str, Any]:
    found = find_primary(ctx, SecretId)
    if rotation := found.secret.rotation:
        save(Found(found.ctx, replace(found.secret, rotation=replace(rotation, enabled=False))))
        ctx.timers.cancel(found.ctx, TIMER, found.secret.name)
    return dict(found.head)


async def _check_function(found: Found, function: str) -> None:
    try:
        await _caller(found).call("lambda", "Invoke", FunctionName=function, InvocationType="DryRun")
    except (AwsError, ValueError) as error:
        if isinstance(error, AwsError) and error.is_transient:
            raise
        raise errors.AccessDeniedException(
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            f"access to the principal {PRINCIPAL}."
        ) from None


def _caller(found: Found) -> Context:
    return found.ctx.by(service_principal(PRINCIPAL, found.ctx.account, found.arn))


def _unfinished(found: Found) -> str:
    """The version of a rotation that has begun and not ended; "": there is none."""
    pending = found.secret.labels.get(PENDING, "")
    return "" if pending == found.secret.labels.get(CURRENT) else pending


def _begin(found: Found, version: str) -> None:
    labels = {**found.secret.labels, PENDING: version}
    found = save(Found(found.ctx, replace(found.secret, labels=labels)))
    _plan(found)
    run(found.ctx, found.secret.name)


def _plan(found: Found) -> None:
    rotation = found.secret.rotation
    if rotation and rotation.enabled and rotation.next:
        found.ctx.timers.set(found.ctx, TIMER, rotation.next, found.secret.name)


@secretsmanager.timer(TIMER)
def rotate(ctx: Context, name: str) -> None:
    """By schedule; a rotation that did not end is taken up again."""
    found = look(ctx, name)
    rotation = found.secret.rotation if found else None
    if found is None or rotation is None or not rotation.enabled or found.secret.deletion:
        return
    rotation = replace(rotation, next=schedules.next_rotation(rotation.rules, ctx.now))
    _begin(Found(ctx, replace(found.secret, rotation=rotation)), _unfinished(found) or ctx.ids.uuid())


@secretsmanager.timer(RUN)
def run(ctx: Context, name: str) -> None:
    ctx.timers.set(ctx, RUN, ctx.now + PATIENCE, name)
    ctx.timers.spawn(_run(ctx, name))


async def _run(ctx: Context, name: str) -> None:
    """The steps, one after the other. What fails stays pending until the next time."""
    found = look(ctx, name)
    if found is None or found.secret.rotation is None or not (version := _unfinished(found)):
        ctx.timers.cancel(ctx, RUN, name)
        return
    for step in STEPS:
        event = json.dumps({"Step": step, "SecretId": found.arn, "ClientRequestToken": version}).encode()
        named = {"FunctionName": found.secret.rotation.function, "Payload": event}
        try:
            answer = await insist(_caller(found), "lambda", "Invoke", PATIENT, **named)
        except (AwsError, ValueError) as error:
            answer = {"FunctionError": str(error)}
        if "FunctionError" in answer:
            log.warning("the rotation of %s failed in %s", found.arn, step)
            ctx.timers.cancel(ctx, RUN, name)
            return
    ctx.timers.cancel(ctx, RUN, name)
    _rotated(ctx, name, version)


def _rotated(ctx: Context, name: str, version: str) -> None:
    found = look(ctx, name)
    if found is None or found.secret.rotation is None:
        return
    labels = dict(found.secret.labels)
    if labels.get(PENDING) == version:
        del labels[PENDING]
    rotation = replace(found.secret.rotation, rotated=ctx.now)
    save(Found(ctx, replace(found.secret, labels=labels, rotation=rotation)))
