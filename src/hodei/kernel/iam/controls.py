"""What an organization says of its accounts: the control policies of every level from its root to the account, whether
the account is open, which services it administers.

Organizations writes these records whenever anything of it changes; a decision reads one of them, and none of
Organizations' own.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from hodei.kernel.iam.documents import Kind, parse
from hodei.kernel.iam.evaluate import Named
from hodei.kernel.iam.needs import dataset
from hodei.kernel.tables import Record, Scope, Table

# orgs_manage_policies_rcps.html: "Resources and entities not restricted by RCPs"
NEVER_BY_RCP = ("kms:RetireGrant",)
LINKED = ":role/aws-service-role/"


class Control(Record):
    """A policy, and the root, unit or account that it is attached to."""

    arn: str
    document: str
    target: str


class TagRule(Record):
    """Of a tag policy: how a key is written, which values it may have (patterns; empty: any), and on which types of
    resources ("sqs:queue", "dynamodb:*") that is enforced."""

    key: str
    values: tuple[str, ...]
    enforced: tuple[str, ...]


Levels = tuple[tuple[Control, ...], ...]


class Controls(Record):
    """That an account is in an organization, and what binds it there.

    `path` is that of aws:PrincipalOrgPaths ("o-.../r-.../ou-.../"). Of `scp` and `rcp` each level has to allow; levels
    that allow everything are left out, and the management account has none. `trusted` are the services (their
    principals) that the organization has let in, `delegated` those that this account administers for it. `tags` is what
    its tag policies enforce.
    """

    member: str
    account: str  # the management account, with which all of it goes
    organization: str
    path: str
    scp: Levels = ()
    rcp: Levels = ()
    features: str = "ALL"  # or CONSOLIDATED_BILLING
    status: str = "ACTIVE"
    trusted: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()
    tags: tuple[TagRule, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether nobody can use the account, or anything that it has."""
        return self.status == "SUSPENDED"

    def administers(self, service: str) -> bool:
        """Whether this is the management account, or one that it has delegated a service to."""
        return self.member == self.account or service in self.delegated


table = Table("kernel", "controls", Controls, key="member", index={"of": ("account",)}, scope="global", cached=True)


def binding(ctx: Scope, account: str) -> Controls | None:
    """What binds an account, or closes it; None if nothing does."""
    found = table.get(ctx, account)
    return found if found and (found.scp or found.rcp or found.closed) else None


@functools.lru_cache(1024)
def compiled(levels: Levels, kind: Kind) -> Sequence[Sequence[Named]]:
    """The policies of levels, as they are evaluated."""
    return tuple(tuple(Named(parse(one.document, kind), one.arn, one.target) for one in level) for level in levels)


def resources_bound(action: str, resource: str = "") -> bool:
    """Whether resource control policies have a say in an action ("s3:GetObject") on a resource (its ARN): its service
    has to take part, and service-linked roles are always for their services to assume."""
    takes_part = action.partition(":")[0] in _services() and action not in NEVER_BY_RCP
    return takes_part and LINKED not in resource


@functools.cache
def _services() -> frozenset[str]:
    return frozenset(dataset("rcpSupportedServices.json"))
