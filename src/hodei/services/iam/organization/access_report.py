"""The access advisor for an organization: which services its service control policies leave, and when accounts last
used them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from operator import attrgetter
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.controls import Controls
from hodei.kernel.iam.controls import table as controls
from hodei.services.iam import errors, pages, uses
from hodei.services.iam.access_advisor import namespaces
from hodei.services.iam.organization.state import AccountAccess, OrganizationReport, organization_reports
from hodei.services.iam.service import iam
from hodei.services.iam.state import arn_of

SCP = "SERVICE_CONTROL_POLICY"
NAMESPACE, TIME = "SERVICE_NAMESPACE_ASCENDING", "LAST_AUTHENTICATED_TIME_ASCENDING"
DESCENDING = {"SERVICE_NAMESPACE_DESCENDING": NAMESPACE, "LAST_AUTHENTICATED_TIME_DESCENDING": TIME}


@iam.operation("GenerateOrganizationsAccessReport")
async def generate_organizations_access_report(
    ctx: Context, *, EntityPath: str, OrganizationsPolicyId: str = ""
) -> dict[str, Any]:
    """Organizations is asked as by the caller, who needs its permissions, too."""
    own = _management(ctx, EntityPath)
    places = EntityPath.rstrip("/").split("/")[1:]
    accounts = [one for one in controls.by("of", ctx, own.account) if _is_below(one, EntityPath, own)]
    if places[-1] == own.account:
        granted = namespaces.every()
    elif OrganizationsPolicyId:
        granted = namespaces.granted([await _document(ctx, OrganizationsPolicyId)])
        targets = {id async for id in _targets(ctx, OrganizationsPolicyId)}
        accounts = [one for one in accounts if targets.intersection(_reached_by(one, places))]
    else:
        granted = await _left(ctx, places)
    report = OrganizationReport(
        id=ctx.ids.uuid(),
        made=ctx.now,
        granted=granted,
        accesses=tuple(access for one in accounts for access in _accesses(ctx, one) if access.namespace in granted),
    )
    organization_reports.put(ctx, report)
    return {"JobId": report.id}


@iam.operation("GetOrganizationsAccessReport")
def get_organizations_access_report(
    ctx: Context, *, JobId: str, MaxItems: int = pages.MOST, Marker: str = "", SortKey: str = NAMESPACE
) -> dict[str, Any]:
    """Services that nobody used have no time, and come first or last."""
    if (report := organization_reports.get(ctx, JobId)) is None:
        raise errors.NoSuchEntity(what=f"The report with job id {JobId}")
    shown = [_service(report, one) for one in report.granted]
    if DESCENDING.get(SortKey, SortKey) == TIME:
        shown.sort(key=lambda one: one.get("LastAuthenticatedTime", 0.0))
    if SortKey in DESCENDING:
        shown.reverse()
    start = pages.after(ctx, Marker)
    page, rest = pages.cut(ctx, range(start[0] + 1 if start else 0, len(shown)), MaxItems, lambda place: (place,))
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": report.made,
        "JobCompletionDate": report.made,
        "NumberOfServicesAccessible": len(shown),
        "NumberOfServicesNotAccessed": sum(1 for one in shown if not one["TotalAuthenticatedEntities"]),
        "AccessDetails": [shown[place] for place in page],
        **rest,
    }


def _management(ctx: Context, path: str) -> Controls:
    """What the organization says of the caller's account. Raises: AccessDenied if it is not its management account,
    or not of that organization."""
    own = controls.get(ctx, ctx.account)
    if own is None or own.account != ctx.account or not path.startswith(f"{own.organization}/"):
        raise errors.AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: iam:{ctx.operation} "
            f"on resource: {arn_of(ctx, f'access-report/{path}')}"
        )
    return own


def _is_below(account: Controls, path: str, own: Controls) -> bool:
    """Whether an account is in an entity, or is it; the management account only if it is."""
    itself = path.rstrip("/") == account.path + account.member
    return itself or (account.member != own.account and account.path.startswith(path.rstrip("/") + "/"))


def _reached_by(account: Controls, places: list[str]) -> list[str]:
    """Where a policy has to be attached to apply to an account, and to be asked about with an entity: to the entity or
    below; if that is the account itself, also above."""
    way = [*account.path.rstrip("/").split("/")[1:], account.member]
    return way if places[-1] == account.member else way[len(places) - 1 :]


async def _left(ctx: Context, places: list[str]) -> tuple[str, ...]:
    """The services that the policies of every level leave."""
    left = namespaces.every()
    for place in places:
        try:
            found = await ctx.call("organizations", "ListPoliciesForTarget", TargetId=place, Filter=SCP)
        except AwsError as error:
            if error.code != "TargetNotFoundException":
                raise
            raise errors.NoSuchEntity(what=f"The entity {place}") from None
        documents = [await _document(ctx, one["Id"]) for one in found["Policies"]]
        granted = set(namespaces.granted(documents))
        left = tuple(one for one in left if one in granted)
    return left


async def _document(ctx: Context, policy: str) -> str:
    found = await ctx.call("organizations", "DescribePolicy", PolicyId=policy)
    return str(found["Policy"]["Content"])


async def _targets(ctx: Context, policy: str) -> AsyncIterator[str]:
    page = await ctx.call("organizations", "ListTargetsForPolicy", PolicyId=policy)
    while page:
        for target in page["Targets"]:
            yield target["TargetId"]
        more, page = page.get("NextToken"), {}
        if more:
            page = await ctx.call("organizations", "ListTargetsForPolicy", PolicyId=policy, NextToken=more)


def _accesses(ctx: Context, account: Controls) -> Iterable[AccountAccess]:
    """The last use of each service by anybody of an account."""
    latest: dict[str, AccountAccess] = {}
    for use in uses.of(ctx.at(account=account.member)):
        namespace = uses.namespace(use.service)
        if namespace not in latest or latest[namespace].at < use.at:
            latest[namespace] = AccountAccess(
                path=account.path + account.member, namespace=namespace, region=use.region, at=use.at
            )
    return latest.values()


def _service(report: OrganizationReport, namespace: str) -> dict[str, Any]:
    found = [one for one in report.accesses if one.namespace == namespace]
    view: dict[str, Any] = {
        "ServiceName": namespaces.title(namespace),
        "ServiceNamespace": namespace,
        "TotalAuthenticatedEntities": len(found),
    }
    if found:
        last = max(found, key=attrgetter("at"))
        view |= {"EntityPath": last.path, "Region": last.region, "LastAuthenticatedTime": last.at}
    return view
