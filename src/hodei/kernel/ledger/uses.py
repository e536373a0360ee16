"""When principals last called what: for the last use of keys and roles, and IAM's access advisor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hodei.kernel.iam.record import identity_of
from hodei.kernel.tables import Place, Record, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.store import Store

LASTING = ("root", "user", "role-session", "federated-user")
FIELDS = ("account", "identity", "service", "operation", "region", "key", "caller")


class Use(Record):
    """The last call of an operation of a service by a root, user or role (`identity`, its ARN) in a region.

    `key` is the access key, if it is one of long standing. A call that was denied counts too, as with AWS.
    """

    account: str
    identity: str
    service: str  # botocore's name
    operation: str
    region: str
    key: str  # "" for those of sessions
    caller: str  # the ARN of who called: of a role its session
    at: float


class Uses:
    """Calls gather in memory until `flush`."""

    table = Table(
        "kernel", "uses", Use, key=("account", "identity", "service", "operation", "region", "key"), scope="global"
    )

    def __init__(self, store: Store) -> None:
        self._place = Place(store)
        self._seen: dict[tuple[str, ...], float] = {}

    def note(self, ctx: Context) -> None:
        principal = ctx.principal
        key = "" if principal.session else principal.access_key
        identity = identity_of(principal)
        self._seen[principal.account, identity, ctx.service.name, ctx.operation, ctx.region, key, principal.arn] = (
            ctx.now
        )

    def flush(self) -> None:
        """In the open batch."""
        seen, self._seen = self._seen, {}
        for values, at in seen.items():
            self.table.put(self._place, Use(at=at, **dict(zip(FIELDS, values, strict=True))))

    def clear(self) -> None:
        self._seen.clear()

    def of(self, account: str, identity: str = "") -> Iterator[Use]:
        """What was called by a user or role of an account, or by all of them; `Ledger.flush` comes before."""
        return self.table.scan(self._place, account, *([identity] if identity else []))
