"""What users prove themselves with. `owner` is the id of a user, or the account number for the root of the account."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


class Key(Record):
    """An access key as IAM lists it; its secret lies with the kernel, which checks signatures."""

    owner: str
    id: str
    created: float
    active: bool = True


class KeyUse(Record):
    """The last use of an access key."""

    id: str
    at: float
    service: str
    region: str


access_keys = iam.table("access_keys", Key, key=("owner", "id"), scope="account")
key_uses = iam.table("key_uses", KeyUse, key="id", scope="account")
