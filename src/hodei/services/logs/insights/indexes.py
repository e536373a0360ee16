"""Field indexes of groups: which fields filterIndex can ask for. Every search here looks at what it needs anyway, so
they make nothing faster.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.logs import errors, pages
from hodei.services.logs.find import group_of
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, IndexPolicy, Wire, index_policies

DEFAULT = ("@logStream", "@aws.region", "@aws.account", "@source.log", "traceId")
TYPES = ("FIELD_INDEX", "FACET")
MOST_FIELDS = 20
MOST_CHARACTERS = 100
NOTHING: Sequence[str] = ()


@logs.operation("PutIndexPolicy")
def put_index_policy(ctx: Context, *, logGroupIdentifier: str, policyDocument: str) -> dict[str, Any]:
    group = group_of(ctx, "", logGroupIdentifier)
    if group.kind != "STANDARD":
        raise errors.InvalidParameterException(
            reason="Field index policies are supported for log groups of the STANDARD class only."
        )
    read(policyDocument)
    one = IndexPolicy(group=group.id, document=policyDocument, updated=ctx.now)
    index_policies.put(ctx, one)
    return {"indexPolicy": _view(ctx, group, one)}


def read(document: str) -> dict[str, str]:
    """The types of indexes by their fields. Raises: InvalidParameterException."""
    try:
        given = json.loads(document)
        plain = given.get("Fields", [])
        fields: dict[str, str] = dict.fromkeys(plain if isinstance(plain, list) else (), "FIELD_INDEX")
        fields |= {name: options["type"] for name, options in given.get("FieldsV2", {}).items()}
    except (ValueError, AttributeError, TypeError, KeyError):
        raise _invalid("The policy document is not valid.") from None
    if not fields or not all(isinstance(name, str) and name for name in fields):
        raise _invalid("The policy document must have Fields, a list of names of fields.")
    if len(fields) > MOST_FIELDS or any(len(name) > MOST_CHARACTERS for name in fields):
        raise _invalid(f"At most {MOST_FIELDS} fields of at most {MOST_CHARACTERS} characters each can be indexed.")
    if not set(fields.values()) <= set(TYPES):
        raise _invalid(f"The type of an index must be one of {', '.join(TYPES)}.")
    return fields


def _invalid(reason: str) -> AwsError:
    return errors.InvalidParameterException(reason=reason)


@logs.operation("DeleteIndexPolicy")
def delete_index_policy(ctx: Context, *, logGroupIdentifier: str) -> None:
    if not index_policies.delete(ctx, group_of(ctx, "", logGroupIdentifier).id):
        raise errors.ResourceNotFoundException(reason="The specified index policy does not exist.")


@logs.operation("DescribeIndexPolicies")
def describe_index_policies(ctx: Context, *, logGroupIdentifiers: Sequence[str], nextToken: str = "") -> dict[str, Any]:
    pages.after(ctx, nextToken)
    found = [group_of(ctx, "", one) for one in logGroupIdentifiers]
    views = [_view(ctx, group, one) for group in found if (one := index_policies.get(ctx, group.id))]
    return {"indexPolicies": views}


@logs.operation("DescribeFieldIndexes")
def describe_field_indexes(
    ctx: Context,
    *,
    logGroupIdentifiers: Sequence[str],
    indexCategories: Sequence[str] = NOTHING,
    nextToken: str = "",
) -> dict[str, Any]:
    """Those of policies, and those that all groups of the standard class have."""
    pages.after(ctx, nextToken)
    views: list[Wire] = []
    for identifier in logGroupIdentifiers:
        group = group_of(ctx, "", identifier)
        one = index_policies.get(ctx, group.id)
        custom = read(one.document) if one else {}
        default = dict.fromkeys(DEFAULT, "FIELD_INDEX") if group.kind == "STANDARD" else {}
        views += [
            {"logGroupIdentifier": group.arn(ctx), "fieldIndexName": name, "type": kind, "indexCategory": category}
            for category, fields in (("CUSTOM", custom), ("DEFAULT", default))
            for name, kind in fields.items()
            if category in (indexCategories or (category,))
        ]
    return {"fieldIndexes": views}


def has(ctx: Context, group: Group, fields: Sequence[str]) -> bool:
    """Whether a group has indexes of all these fields."""
    if not fields:
        return True
    one = index_policies.get(ctx, group.id)
    known = {*(DEFAULT if group.kind == "STANDARD" else ()), *(read(one.document) if one else ())}
    return known.issuperset(fields)


def _view(ctx: Context, group: Group, one: IndexPolicy) -> Wire:
    return {
        "logGroupIdentifier": group.arn(ctx),
        "lastUpdateTime": int(one.updated * 1000),
        "policyDocument": one.document,
        "source": "LOG_GROUP",
    }
