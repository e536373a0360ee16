"""Access keys that IAM and STS have issued, and whom they stand for. Any other key is the root of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hodei.kernel.iam.principals import PrincipalKind
from hodei.kernel.tables import Record, Scope, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Principal


class Session(Record):
    """What a principal with temporary credentials has besides its own policies."""

    name: str  # RoleSessionName
    issuer: str  # the ARN of the role, the user or the account it is of
    issuer_id: str = ""
    policies: tuple[str, ...] = ()  # session policies, as documents; all of them hold
    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()  # keys of tags that go on to the next role
    source_identity: str = ""
    started: float = 0.0
    mfa: float = 0.0  # when the caller showed its MFA code; 0: it did not
    provider: str = ""  # that federated it: an ARN, or the name of a web identity provider
    chained: bool = False  # a role assumed by a role
    task: str = ""  # of the session of a root: the ARN of the policy that says what it is for
    context: dict[str, list[str]] = {}  # condition keys of a federation, in lower case ("saml:sub")


class AccessKey(Record):
    """A key. `token` is there for temporary ones only, which end at `expires`."""

    access_key: str
    secret: str
    account: str
    kind: PrincipalKind
    arn: str
    id: str  # as aws:userid has it
    active: bool = True
    token: str = ""
    expires: float = 0.0
    session: Session | None = None


class Caller(Record):
    """A principal as work keeps it that goes on in its name when its request has been answered."""

    account: str
    kind: PrincipalKind
    arn: str
    access_key: str = ""
    id: str = ""
    session: Session | None = None

    @classmethod
    def of(cls, principal: Principal) -> Caller:
        return cls(**{name: getattr(principal, name) for name in cls.__struct_fields__})

    def principal(self) -> Principal:
        from hodei.kernel.context import Principal

        return Principal(**{name: getattr(self, name) for name in self.__struct_fields__})


keys = Table("kernel", "access_keys", AccessKey, key="access_key", scope="global", cached=True)


def revoke(ctx: Scope, access_key: str) -> None:
    """Let a key stand for nobody any more. It is remembered, as an unknown one would be the root of an account."""
    if key := keys.get(ctx, access_key):
        dead = AccessKey(
            access_key=access_key, secret="", account=key.account, kind=key.kind, arn="", id="", active=False
        )
        keys.put(ctx, dead)
