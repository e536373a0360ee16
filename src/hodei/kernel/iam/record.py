"""What was asked of the policies: why calls were denied, and which permissions a principal has needed so far."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from hodei.kernel.iam.evaluate import AccessRequest, Decision
from hodei.kernel.tables import Place, Record, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Context, Principal
    from hodei.kernel.store import Store

log = logging.getLogger("hodei.iam")

KEPT = 10_000  # requests whose denials are remembered
MANY = 5  # resources of one action, above which they are suggested by what they have in common


class Denial(msgspec.Struct, kw_only=True, frozen=True):
    """Why one permission was denied. `where` is the kind of policy that decided, `lacking` those without an allow."""

    request_id: str
    at: float
    principal: str
    operation: str
    action: str
    resource: str
    explicit: bool
    where: str
    policy: str = ""
    source: str = ""  # what the policy is attached to
    statement: str = ""  # its Sid, or its number from 0
    lacking: tuple[str, ...] = ()
    message: str = ""


class Needed(Record):
    """A permission that a principal (the role of a session) has needed."""

    account: str
    principal: str
    action: str
    resource: str


class Decisions:
    """The decisions of one cloud. Denials are remembered by the process, permissions needed are kept."""

    table = Table("kernel", "needed", Needed, key=("account", "principal", "action", "resource"), scope="global")

    def __init__(self, store: Store) -> None:
        self._place = Place(store)
        self._denials: OrderedDict[str, list[Denial]] = OrderedDict()
        self._known: set[tuple[str, str, str]] = set()
        store.on_switch(self._known.clear)

    def note(self, ctx: Context, request: AccessRequest, decision: Decision, message: str = "") -> None:
        principal = ctx.principal
        if principal.kind in ("user", "role-session", "federated-user"):
            self._need(principal, request)
        if not decision.allowed:
            self._deny(ctx, request, decision, message)

    def _need(self, principal: Principal, request: AccessRequest) -> None:
        key = (identity_of(principal), request.action, request.resource)
        if key in self._known:
            return
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known.add(key)
        needed = Needed(account=principal.account, principal=key[0], action=key[1], resource=key[2])
        with self._place.store.apart():
            self.table.put(self._place, needed)

    def _deny(self, ctx: Context, request: AccessRequest, decision: Decision, message: str) -> None:
        match = decision.match
        denial = Denial(
            request_id=ctx.request_id,
            at=ctx.now,
            principal=ctx.principal.arn,
            operation=f"{ctx.service.name}:{ctx.operation}",
            action=request.action,
            resource=request.resource,
            explicit=decision.kind == "explicit-deny",
            where=decision.where or "",
            policy=match.policy.name if match else "",
            source=match.policy.source if match else "",
            statement=(match.statement.sid or str(match.statement.index)) if match else "",
            lacking=tuple(decision.lacking),
            message=message,
        )
        self._denials.setdefault(ctx.request_id, []).append(denial)
        if len(self._denials) > KEPT:
            self._denials.popitem(last=False)
        log.warning("%s denied: %s", ctx.request_id, message)

    def denials(self, request_id: str = "") -> Iterator[Denial]:
        """Those of a request, or all that are remembered, the latest first."""
        if request_id:
            yield from self._denials.get(request_id, ())
            return
        for found in reversed(self._denials.values()):
            yield from found

    def suggested(self, account: str, principal: str) -> dict[str, Any]:
        """The least policy that the calls made so far need. `principal` is the ARN of a user or role."""
        resources: dict[str, set[str]] = defaultdict(set)
        for needed in self.table.scan(self._place, account, principal):
            resources[needed.action].add(needed.resource)
        together: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for action, found in sorted(resources.items()):
            together[tuple(summed_up(found))].append(action)
        statements = [
            {"Effect": "Allow", "Action": actions, "Resource": list(found)} for found, actions in together.items()
        ]
        return {"Version": "2012-10-17", "Statement": statements}


def identity_of(principal: Principal) -> str:
    """Whose policies count: the role of a session, the user that federated."""
    return principal.session.issuer if principal.session else principal.arn


def summed_up(resources: Iterable[str]) -> list[str]:
    """Resources in order; many of them by the beginning that they share."""
    found = sorted(resources)
    if "*" in found:
        return ["*"]
    if len(found) <= MANY:
        return found
    common = os.path.commonprefix(found)  # noqa: RUF071  # by characters is what is meant
    return [f"{common[: max(common.rfind('/'), common.rfind(':')) + 1]}*"]
