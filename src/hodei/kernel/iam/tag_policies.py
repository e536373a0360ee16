"""Tag policies of an organization, as far as they are enforced: tags of a request that do not comply are refused.

A resource without tags complies, and so does a tag that the policy does not speak of.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies-enforcement.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from hodei.kernel.errors import declare
from hodei.kernel.iam.controls import TagRule
from hodei.kernel.iam.controls import table as controls
from hodei.kernel.iam.facts import Facts, request_tags
from hodei.kernel.iam.needs import reference

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.service import Service

MODELLED: Mapping[str, Mapping[str, str]] = {  # codes that services have for it, with further members
    "TagPolicyViolationException": {},
    "TagPolicyException": {},
    "ConstraintViolationException": {"Reason": "TAG_POLICY_VIOLATION"},
}
OF_OTHERS = "TagPolicyViolation"  # as EC2 has it
VALUE = "The tag policy does not allow the specified value for the following tag key: '{key}'."
CASE = "The tag policy does not allow the specified capitalization for the following tag key: '{key}'."
VARIABLE = re.compile(r"\\\$\\\{\w+\\\}")


def check(ctx: Context, operation: str, params: Mapping[str, Any]) -> None:
    """Raises: TagPolicyViolation, or what the service's model calls that."""
    bound = controls.get(ctx, ctx.account)
    if bound is None or not bound.tags:
        return
    tags = request_tags(Facts(ctx, params, "", "", {}))
    if not tags:
        return
    kinds = set(_kinds(ctx, operation, params))
    for rule in bound.tags:
        if any(fnmatchcase(kind, pattern) for kind in kinds for pattern in rule.enforced):
            _check(ctx.service, rule, tags)


def _check(service: Service, rule: TagRule, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        if key.lower() != rule.key.lower():
            continue
        if key != rule.key:
            raise _violation(service, CASE.format(key=key))
        if rule.values and not any(fnmatchcase(value, pattern) for pattern in rule.values):
            raise _violation(service, VALUE.format(key=key))


def _violation(service: Service, message: str) -> Exception:
    code = next((name for name in MODELLED if service.model.error_shape(name)), OF_OTHERS)
    return declare(code, status=400)(message, **MODELLED.get(code, {}))


def _kinds(ctx: Context, operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    """The types of the resources that are tagged, as policies name them ("sqs:queue"). What has no ARN yet is known by
    the name of the operation that makes it."""
    prefix = ctx.service.needs.prefix
    known = reference("resourceTypes", prefix)
    found = {need.resource for need in ctx.service.needs.of(ctx, operation, params)}
    for arn in found:
        if kind := _kind_of(prefix, arn):
            yield f"{prefix}:{kind}"
    made = operation.removeprefix("Create").lower()
    if not any(arn.startswith("arn:") for arn in found) and made in known:
        yield f"{prefix}:{made}"


@functools.lru_cache(1024)
def _kind_of(prefix: str, arn: str) -> str:
    """The type of a resource, the one whose ARNs say most of what this one does."""
    return next((kind for kind, pattern in _patterns(prefix) if pattern.fullmatch(arn)), "")


@functools.cache
def _patterns(prefix: str) -> list[tuple[str, re.Pattern[str]]]:
    kinds = reference("resourceTypes", prefix)
    ordered = sorted(kinds, key=lambda kind: -len(VARIABLE.sub("", re.escape(kinds[kind]["arn"]))))
    return [(kind, re.compile(VARIABLE.sub("[^:]*", re.escape(kinds[kind]["arn"])))) for kind in ordered]
