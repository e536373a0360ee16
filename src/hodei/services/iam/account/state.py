"""What an account has of itself, one of each."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.iam.service import iam


class Settings(Record):
    account: str
    alias: str = ""
    token_version: int = 1  # of the global endpoint of STS


class Report(Record):
    """A credential report."""

    account: str
    made: float
    content: str


class AliasOwner(Record):
    """An alias is a name that no other account has."""

    alias: str
    account: str


settings = iam.table("settings", Settings, key="account", scope="account")
reports = iam.table("reports", Report, key="account", scope="account")
alias_owners = iam.table("alias_owners", AliasOwner, key="alias", scope="global")
