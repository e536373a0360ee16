"""What Parameter Store keeps: of each parameter its head, and up to 100 versions with all that each had."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.ssm.service import ssm

STANDARD, ADVANCED, INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
SECURE = "SecureString"
NO_LABELS: Mapping[str, int] = {}


class Policy(msgspec.Struct, frozen=True):
    """A parameter policy. `at` is when it acts; `text` is its JSON, as it was given."""

    kind: str
    text: str
    at: float
    status: str = "Pending"


class Parameter(Record):
    """The head of a parameter: its latest version, and which version has which label."""

    name: str
    version: int
    oldest: int = 1
    labels: Mapping[str, int] = NO_LABELS


class Version(Record):
    """A version of a parameter. `wrapped` is the data key of a value that KMS does not encrypt itself."""

    name: str
    number: int
    type: str
    sealed: bytes
    modified: float
    user: str
    wrapped: bytes = b""
    data_type: str = "text"
    tier: str = STANDARD
    key: str = ""  # KeyId
    description: str = ""
    pattern: str = ""  # AllowedPattern
    policies: tuple[Policy, ...] = ()


class Total(Record):
    """How many parameters of a tier there are."""

    tier: str
    count: int


class Setting(Record):
    """A service setting that was changed."""

    id: str
    value: str
    modified: float
    user: str


class Sharing(Record):
    """A resource policy of a parameter."""

    name: str
    id: str
    document: str
    hash: str


def arn_of(ctx: Context, name: str) -> str:
    """The slash that begins a name is that of the ARN."""
    return ctx.arn(f"parameter/{name.removeprefix('/')}")


parameters = ssm.table("parameters", Parameter, key="name", cached=True)
versions = ssm.table("versions", Version, key=("name", "number"), cached=True)
totals = ssm.table("totals", Total, key="tier")
settings = ssm.table("settings", Setting, key="id", cached=True)
sharings = ssm.table("sharings", Sharing, key=("name", "id"))
