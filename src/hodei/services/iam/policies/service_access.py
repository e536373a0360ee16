"""Which policies of an entity grant anything of a service."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from typing import Any

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
            "Policies": [_view(source) for source in own if _grants(source.text, ServiceNamespaces[place].lower())],
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


def _grants(text: str, namespace: str) -> bool:
    """`text` is a policy that was checked before."""
    statements = json.loads(text)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement["Effect"] != "Allow":
            continue
        if "NotAction" in statement:
            if not {"*", f"{namespace}:*"} & {action.lower() for action in _listed(statement["NotAction"])}:
                return True
        elif any(
            fnmatch.fnmatchcase(namespace, action.lower().partition(":")[0]) for action in _listed(statement["Action"])
        ):
            return True
    return False


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
