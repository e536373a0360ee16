"""Versions: what $LATEST was when it was published."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.lambda_ import errors, pages, rules
from hodei.services.lambda_.find import Found, function_of, missing, read
from hodei.services.lambda_.functions import lifecycle, views
from hodei.services.lambda_.packages import storage
from hodei.services.lambda_.service import lambda_
from hodei.services.lambda_.state import LATEST, Version, functions, versions


@lambda_.operation("PublishVersion")
def publish_version(
    ctx: Context,
    *,
    FunctionName: str,
    CodeSha256: str = "",
    Description: str = "",
    RevisionId: str = "",
    PublishTo: str = "",
) -> dict[str, Any]:
    rules.refuse(PublishTo=PublishTo)
    latest = latest_of(ctx, FunctionName)
    there, version = latest.ctx, latest.version
    check_revision(version, RevisionId)
    lifecycle.check_settled(there, version)
    if CodeSha256 and CodeSha256 != version.code.sha256:
        raise rules.invalid(
            f"CodeSHA256 ({CodeSha256}) is different from current CodeSHA256 in $LATEST ({version.code.sha256}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    published = publish(there, version, Description)
    return views.configuration(Found(there, published, published.version))


@lambda_.operation("ListVersionsByFunction")
def list_versions_by_function(
    ctx: Context, *, FunctionName: str, Marker: str = "", MaxItems: int = pages.MANY
) -> dict[str, Any]:
    name = read(ctx, FunctionName)
    function_of(name._replace(qualifier=""))
    found = versions.by("numbers", name.ctx, name.function, after=pages.after(ctx, Marker))
    page, rest = pages.cut(ctx, found, MaxItems, lambda version: (version.number,))
    return {"Versions": [views.listed(name.ctx, version, qualified=True) for version in page], **rest}


def latest_of(ctx: Context, given: str) -> Found:
    """What can be changed of a function. Raises: ResourceNotFoundException, InvalidParameterValueException."""
    name = read(ctx, given)
    if name.qualifier not in ("", LATEST):
        raise rules.invalid(
            "The function name cannot have a qualifier: only the unpublished version of a function can be changed."
        )
    if (version := versions.get(name.ctx, name.function, LATEST)) is None:
        raise missing(name)
    return Found(name.ctx, version, "")


def check_revision(version: Version, revision: str) -> None:
    """Raises: PreconditionFailedException."""
    if revision and revision != version.revision:
        raise errors.PreconditionFailedException(operation="GetFunction/GetAlias")


def publish(ctx: Context, latest: Version, description: str = "") -> Version:
    """The last version if nothing has changed since, else a new one."""
    function = function_of(read(ctx, latest.function))
    last = versions.get(ctx, latest.function, str(function.published))
    if last and function.content == _content(latest):
        return last
    number = function.published + 1
    version = replace(
        latest,
        version=str(number),
        number=number,
        code=storage.copied(ctx, latest.code),
        description=description or latest.description,
        revision=ctx.ids.uuid(),
    )
    version = lifecycle.created(ctx, version) if latest.state == lifecycle.PENDING else version
    versions.put(ctx, version, old=None)
    functions.put(ctx, replace(function, published=number, content=_content(latest)), old=function)
    return version


def _content(latest: Version) -> str:
    """What makes a version another one: its code and its configuration."""
    passing = {"revision": "", "modified": 0.0, "state": "", "state_reason": "", "state_code": "", "update": ""}
    kept = replace(latest, code=replace(latest.code, blob=""), **passing)
    return hashlib.sha256(msgspec.json.encode(kept)).hexdigest()
