"""What IAM keeps.

Records lie under their unique id, so that a new name changes nothing that refers to them. Names are unique without
regard to case, and found by `key`, the name in lower case.
"""

from __future__ import annotations

from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


def arn_of(ctx: Context, resource: str) -> str:
    """IAM knows no regions: the ARN of "user/path/name" in the account of the call."""
    return f"arn:{partition_of(ctx.region)}:iam::{ctx.account}:{resource}"


class Entity(Record):
    """A user, group or role. `inline` are policy documents by name, `attached` the ARNs of managed policies."""

    id: str
    name: str
    key: str
    path: str
    created: float
    inline: dict[str, str] = {}
    attached: tuple[str, ...] = ()
    boundary: str = ""  # the ARN of one, too
    tags: dict[str, str] = {}


class User(Entity):
    groups: tuple[str, ...] = ()  # ids, in the order in which they were joined

    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, f"user{self.path}{self.name}")


class Group(Entity):
    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, f"group{self.path}{self.name}")


class Role(Entity):
    trust: str = ""  # the document that says who may assume it
    description: str | None = None
    max_session: int = 3600
    linked_service: str = ""  # the service principal that a service-linked role belongs to

    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, f"role{self.path}{self.name}")


class InstanceProfile(Record):
    id: str
    name: str
    key: str
    path: str
    created: float
    role: str | None = None  # the id of the one that AWS allows
    tags: dict[str, str] = {}

    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, f"instance-profile{self.path}{self.name}")


class Member(Record):
    group: str
    user: str
    at: float


class Version(Record):
    id: str  # "v1"
    document: str
    created: float


class Policy(Record):
    """A customer managed policy. `last` counts the versions there have ever been."""

    id: str
    name: str
    key: str
    path: str
    created: float
    updated: float
    versions: tuple[Version, ...]
    default: str = "v1"
    last: int = 1
    description: str | None = None
    tags: dict[str, str] = {}

    def arn(self, ctx: Context) -> str:
        return arn_of(ctx, f"policy{self.path}{self.name}")


class Attachment(Record):
    """That an entity has a managed policy, as permissions or as its boundary."""

    policy: str  # ARN
    usage: str  # PermissionsPolicy, PermissionsBoundary
    kind: str  # user, group, role
    entity: str


NAMES = {"names": ("key",)}

users = iam.table("users", User, key="id", index=NAMES, scope="account", cached=True)
groups = iam.table("groups", Group, key="id", index=NAMES, scope="account", cached=True)
roles = iam.table("roles", Role, key="id", index=NAMES, scope="account", cached=True)
profiles = iam.table("profiles", InstanceProfile, key="id", index={**NAMES, "roles": ("role",)}, scope="account")
members = iam.table("members", Member, key=("group", "user"), scope="account")
policies = iam.table("policies", Policy, key="key", scope="account", cached=True)
attachments = iam.table("attachments", Attachment, key=("policy", "usage", "kind", "entity"), scope="account")
