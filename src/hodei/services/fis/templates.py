"""Experiment templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.fis import errors, logs, pages, rules, tagging, tokens
from hodei.services.fis.find import new_id, template, template_arn
from hodei.services.fis.service import fis
from hodei.services.fis.state import Template, Wire, configurations, templates

NONE: Mapping[str, Any] = {}
PREFIX = "EXT"


@fis.operation("CreateExperimentTemplate")
def create_experiment_template(
    ctx: Context,
    *,
    clientToken: str,
    description: str,
    stopConditions: Sequence[Wire],
    actions: Mapping[str, Wire],
    roleArn: str,
    targets: Mapping[str, Wire] = NONE,
    tags: Mapping[str, str] = NONE,
    logConfiguration: Mapping[str, Any] | None = None,
    experimentOptions: Mapping[str, str] = NONE,
    experimentReportConfiguration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    rules.refuse_reports(experimentReportConfiguration)
    given: dict[str, Any] = {
        "description": description,
        "role": roleArn,
        "actions": dict(actions),
        "targets": dict(targets),
        "stop_conditions": list(stopConditions),
        "accounts": experimentOptions.get("accountTargeting", "single-account"),
        "empty_targets": experimentOptions.get("emptyTargetResolutionMode", "fail"),
        "log": logs.checked(logConfiguration),
    }
    digest = tokens.digest_of({**given, "tags": dict(tags)})
    if before := tokens.made(ctx, templates, clientToken, digest):
        return {"experimentTemplate": view(ctx, before)}
    id = new_id(ctx, PREFIX)
    made = Template(id=id, created=ctx.now, updated=ctx.now, token=clientToken, digest=digest, **given)
    rules.check(ctx, made)
    rules.within(ctx, "templates", templates.count(ctx) + 1)
    tagging.add(ctx, template_arn(ctx, id), tags)
    templates.put(ctx, made, old=None)
    return {"experimentTemplate": view(ctx, made)}


@fis.operation("UpdateExperimentTemplate")
def update_experiment_template(
    ctx: Context,
    *,
    id: str,
    description: str | None = None,
    stopConditions: Sequence[Wire] | None = None,
    targets: Mapping[str, Wire] | None = None,
    actions: Mapping[str, Wire] | None = None,
    roleArn: str | None = None,
    logConfiguration: Mapping[str, Any] | None = None,
    experimentOptions: Mapping[str, str] = NONE,
    experimentReportConfiguration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What is given takes the place of what was there, as a whole."""
    before = template(ctx, id)
    rules.refuse_reports(experimentReportConfiguration)
    given = {
        "description": description,
        "role": roleArn,
        "stop_conditions": None if stopConditions is None else list(stopConditions),
        "targets": None if targets is None else dict(targets),
        "actions": None if actions is None else dict(actions),
        "empty_targets": experimentOptions.get("emptyTargetResolutionMode"),
    }
    for name, action in (actions or NONE).items():
        if "actionId" not in action:
            raise errors.ValidationException(reason=f'Action "{name}" must have an actionId.')
    changes = {name: value for name, value in given.items() if value is not None}
    log = before.log if logConfiguration is None else logs.checked(logConfiguration)
    changed = replace(before, updated=ctx.now, log=log, **changes)
    rules.check(ctx, changed)
    templates.put(ctx, changed, old=before)
    return {"experimentTemplate": view(ctx, changed)}


@fis.operation("GetExperimentTemplate")
def get_experiment_template(ctx: Context, *, id: str) -> dict[str, Any]:
    return {"experimentTemplate": view(ctx, template(ctx, id))}


@fis.operation("DeleteExperimentTemplate")
def delete_experiment_template(ctx: Context, *, id: str) -> dict[str, Any]:
    """Experiments that run go on: they have all of it."""
    answer = {"experimentTemplate": view(ctx, template(ctx, id))}
    templates.delete(ctx, id)
    configurations.delete_all(ctx, id)
    ctx.tags.set(ctx, template_arn(ctx, id), {})
    return answer


@fis.operation("ListExperimentTemplates")
def list_experiment_templates(
    ctx: Context, *, maxResults: int = pages.MOST, nextToken: str | None = None
) -> dict[str, Any]:
    found = templates.scan(ctx, after=pages.after(ctx, nextToken))
    page, more = pages.cut(ctx, found, maxResults, lambda one: (one.id,))
    return {"experimentTemplates": [_summary(ctx, one) for one in page], **more}


def view(ctx: Context, one: Template) -> dict[str, Any]:
    log = {"logConfiguration": one.log} if one.log else {}
    return _summary(ctx, one) | {
        **log,
        "targets": one.targets,
        "actions": one.actions,
        "stopConditions": one.stop_conditions,
        "roleArn": one.role,
        "experimentOptions": {"accountTargeting": one.accounts, "emptyTargetResolutionMode": one.empty_targets},
        "targetAccountConfigurationsCount": configurations.count(ctx, one.id),
    }


def _summary(ctx: Context, one: Template) -> dict[str, Any]:
    arn = template_arn(ctx, one.id)
    return {
        "id": one.id,
        "arn": arn,
        "description": one.description,
        "creationTime": one.created,
        "lastUpdateTime": one.updated,
        "tags": dict(ctx.tags.get(ctx, arn)),
    }
