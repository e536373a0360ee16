"""In which accounts a multi-account experiment has targets, and by which roles: of templates, and of experiments as
the template had them when they began."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.fis import errors, pages, rules, tokens
from hodei.services.fis.find import configuration, experiment, template
from hodei.services.fis.service import fis
from hodei.services.fis.state import AccountConfiguration, configurations

ACCOUNT = re.compile(r"\d{12}")


@fis.operation("CreateTargetAccountConfiguration")
def create_target_account_configuration(
    ctx: Context,
    *,
    experimentTemplateId: str,
    accountId: str,
    roleArn: str,
    clientToken: str | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    owner = template(ctx, experimentTemplateId)
    given: dict[str, Any] = {"owner": owner.id, "account": accountId, "role": roleArn, "description": description}
    digest = tokens.digest_of(given)
    if before := tokens.made(ctx, configurations, clientToken, digest):
        return {"targetAccountConfiguration": _view(before)}
    if owner.accounts != "multi-account":
        raise errors.ValidationException(
            reason="Target account configurations need an experiment template whose accountTargeting is multi-account."
        )
    _check(accountId, roleArn)
    if configurations.get(ctx, owner.id, accountId):
        raise errors.ConflictException(reason=f"A target account configuration for {accountId} exists already.")
    rules.within(ctx, "target-accounts", configurations.count(ctx, owner.id) + 1)
    made = AccountConfiguration(**given, token=clientToken, digest=digest)
    configurations.put(ctx, made, old=None)
    return {"targetAccountConfiguration": _view(made)}


@fis.operation("UpdateTargetAccountConfiguration")
def update_target_account_configuration(
    ctx: Context,
    *,
    experimentTemplateId: str,
    accountId: str,
    roleArn: str | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    before = configuration(ctx, template(ctx, experimentTemplateId).id, accountId)
    after = replace(
        before,
        role=before.role if roleArn is None else roleArn,
        description=before.description if description is None else description,
    )
    _check(accountId, after.role)
    configurations.put(ctx, after, old=before)
    return {"targetAccountConfiguration": _view(after)}


@fis.operation("GetTargetAccountConfiguration")
def get_target_account_configuration(ctx: Context, *, experimentTemplateId: str, accountId: str) -> dict[str, Any]:
    found = configuration(ctx, template(ctx, experimentTemplateId).id, accountId)
    return {"targetAccountConfiguration": _view(found)}


@fis.operation("DeleteTargetAccountConfiguration")
def delete_target_account_configuration(ctx: Context, *, experimentTemplateId: str, accountId: str) -> dict[str, Any]:
    found = configuration(ctx, template(ctx, experimentTemplateId).id, accountId)
    configurations.delete(ctx, found.owner, accountId)
    return {"targetAccountConfiguration": _view(found)}


@fis.operation("ListTargetAccountConfigurations")
def list_target_account_configurations(
    ctx: Context, *, experimentTemplateId: str, maxResults: int = pages.MOST, nextToken: str | None = None
) -> dict[str, Any]:
    return _listed(ctx, template(ctx, experimentTemplateId).id, maxResults, nextToken)


@fis.operation("GetExperimentTargetAccountConfiguration")
def get_experiment_target_account_configuration(ctx: Context, *, experimentId: str, accountId: str) -> dict[str, Any]:
    return {"targetAccountConfiguration": _view(configuration(ctx, experiment(ctx, experimentId).id, accountId))}


@fis.operation("ListExperimentTargetAccountConfigurations")
def list_experiment_target_account_configurations(
    ctx: Context, *, experimentId: str, nextToken: str | None = None
) -> dict[str, Any]:
    return _listed(ctx, experiment(ctx, experimentId).id, pages.MOST, nextToken)


def _check(account: str, role: str) -> None:
    if not ACCOUNT.fullmatch(account):
        raise errors.ValidationException(reason=f"{account} is not the ID of an account.")
    rules.check_role(role)
    if Arn.parse(role).account != account:
        raise errors.ValidationException(reason=f"The role of a target account must be in it: {role}")


def _listed(ctx: Context, owner: str, most: int, token: str | None) -> dict[str, Any]:
    last = pages.after(ctx, token)
    found = configurations.scan(ctx, owner, after=last)
    page, more = pages.cut(ctx, found, most, lambda one: (one.account,))
    return {"targetAccountConfigurations": [_view(one) for one in page], **more}


def _view(one: AccountConfiguration) -> dict[str, str]:
    described = {} if one.description is None else {"description": one.description}
    return {"roleArn": one.role, "accountId": one.account, **described}
