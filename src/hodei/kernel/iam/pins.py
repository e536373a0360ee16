"""Users and roles in policies of resources: kept by their unique ids, as AWS does.

A policy means the user or role that has a name when it is saved, not another that gets the name later. It is shown with
the ARN as long as there is that one, afterwards with the id.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hodei.kernel.tables import Record, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Context

ENTITY = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(user|role)/.+")
UNIQUE_ID = re.compile(r"A(ID|RO)A[A-Z2-7]{17}")


class Pin(Record):
    """Which account a unique id is of that stands in a policy."""

    id: str
    account: str


pins = Table("kernel", "pins", Pin, key="id", scope="global")


def principals(text: str) -> Iterator[str]:
    """The AWS principals that a policy names."""
    return _named(json.loads(text))


def pinned(ctx: Context, text: str) -> str:
    """A policy as it is kept. In the open batch."""
    return _translated(text, lambda name: _id(ctx, name)) if ":user/" in text or ":role/" in text else text


def shown(ctx: Context, text: str) -> str:
    """A policy as it is told."""
    return _translated(text, lambda name: _arn(ctx, name)) if UNIQUE_ID.search(text) else text


def _id(ctx: Context, name: str) -> str:
    """The unique id of a user or role that is there; "" of anything else."""
    if not (match := ENTITY.fullmatch(name)):
        return ""
    iam = ctx.world.context("iam", account=match[1], region=ctx.region)
    id: str = iam.service.entities.id(iam, name) if iam.service.entities else ""
    if id:
        pins.put(ctx, Pin(id=id, account=match[1]))
    return id


def _arn(ctx: Context, name: str) -> str:
    """The ARN of a user or role that is still there; "" of anything else."""
    if not UNIQUE_ID.fullmatch(name) or not (pin := pins.get(ctx, name)):
        return ""
    iam = ctx.world.context("iam", account=pin.account, region=ctx.region)
    return iam.service.entities.arn(iam, name) if iam.service.entities else ""


def _translated(text: str, find: Callable[[str], str]) -> str:
    """With other names of principals; laid out as it was, if the names stand nowhere else in it."""
    document = json.loads(text)
    others = {name: other for name in _named(document) if (other := find(name))}
    if not others:
        return text
    laid_out = text
    for name, other in others.items():
        laid_out = laid_out.replace(json.dumps(name), json.dumps(other))
    for statement in _statements(document):
        for member in ("Principal", "NotPrincipal"):
            if isinstance(given := statement.get(member), dict) and "AWS" in given:
                given["AWS"] = _mapped(given["AWS"], others)
    return laid_out if json.loads(laid_out) == document else json.dumps(document)


def _mapped(given: Any, others: dict[str, str]) -> Any:
    return [others.get(name, name) for name in given] if isinstance(given, list) else others.get(given, given)


def _named(document: Any) -> Iterator[str]:
    for statement in _statements(document):
        for member in ("Principal", "NotPrincipal"):
            given = statement.get(member)
            aws = given.get("AWS", []) if isinstance(given, dict) else []
            yield from (name for name in (aws if isinstance(aws, list) else [aws]) if isinstance(name, str))


def _statements(document: Any) -> list[dict[str, Any]]:
    found = document.get("Statement", [])
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
