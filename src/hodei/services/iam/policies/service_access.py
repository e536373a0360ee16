"""Which policies of an entity grant anything of a service."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hodei.kernel.context import Context
from hodei.services.iam import pages
from hodei.services.iam.policies import sources
from hodei.services.iam.policies.sources import Source
from hodei.services.iam.service import iam


@iam.operation("ListPoliciesGrantingServiceAccess")
def list_policies_granting_service_access(
    ctx: Context, *, Arn: str, ServiceNamespaces: Sequence[str], Marker: str = ""
) -> dict[str, Any]:
    """By their Allow statements alone: AWS, too, looks at no condition, no denial and no boundary."""
    kind, entity = sources.entity(ctx, Arn)
    own = list(sources.of(ctx, kind, entity))
    last = pages.after(ctx, Marker)
    places = range(last[0] + 1 if last else 0, len(ServiceNamespaces))
    page, rest = pages.cut(ctx, places, pages.MOST, lambda place: (place,))
    found = [
        {
            "ServiceNamespace": ServiceNamespaces[place],
            "Policies": [_view(source) for source in own if grants(source.text, ServiceNamespaces[place].lower())],
        }
        for place in page
    ]
    return {"PoliciesGrantingServiceAccess": found, **rest}


def _view(source: Source) -> dict[str, str]:
    if source.arn:
        return {"PolicyName": source.name, "PolicyType": "MANAGED", "PolicyArn": source.arn}
    return {
        "PolicyName": source.name,
        "PolicyType": "INLINE",
        "EntityType": source.kind.upper(),
        "EntityName": source.entity,
    }


class Granted(NamedTuple):
    """What the Allow statements of a policy are about: the services of their actions (patterns, in lower case), and of
    each with NotAction what it leaves out."""

    services: frozenset[str]
    all_but: tuple[frozenset[str], ...]


def grants(text: str, namespace: str) -> bool:
    """Whether a policy (a text that was checked before) grants any action of a service."""
    found = _granted(text)
    if any(not {"*", f"{namespace}:*"} & left_out for left_out in found.all_but):
        return True
    return any(fnmatch.fnmatchcase(namespace, service) for service in found.services)


@lru_cache(256)
def _granted(text: str) -> Granted:
    statements = json.loads(text)["Statement"]
    allowing = [
        one for one in ([statements] if isinstance(statements, dict) else statements) if one["Effect"] == "Allow"
    ]
    return Granted(
        frozenset(action.partition(":")[0] for one in allowing if "Action" in one for action in _listed(one["Action"])),
        tuple(frozenset(_listed(one["NotAction"])) for one in allowing if "NotAction" in one),
    )


def _listed(value: str | list[str]) -> list[str]:
    return [one.lower() for one in ([value] if isinstance(value, str) else value)]
