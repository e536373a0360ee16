"""What IAM keeps of an organization, in its management account."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


class RootAccess(Record):
    """How the roots of member accounts are managed: the features that are on."""

    organization: str
    features: tuple[str, ...] = ()


class AccountAccess(Record):
    """The last call of a service by an account; `path` is the account's place in the organization, with its id."""

    path: str
    namespace: str
    region: str
    at: float


class OrganizationReport(Record):
    """`granted` are the services that service control policies leave."""

    id: str
    made: float
    granted: tuple[str, ...]
    accesses: tuple[AccountAccess, ...]


root_accesses = iam.table("root_accesses", RootAccess, key="organization", scope="account")
organization_reports = iam.table("organization_reports", OrganizationReport, key="id", scope="account")
