"""What KMS keeps.

The material of a key lies in rows of its own, one for each rotation, sealed under the cloud's master key. A
multi-Region key has a record and its material in each of its Regions.
"""

from __future__ import annotations

from collections.abc import Mapping

from hodei.kernel.context import Context
from hodei.kernel.tables import Record
from hodei.services.kms.service import kms
from hodei.services.kms.specs import SPECS, Spec

NONE: Mapping[str, str] = {}


class Key(Record):
    """A KMS key. `material` is the number of what encrypts now (0 before an import)."""

    id: str
    spec_name: str
    usage: str
    origin: str
    created: float
    policy: str  # the key policy; "": the default one
    state: str  # KeyState, as AWS has it
    description: str = ""
    manager: str = "CUSTOMER"
    material: int = 0
    deletion: float = 0.0  # when it will be deleted
    window: int = 0  # days from ScheduleKeyDeletion to that
    rotation_days: int = 0  # of automatic rotation; 0: it is off
    next_rotation: float = 0.0
    on_demand: int = 0  # how often it was rotated on demand
    primary: str = ""  # of a multi-Region key the Region of the primary key
    replicas: tuple[str, ...] = ()  # and the Regions of the others

    @property
    def spec(self) -> Spec:
        return SPECS[self.spec_name]

    @property
    def multi_region(self) -> bool:
        return bool(self.primary)

    def arn(self, ctx: Context) -> str:
        return ctx.arn(f"key/{self.id}")


class Material(Record):
    """Key material: the bytes of a symmetric or HMAC key, else a private key as PKCS #8."""

    key: str
    number: int
    id: str  # KeyMaterialId: 64 hexadecimal digits
    sealed: bytes  # b"": it was deleted, or has expired
    state: str = "CURRENT"  # KeyMaterialState
    rotation: str = ""  # RotationType; "": the first material
    rotated: float = 0.0
    description: str = ""
    expires: float = 0.0  # of imported material; 0: never


class Alias(Record):
    name: str  # with "alias/"
    key: str
    created: float
    updated: float


class Grant(Record):
    """A grant. Its key is that of (region, account, key)."""

    region: str
    account: str
    key: str
    id: str
    created: float
    issuer: str  # IssuingAccount: the ARN of the root of the account that asked for it
    operations: tuple[str, ...]
    grantee: str  # the ARN of a principal, or a service
    grantee_is_service: bool = False
    retiring: str = ""
    retiring_is_service: bool = False
    name: str = ""
    equals: Mapping[str, str] = NONE  # EncryptionContextEquals
    subset: Mapping[str, str] = NONE
    source_arn: str = ""


class Usage(Record):
    """The last use of a key in a cryptographic operation."""

    key: str
    operation: str
    at: float
    request: str


class KeyStore(Record):
    """A custom key store. `proxy` is XksProxyConfiguration."""

    id: str
    name: str
    kind: str
    created: float
    cluster: str = ""
    certificate: str = ""
    proxy: Mapping[str, str] = NONE


keys = kms.table("keys", Key, key="id", cached=True)
materials = kms.table("materials", Material, key=("key", "number"), cached=True)
aliases = kms.table("aliases", Alias, key="name", index={"keys": ("key",)}, cached=True)
grants = kms.table(
    "grants",
    Grant,
    key=("region", "account", "key", "id"),
    index={"grantees": ("region", "account", "key", "grantee"), "retiring": ("region", "retiring")},
    scope="global",
)
usages = kms.table("usages", Usage, key="key")
key_stores = kms.table("key_stores", KeyStore, key="id", index={"names": ("name",)})
