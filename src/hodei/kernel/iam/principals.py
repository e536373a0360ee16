"""Who asks, and whom the Principal element of a policy means.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Literal

from msgspec import Struct

PrincipalKind = Literal["root", "user", "role-session", "federated-user", "service", "web-identity", "anonymous"]


NOBODYS = "anonymous"  # instead of an account: what belongs to the anonymous


@functools.lru_cache(maxsize=1024)
def canonical_id(account: str) -> str:
    """The canonical user id that S3 knows an account by: 64 hex digits. The anonymous share AWS's own for them."""
    if account == NOBODYS:
        return "65a011a29cdf8ec533ec3d1ccaae921c"
    return hashlib.sha256(f"canonical user {account}".encode()).hexdigest()


class Principal(Struct, frozen=True):
    """Who sent a request.

    `arn` is the name AWS's messages have: of a role's session the session's ARN, of a service `sns.amazonaws.com`, of a
    web identity or SAML user its provider, of the anonymous "". `entity` is what a session stands for: the ARN of its
    role, or of the user that called GetFederationToken; `entity_id` is its unique id. `ids` are the principal's own.
    """

    kind: PrincipalKind
    arn: str = ""
    account: str = ""
    entity: str = ""
    entity_id: str = ""
    ids: frozenset[str] = frozenset()
    service_linked: bool = False  # the session of a service-linked role: control policies leave it alone

    @property
    def has_identity(self) -> bool:
        """Whether an account with its policies stands behind it."""
        return self.kind in ("root", "user", "role-session", "federated-user")


class Grant(IntEnum):
    """How directly a resource-based policy names somebody; what else may still deny depends on it."""

    NONE = 0
    ACCOUNT = 1  # its account: that delegates to the account's own policies
    ENTITY = 2  # the role of the session, or the user that federated
    DIRECT = 3  # the principal itself, or everyone


_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?")


class Principals(Struct, frozen=True):
    """A Principal or NotPrincipal element. `everyone` is `"*"`; `{"AWS": "*"}` is all but AWS's services."""

    everyone: bool
    everyone_in_aws: bool
    accounts: frozenset[str]
    names: frozenset[str]
    negated: bool
    canonical: frozenset[str] = frozenset()  # accounts, by their canonical user ids

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[str]] | Literal["*"], *, negated: bool) -> Principals:
        if lists == "*":
            return cls(True, True, frozenset(), frozenset(), negated)
        aws = lists.get("AWS", ())
        accounts = frozenset(match[1] for name in aws if (match := _ACCOUNT.fullmatch(name)))
        names = frozenset(name for values in lists.values() for name in values if not _ACCOUNT.fullmatch(name))
        return cls(False, "*" in aws, accounts, names, negated, frozenset(lists.get("CanonicalUser", ())))

    def grant(self, principal: Principal) -> Grant:
        """What it grants to `principal` if it stands in an Allow (as Principal)."""
        if self.everyone or (self.everyone_in_aws and principal.kind != "service"):
            return Grant.DIRECT
        if not principal.ids.isdisjoint(self.names) or (principal.arn and principal.arn in self.names):
            return Grant.DIRECT
        if self._lists_entity_of(principal):
            return Grant.ENTITY
        if self._lists_account_of(principal):
            return Grant.DIRECT if principal.kind == "root" else Grant.ACCOUNT
        return Grant.NONE

    def denies(self, principal: Principal, *, bounded: bool) -> bool:
        """Whether it means `principal` if it stands in a Deny.

        AWS asks for the account, then the role, then the session: NotPrincipal spares somebody only if it lists all of
        them, and nobody who has a permissions boundary.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if not self.negated:
            return self.grant(principal) is not Grant.NONE
        if bounded or self.everyone or self.everyone_in_aws:
            return bounded
        return not (self._lists_all_of(principal) and (not principal.account or self._lists_account_of(principal)))

    def _lists_account_of(self, principal: Principal) -> bool:
        if principal.account in self.accounts:
            return True
        account = NOBODYS if principal.kind == "anonymous" else principal.account
        return bool(self.canonical and account) and canonical_id(account) in self.canonical

    def _lists_all_of(self, principal: Principal) -> bool:
        if principal.kind == "root":
            return True
        itself = principal.arn in self.names or not principal.ids.isdisjoint(self.names)
        return itself and (not principal.entity or self._lists_entity_of(principal))

    def _lists_entity_of(self, principal: Principal) -> bool:
        return bool(principal.entity) and not self.names.isdisjoint((principal.entity, principal.entity_id))
