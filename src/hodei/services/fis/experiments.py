"""Experiments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.services.fis import errors, find, levers, pages, roles, rules, running, tagging, tokens
from hodei.services.fis.find import experiment_arn
from hodei.services.fis.service import fis
from hodei.services.fis.state import Action, Experiment, Template, configurations, experiments

NONE: Mapping[str, Any] = {}
PREFIX = "EXP"
BY_USER = "Experiment halted by user action."
BY_LEVER = "Experiment cancelled because the safety lever is engaged."


@fis.operation("StartExperiment")
def start_experiment(
    ctx: Context,
    *,
    clientToken: str,
    experimentTemplateId: str,
    experimentOptions: Mapping[str, str] = NONE,
    tags: Mapping[str, str] = NONE,
) -> dict[str, Any]:
    """With the safety lever engaged it is cancelled before it has begun."""
    template = find.template(ctx, experimentTemplateId)
    mode = experimentOptions.get("actionsMode", "run-all")
    digest = tokens.digest_of({"template": template.id, "mode": mode, "tags": dict(tags)})
    if before := tokens.made(ctx, experiments, clientToken, digest):
        return {"experiment": view(ctx, before)}
    if template.accounts == "multi-account" and not configurations.count(ctx, template.id):
        raise errors.ValidationException(
            reason="A multi-account experiment needs at least one target account configuration."
        )
    rules.within(ctx, "active-experiments", experiments.count(ctx, index="active") + 1)
    iam.link_role(ctx, roles.SERVICE)
    made = _made(ctx, template, mode, clientToken, digest)
    tagging.add(ctx, experiment_arn(ctx, made.id), tags)
    for one in configurations.scan(ctx, template.id):
        configurations.put(ctx, replace(one, owner=made.id, token=None), old=None)
    if levers.engaged(ctx):
        made = _cancelled(ctx, made)
    else:
        ctx.timers.set(ctx, running.TIMER, ctx.now, made.id)
    experiments.put(ctx, made, old=None)
    return {"experiment": view(ctx, made)}


@fis.operation("StopExperiment")
def stop_experiment(ctx: Context, *, id: str) -> dict[str, Any]:
    """One that is stopping already goes on doing so."""
    found = find.experiment(ctx, id)
    if found.over:
        raise errors.ValidationException(reason=f"Experiment {id} is not running: it is {found.status}.")
    if found.status != "stopping":
        found = running.stop(ctx, found, BY_USER)
    return {"experiment": view(ctx, found)}


@fis.operation("GetExperiment")
def get_experiment(ctx: Context, *, id: str) -> dict[str, Any]:
    return {"experiment": view(ctx, find.experiment(ctx, id))}


@fis.operation("ListExperiments")
def list_experiments(
    ctx: Context,
    *,
    maxResults: int = pages.MOST,
    nextToken: str | None = None,
    experimentTemplateId: str | None = None,
) -> dict[str, Any]:
    last = pages.after(ctx, nextToken)
    found: Iterable[Experiment]
    if experimentTemplateId is None:
        found = experiments.scan(ctx, after=last)
    else:
        found = experiments.by("template", ctx, experimentTemplateId, after=last)
    page, more = pages.cut(ctx, found, maxResults, lambda one: (one.id,))
    return {"experiments": [_summary(ctx, one) for one in page], **more}


@fis.operation("ListExperimentResolvedTargets")
def list_experiment_resolved_targets(
    ctx: Context,
    *,
    experimentId: str,
    maxResults: int = pages.MOST,
    nextToken: str | None = None,
    targetName: str | None = None,
) -> dict[str, Any]:
    experiment = find.experiment(ctx, experimentId)
    if targetName is not None and targetName not in experiment.targets:
        raise errors.ResourceNotFoundException(kind="Target", id=targetName)
    start = (pages.after(ctx, nextToken) or (0,))[0]
    every = [
        (number, name, one)
        for number, (name, one) in enumerate(
            ((name, one) for name, found in sorted(experiment.resolved.items()) for one in found), start=1
        )
        if targetName in (None, name) and number > start
    ]
    page, more = pages.cut(ctx, every, maxResults, lambda one: (one[0],))
    listed = [
        {
            "resourceType": experiment.targets[name]["resourceType"],
            "targetName": name,
            "targetInformation": {"arn": one.arn},
        }
        for _, name, one in page
    ]
    return {"resolvedTargets": listed, **more}


def _made(ctx: Context, template: Template, mode: str, token: str, digest: bytes) -> Experiment:
    return Experiment(
        id=find.new_id(ctx, PREFIX),
        template=template.id,
        role=template.role,
        actions={name: Action(given=action) for name, action in template.actions.items()},
        targets=template.targets,
        stop_conditions=template.stop_conditions,
        accounts=template.accounts,
        empty_targets=template.empty_targets,
        mode=mode,
        log=template.log,
        created=ctx.now,
        started=ctx.now,
        active=ctx.now,
        token=token,
        digest=digest,
    )


def _cancelled(ctx: Context, made: Experiment) -> Experiment:
    actions = {
        name: replace(action, status="cancelled", reason="Action was cancelled.")
        for name, action in made.actions.items()
    }
    return replace(running.ended(ctx, made, "cancelled", BY_LEVER), actions=actions)


def view(ctx: Context, one: Experiment) -> dict[str, Any]:
    more: dict[str, Any] = {"endTime": one.ended} if one.ended else {}
    if one.log:
        more["logConfiguration"] = one.log
    return _summary(ctx, one) | {
        "roleArn": one.role,
        "targets": one.targets,
        "actions": {name: _action(action) for name, action in one.actions.items()},
        "stopConditions": one.stop_conditions,
        "startTime": one.started,
        "targetAccountConfigurationsCount": configurations.count(ctx, one.id),
        **more,
    }


def _summary(ctx: Context, one: Experiment) -> dict[str, Any]:
    arn = experiment_arn(ctx, one.id)
    error = {"error": one.error} if one.error else {}
    return {
        "id": one.id,
        "arn": arn,
        "experimentTemplateId": one.template,
        "state": {"status": one.status, "reason": one.reason, **error},
        "creationTime": one.created,
        "tags": dict(ctx.tags.get(ctx, arn)),
        "experimentOptions": {
            "accountTargeting": one.accounts,
            "emptyTargetResolutionMode": one.empty_targets,
            "actionsMode": one.mode,
        },
    }


def _action(action: Action) -> dict[str, Any]:
    times = {"startTime": action.started} if action.started else {}
    if action.ended:
        times["endTime"] = action.ended
    return {**action.given, "state": {"status": action.status, "reason": action.reason}, **times}
