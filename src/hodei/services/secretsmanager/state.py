"""What Secrets Manager keeps.

A secret has a row in each Region that it is replicated to, with the same name and suffix; its versions lie beside it,
sealed there. Only the primary says where the replicas are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.secretsmanager.service import secretsmanager

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
NONE: Mapping[str, Any] = {}


class Rotation(msgspec.Struct, frozen=True):
    """How a secret is to be rotated. `rules` is RotationRules, `next` the time of the next rotation."""

    function: str
    rules: Mapping[str, Any] = NONE
    enabled: bool = True
    next: float = 0.0
    rotated: float = 0.0  # when that was last done


class Replica(msgspec.Struct, frozen=True):
    """A replica as its primary knows it. `status` is InSync or Failed."""

    region: str
    key: str = ""
    status: str = "InSync"
    message: str = ""


class Secret(Record):
    """A secret. `labels` tells which version has which staging label; `made` counts the versions ever made."""

    name: str
    suffix: str
    created: float
    changed: float
    description: str = ""
    key: str = ""  # KmsKeyId; "": the key aws/secretsmanager
    labels: Mapping[str, str] = NONE
    made: int = 0
    policy: str = ""
    tagged: bool = False  # whether it ever had tags: then AWS shows even an empty list of them
    accessed: float = 0.0  # the day of the last retrieval, at 0 h UTC
    deletion: float = 0.0  # when it will be deleted
    deleted: float = 0.0  # when DeleteSecret was called
    rotation: Rotation | None = None
    primary: str = ""  # the Region of the primary, of a secret that is or has a replica
    replicas: tuple[Replica, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.name}-{self.suffix}"

    def arn(self, ctx: Context) -> str:
        return ctx.arn(f"secret:{self.id}")

    def labels_of(self, version: str) -> list[str]:
        """The staging labels of a version, in AWS's order."""
        return sorted(label for label, holder in self.labels.items() if holder == version)


class Version(Record):
    """A version of a secret; `number` tells the order in which they were made."""

    secret: str  # the id of its secret
    id: str
    number: int
    created: float
    wrapped: bytes  # the data key that sealed it, as KMS opens it
    sealed: bytes
    binary: bool = False
    accessed: float = 0.0
    keys: tuple[str, ...] = ()  # the KMS keys that encrypted it; none: aws/secretsmanager


secrets = secretsmanager.table("secrets", Secret, key="name", cached=True)
versions = secretsmanager.table(
    "versions", Version, key=("secret", "id"), index={"order": ("secret", "number")}, cached=True
)
