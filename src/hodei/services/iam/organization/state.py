"""What IAM keeps of an organization, in its management account."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


class RootAccess(Record):
    """How the roots of member accounts are managed: the features that are on."""

    organization: str
    features: tuple[str, ...] = ()


root_accesses = iam.table("root_accesses", RootAccess, key="organization", scope="account")
