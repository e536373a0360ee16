"""Whose organization a call is about, and what is in it."""

from __future__ import annotations

from typing import NamedTuple

from hodei.kernel.arns import GLOBAL_REGION
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.controls import table as controls
from hodei.services.organizations import errors, managed
from hodei.services.organizations.state import (
    Account,
    Organization,
    Policy,
    Unit,
    accounts,
    contacts,
    organizations,
    policies,
    units,
)


class Home(NamedTuple):
    """An organization, and the context of its management account."""

    ctx: Context
    organization: Organization

    def arn(self, kind: str, *path: str) -> str:
        """Of something within the organization: `arn("ou", "ou-...")`."""
        resource = "/".join((kind, self.organization.id, *path))
        return f"arn:aws:organizations::{self.ctx.account}:{resource}"


def home_of(ctx: Context) -> Home | None:
    """The organization that the account of the call is in."""
    found = controls.get(ctx, ctx.account)
    if found is None:
        return None
    there = ctx.at(account=found.account, region=GLOBAL_REGION)
    organization = organizations.get(there, found.organization)
    return Home(there, organization) if organization else None


def home(ctx: Context) -> Home:
    """Raises: AWSOrganizationsNotInUseException."""
    if (found := home_of(ctx)) is None:
        raise errors.NotInUse()
    return found


def with_all_features(ctx: Context) -> Home:
    """Raises: ConstraintViolationException if it has but consolidated billing."""
    found = home(ctx)
    if found.organization.features != "ALL":
        raise errors.ConstraintViolation(
            "This operation requires the organization to be configured to support all features.",
            Reason="ORGANIZATION_NOT_IN_ALL_FEATURES_MODE",
        )
    return found


def account(home: Home, id: str) -> Account:
    if (found := accounts.get(home.ctx, id)) is None:
        raise errors.AccountNotFound()
    return found


def member(home: Home, id: str) -> Account:
    """An account that is not the management account. Raises: AccountNotFoundException, MasterCannotLeave..."""
    found = account(home, id)
    if id == home.ctx.account:
        raise errors.MasterCannotLeaveOrganization()
    return found


def unit(home: Home, id: str) -> Unit:
    if (found := units.get(home.ctx, id)) is None:
        raise errors.OrganizationalUnitNotFound()
    return found


def parent(home: Home, id: str, missing: type[AwsError] = errors.ParentNotFound) -> Unit | None:
    """The unit that may hold others; None: it is the root. Raises `missing`."""
    if id == home.organization.root:
        return None
    if (found := units.get(home.ctx, id)) is None:
        raise missing()
    return found


def target(home: Home, id: str, missing: type[AwsError] = errors.TargetNotFound) -> Account | Unit | None:
    """What policies attach to; None: the root. Raises `missing`."""
    if id.isdigit():
        if (found := accounts.get(home.ctx, id)) is None:
            raise missing()
        return found
    return parent(home, id, missing)


def known_policy(home: Home, id: str) -> Policy | None:
    return managed.POLICIES.get(id) or policies.get(home.ctx, id)


def policy(home: Home, id: str) -> Policy:
    if (found := known_policy(home, id)) is None:
        raise errors.PolicyNotFound()
    return found


class Owner(NamedTuple):
    email: str
    name: str


def owner(ctx: Context, account: str) -> Owner:
    """Address and name of any account; those of one that was not created here are made up."""
    known = next(contacts.by("accounts", ctx, account), None)
    return Owner(known.email, known.name) if known else Owner(f"root+{account}@example.com", f"account {account}")


def policy_arn(home: Home, record: Policy) -> str:
    if record.managed:
        return f"arn:aws:organizations::aws:policy/{record.type.lower()}/{record.id}"
    return home.arn("policy", record.type.lower(), record.id)
