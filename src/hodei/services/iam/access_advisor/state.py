"""Reports on what was last used, as of when they were asked for."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


class Party(Record):
    """A user or role that has the permissions in question."""

    arn: str
    kind: str  # USER, ROLE
    id: str
    name: str
    path: str


class Access(Record):
    """The last call that a party (its ARN) made of a service, or of an action of it."""

    party: str
    namespace: str
    region: str
    at: float
    action: str = ""


class Report(Record):
    """`caller` is the ARN of who asked for it, and may read it. `granted` are the services that are permitted."""

    id: str
    caller: str
    granularity: str
    made: float
    granted: tuple[str, ...]
    parties: tuple[Party, ...]
    services: tuple[Access, ...]
    actions: tuple[Access, ...] = ()


reports = iam.table("access_reports", Report, key="id", scope="account")
