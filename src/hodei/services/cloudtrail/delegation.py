"""Members of an organization that administer its trails. Organizations keeps who they are.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
"""

from __future__ import annotations

import hodei.services.iam.api as iam
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.controls import Controls
from hodei.kernel.iam.controls import table as controls
from hodei.services.cloudtrail import errors
from hodei.services.cloudtrail.find import SERVICE, membership
from hodei.services.cloudtrail.service import cloudtrail

MOST = 3


@cloudtrail.operation("RegisterOrganizationDelegatedAdmin")
async def register_organization_delegated_admin(ctx: Context, *, MemberAccountId: str) -> None:
    _check_management(ctx)
    if MemberAccountId == ctx.account:
        raise errors.CannotDelegateManagementAccount()
    member = _member(ctx, MemberAccountId)
    if SERVICE in member.delegated:
        raise errors.AccountRegistered()
    if sum(SERVICE in one.delegated for one in controls.by("of", ctx, ctx.account)) >= MOST:
        raise errors.DelegatedAdminAccountLimitExceeded()
    await _organizations(ctx, "RegisterDelegatedAdministrator", MemberAccountId)
    for account in (ctx.account, MemberAccountId):
        iam.link_role(ctx.at(account=account), SERVICE)


@cloudtrail.operation("DeregisterOrganizationDelegatedAdmin")
async def deregister_organization_delegated_admin(ctx: Context, *, DelegatedAdminAccountId: str) -> None:
    _check_management(ctx)
    if SERVICE not in _member(ctx, DelegatedAdminAccountId).delegated:
        raise errors.AccountNotRegistered()
    await _organizations(ctx, "DeregisterDelegatedAdministrator", DelegatedAdminAccountId)


async def _organizations(ctx: Context, operation: str, account: str) -> None:
    """As the caller. Raises: InsufficientDependencyServiceAccessPermissionException."""
    try:
        await ctx.call("organizations", operation, AccountId=account, ServicePrincipal=SERVICE)
    except AwsError as error:
        if error.code != "AccessDeniedException":
            raise
        raise errors.InsufficientDependencyServiceAccessPermission(reason=error.message) from None


def _check_management(ctx: Context) -> None:
    """Raises: OrganizationsNotInUseException, NotOrganizationManagementAccountException,
    OrganizationNotInAllFeaturesModeException, CloudTrailAccessNotEnabledException."""
    own = membership(ctx)
    if own is None:
        raise errors.OrganizationsNotInUse()
    if own.account != ctx.account:
        raise errors.NotOrganizationManagementAccount()
    if own.features != "ALL":
        raise errors.OrganizationNotInAllFeaturesMode()
    if SERVICE not in own.trusted:
        raise errors.CloudTrailAccessNotEnabled()


def _member(ctx: Context, account: str) -> Controls:
    found = controls.get(ctx, account)
    if found is None or found.account != ctx.account:
        raise errors.AccountNotFound()
    return found
