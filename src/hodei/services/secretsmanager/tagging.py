"""Tags of secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.secretsmanager import rules
from hodei.services.secretsmanager.find import Found, find_primary
from hodei.services.secretsmanager.replicas import save
from hodei.services.secretsmanager.service import secretsmanager


@secretsmanager.operation("TagResource")
def tag_resource(ctx: Context, *, SecretId: str, Tags: Sequence[Mapping[str, str]]) -> None:
    found = find_primary(ctx, SecretId)
    there, secret = found
    tags = {**there.tags.get(there, found.arn), **rules.tags_of(Tags)}
    rules.check_tags(tags)
    there.tags.set(there, found.arn, tags)
    save(Found(there, replace(secret, tagged=True)))


@secretsmanager.operation("UntagResource")
def untag_resource(ctx: Context, *, SecretId: str, TagKeys: Sequence[str]) -> None:
    found = find_primary(ctx, SecretId)
    there = found.ctx
    there.tags.remove(there, found.arn, list(TagKeys))
    save(found)
